import type { Clock, Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { timeOfBackup } from "../../packs/facts/stored-metadata.ts";
import type { BackupPlace } from "./backup-place.ts";
import type { BackupSlots } from "./base-backup.ts";
import { listBackups, newBackupId, readManifest, writeManifest } from "./manifest.ts";
import { Pieces } from "./pieces.ts";
import { pruneBackups } from "./prune-backups.ts";
import { forEachBounded } from "@holdfast/core/task-group";
import { type Cluster, takeDatabase } from "./take-database.ts";
import { piecesOf } from "./verify-backup.ts";

export interface SnapshotPorts {
  readonly cluster: Cluster;
  readonly place: BackupPlace;
  readonly run: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Defaults to two. */
  readonly kept?: number;
}

export interface Snapshot {
  readonly walEnd: string;
  /** Milliseconds since 1970. Everything acknowledged before this time is in it. */
  readonly atMs: number;
}

/** Own slots, so that a snapshot and a backup can run at the same time. */
export const snapshotSlots: BackupSlots = { meanwhile: "holdfast_snapshot", archive: "holdfast_journal" };

/**
 * The manifest, written after everything else was verified, makes it a snapshot. Then older ones are removed, except
 * the previous one.
 */
export async function takeSnapshot(ports: SnapshotPorts): Promise<Snapshot> {
  const { cluster, place, run, clock, random, signal, kept = snapshotsKept } = ports;
  const newest = (await listBackups(place)).at(-1);
  // Sorts last even if the clock was set back.
  const afterMs = newest === undefined ? 0 : (timeOfBackup(newest) ?? 0) + 1;
  const id = newBackupId(Math.max(clock.nowMs(), afterMs), random(4));
  const pieces = await Pieces.open(place);
  const before = new Set(pieces.names());
  const { base, manifest: database } = await takeDatabase(
    { cluster, place, run, slots: snapshotSlots, signal },
    pieces,
  );
  const names = piecesOf({ database });
  await reread(
    pieces,
    [...names].filter((name) => !before.has(name) || isDue(name, clock)),
    signal,
  );
  await writeManifest(place, {
    id,
    consistent_at: new Date(base.consistentAtMs).toISOString(),
    database,
    packs: [],
    bytes: pieces.bytesOf(names),
    added_bytes: pieces.addedBytes,
  });
  await readManifest(place, id);
  await pruneBackups(place, kept);
  return { walEnd: database.wal_end, atMs: base.consistentAtMs };
}

/** The newest, and the previous one in case the newest is damaged. */
const snapshotsKept = 2;
const atOnceMax = 4;

/** One group of existing parts is checked per hour, so all are checked within a day. */
const hours = 24;

function isDue(name: string, clock: Clock): boolean {
  return Number.parseInt(name.slice(0, 8), 16) % hours === Math.floor(clock.nowMs() / 3600_000) % hours;
}

/** Removes damaged pieces, so that the next snapshot stores them again. @throws HoldfastError damaged */
async function reread(pieces: Pieces, names: readonly string[], signal: AbortSignal): Promise<void> {
  let fault: HoldfastError | undefined;
  await forEachBounded(names, atOnceMax, async (name) => {
    signal.throwIfAborted();
    try {
      await pieces.get(name);
    } catch (error) {
      if (!(error instanceof HoldfastError) || !["damaged", "not_found"].includes(error.code)) throw error;
      fault = error;
      await pieces.remove(name);
    }
  });
  if (fault !== undefined) throw fault;
}
