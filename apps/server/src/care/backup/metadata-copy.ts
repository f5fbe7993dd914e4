import type { Clock, Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
import { newestSnapshot } from "../../packs/facts/stored-metadata.ts";
import type { SnapshotSettings } from "../../base/config/snapshot-settings.ts";
import { archiveLog, isAhead } from "./archive-log.ts";
import type { BackupPlace } from "./backup-place.ts";
import { beginRun, readDatabaseRun } from "./database-run.ts";
import { readHead } from "./log-archive.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { openMetadataPlace } from "./metadata-place.ts";
import { type Snapshot, snapshotSlots, takeSnapshot } from "./take-snapshot.ts";
import type { Cluster } from "./take-database.ts";
import { pruneBackups } from "./prune-backups.ts";
import { endOfLog, slotPosition } from "./wal-position.ts";
import { walFileBytes, walNumber } from "./wal-names.ts";

export interface MetadataCopyPorts {
  readonly cell: BlockCell;
  readonly cluster: Cluster;
  readonly settings: SnapshotSettings;
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicMs: () => number;
}

interface Known {
  readonly place: BackupPlace;
  /** undefined: the next snapshot begins a run */
  readonly run: string | undefined;
  /** Newest; undefined: a snapshot is due. */
  readonly snapshot: Snapshot | undefined;
}

/**
 * Stores data for a rebuild of the database: snapshots at intervals, and the log since, concurrently. The state of the
 * store is read once, because nothing else writes there.
 */
export class MetadataCopy {
  readonly #ports: MetadataCopyPorts;
  readonly #startedMs: number;
  #known: Known | undefined;
  #reading: Promise<Known | undefined> | undefined;
  #foreign: { readonly id: string; readonly error: HoldfastError } | undefined;
  #snapshotMs: number | undefined;
  #journalMs: number | undefined;
  /** Runs snapshots one after the other. Never rejects. */
  #turn: Promise<void> = Promise.resolve();
  #journaling: Promise<void> = Promise.resolve();

  constructor(ports: MetadataCopyPorts) {
    this.#ports = ports;
    this.#startedMs = ports.monotonicMs();
  }

  /** Takes a snapshot if it is due and something was written since the last. */
  snapshot(signal: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      const known = await this.#open();
      if (known !== undefined && (await this.#isDue(known))) await this.#take(known, signal);
    });
  }

  /**
   * Takes a snapshot immediately, and removes all older snapshots and their log, so that earlier states of the database
   * are gone. The database must just have started a new log file.
   */
  renew(signal: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      const known = await this.#open();
      if (known === undefined) return;
      await this.#take(known, signal, 1);
      // Log files being archived may have been stored after their snapshot was removed.
      await this.#journaling;
      await pruneBackups(known.place, 1);
      // Also lets the database drop its old log.
      await this.journal(signal);
    });
  }

  journal(signal: AbortSignal): Promise<void> {
    const journaled = this.#journal(signal);
    this.#journaling = journaled.catch(() => {});
    return journaled;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #take(known: Known, signal: AbortSignal, kept?: number): Promise<void> {
    const { cell, cluster, clock, random } = this.#ports;
    await this.#assertSamePlace(known);
    const run = known.run ?? (await beginRun(cell.db, random));
    this.#known = { ...known, run };
    const ports = { cluster, place: known.place, run, clock, random, signal };
    const snapshot = await takeSnapshot(kept === undefined ? ports : { ...ports, kept });
    this.#known = { place: known.place, run, snapshot };
    this.#snapshotMs = snapshot.atMs;
    this.#journalMs = Math.max(snapshot.atMs, this.#journalMs ?? 0);
  }

  async #journal(signal: AbortSignal): Promise<void> {
    const { cell, cluster, clock } = this.#ports;
    const known = await this.#open();
    if (known?.run === undefined || known.snapshot === undefined) return;
    const slot = snapshotSlots.archive;
    if ((await slotPosition(cell.db, slot)) === undefined) {
      // The log has a gap: only another snapshot helps.
      if (this.#known === known) this.#known = { ...known, snapshot: undefined };
      return;
    }
    const atMs = clock.nowMs();
    const archive = { place: known.place, run: known.run };
    const bringBefore = () => this.#assertSamePlace(known);
    await archiveLog({ db: cell.db, archive, slot, clusterFolder: cluster.folder, clock, bringBefore, signal });
    this.#journalMs = atMs;
  }

  ages(): { readonly snapshotSeconds: number | undefined; readonly journalSeconds: number | undefined } {
    const nowMs = this.#ports.clock.nowMs();
    const secondsSince = (ms: number | undefined) => (ms === undefined ? undefined : Math.max(0, (nowMs - ms) / 1000));
    return { snapshotSeconds: secondsSince(this.#snapshotMs), journalSeconds: secondsSince(this.#journalMs) };
  }

  async #isDue({ snapshot }: Known): Promise<boolean> {
    const { cell, clock, settings } = this.#ports;
    if (snapshot === undefined) return true;
    const nowMs = clock.nowMs();
    if (Math.abs(nowMs - snapshot.atMs) < (settings.snapshotMs ?? Infinity)) return false;
    const isGrown = (await endOfLog(cell.db)).bytes - endOf(snapshot.walEnd) >= grownBytesMin;
    if (!isGrown) this.#snapshotMs = nowMs;
    return isGrown;
  }

  /** The place must exist and be able to open what is written. */
  async #assertSamePlace({ place }: Known): Promise<void> {
    const { cell, random } = this.#ports;
    await cell.keyring.assertStoreThere();
    if ((await openMetadataPlace(cell, random)).id === place.id) return;
    this.#known = undefined;
    throw new HoldfastError(
      "unavailable",
      "The metadata snapshots were removed from the store. The next one is made soon.",
    );
  }

  async #open(): Promise<Known | undefined> {
    if (this.#known !== undefined) return this.#known;
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return (this.#known ??= await this.#reading);
  }

  /** @returns undefined while there is nothing worth keeping */
  async #read(): Promise<Known | undefined> {
    const { cell, random, settings, monotonicMs } = this.#ports;
    const { run, before } = await readDatabaseRun(cell.db);
    const graceMs = Math.min(settings.snapshotMs ?? Infinity, limits.firstSnapshotMs);
    if (run === null && before.length === 0 && monotonicMs() - this.#startedMs < graceMs) return undefined;
    await cell.keyring.assertStoreThere();
    const newest = await newestSnapshot(cell.store);
    if (newest !== undefined && newest === this.#foreign?.id) throw this.#foreign.error;
    const place = await openMetadataPlace(cell, random);
    if (newest === undefined) return { place, run: run ?? undefined, snapshot: undefined };
    const read = await readWhole(place, newest);
    // The damaged snapshot belonged to this database.
    if (read === undefined && (run !== null || before.length > 0))
      return { place, run: undefined, snapshot: undefined };
    const { database, consistent_at } = read ?? (await readManifest(place, newest));
    if (database !== null && ![run, ...before].includes(database.run)) {
      this.#foreign = { id: newest, error: foreign(consistent_at) };
      throw this.#foreign.error;
    }
    const isOwn = database !== null && run !== null && database.run === run;
    if (!isOwn || (await this.#wasPutBack(place, database))) return { place, run: undefined, snapshot: undefined };
    const snapshot = { walEnd: database.wal_end, atMs: Date.parse(consistent_at) };
    this.#snapshotMs = snapshot.atMs;
    return { place, run, snapshot };
  }

  async #wasPutBack(place: BackupPlace, { run, wal_end }: NonNullable<Manifest["database"]>): Promise<boolean> {
    const head = await readHead({ place, run });
    const end = await endOfLog(this.#ports.cell.db);
    this.#journalMs = head === undefined ? undefined : Date.parse(head.at);
    return endOf(wal_end) > end.bytes || (head !== undefined && isAhead(head, end));
  }
}

/** @returns undefined if damaged */
async function readWhole(place: BackupPlace, id: string): Promise<Manifest | undefined> {
  try {
    return await readManifest(place, id);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === "damaged") return undefined;
    throw error;
  }
}

function endOf(walName: string): number {
  return (walNumber(walName) + 1) * walFileBytes;
}

/** Smaller growth comes from PostgreSQL itself and from snapshots. Any user's change needs more. */
const grownBytesMin = 8192;

function foreign(consistentAt: string): HoldfastError {
  return new HoldfastError(
    "conflict",
    `The store has the metadata of another database, from ${consistentAt}, which is not overwritten. Was that database lost? ` +
      "'holdfast admin rebuild' restores it. If it is not needed, move `metadata` (in a folder: `objects/metadata`) out of the store.",
  );
}
