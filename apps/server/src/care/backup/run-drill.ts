import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { openAdminCells, openStoreAt } from "../admin-storage/open-admin-cells.ts";
import { openAdminStorage, portsFor } from "../admin-storage/open-admin-storage.ts";
import { type BlockPool, startBlockPool } from "../../packs/format/block-tasks.ts";
import { keyVariable } from "../../packs/keys/key-encryption-key.ts";
import { keyringKey } from "../../packs/keys/wrapped-keys.ts";
import { type Config, type Environment, readConfig } from "../../base/config/read-config.ts";
import { checkRestored } from "./check-restored.ts";
import { drillDataName, type DrillScratch, makeScratch, removeScratch } from "./drill-scratch.ts";
import { keyFileName, type OpenedPlace, openPlaceByFoundKey } from "./find-key.ts";
import type { Account } from "../../base/db/embedded/account.ts";
import { planLog } from "./log-plan.ts";
import { listBackups, readManifest } from "./manifest.ts";
import { readLastBackup } from "../../packs/facts/last-backup.ts";
import { restoreBackup } from "./restore-backup.ts";
import type { StepProgress } from "./step-progress.ts";

export interface DrillRequest {
  /** undefined: place of the server's newest backup */
  readonly place: string | undefined;
  /** Folder of the original server; undefined: as for `serve`. */
  readonly dataFolder: string | undefined;
  readonly keyFile: string | undefined;
  /** A temporary folder is created and removed in it; undefined: the system's. */
  readonly scratch: string | undefined;
  /** Random packs; undefined: all. */
  readonly sample: number | undefined;
  /** Receives the folder created in `scratch`, for code that ends this process early. */
  readonly noteScratch?: (made: DrillScratch) => void;
  readonly progress?: StepProgress | undefined;
}

export interface DrillReport {
  readonly id: string;
  readonly consistent_at: string;
  /** Time from the first read of the backup until a server could start. */
  readonly recovery_seconds: number;
  /** Age of the restored state; newer changes would be lost. */
  readonly recovery_point_seconds: number;
  /** Includes the trash. */
  readonly files: number;
  readonly bytes: number;
  /** Every block was checked. */
  readonly packs: number;
  readonly problems: readonly string[];
}

/** `holdfast admin drill`: restores the newest backup as a test, checks the result, and removes it. */
export async function runDrill(request: DrillRequest, environment: Environment = process.env): Promise<DrillReport> {
  const config = readConfig({ flags: { data: request.dataFolder }, environment });
  const dataFolder = resolve(config.dataFolder);
  const location = request.place ?? (await lastPlace(config));
  const keyFiles = [
    ...(request.keyFile === undefined ? [] : [resolve(request.keyFile)]),
    join(dataFolder, keyFileName),
  ];
  const scratch = await makeScratch(resolve(request.scratch ?? tmpdir()));
  request.noteScratch?.(scratch);
  const { sample, progress } = request;
  try {
    const world = { location, keyFiles, sample, environment: config.environment, namesFiles: true, progress };
    return await drillIn(scratch.path, world);
  } finally {
    await scratch.remove();
  }
}

export interface DrillWorld {
  /** A folder or `s3://…`. */
  readonly location: string;
  readonly keyFiles: readonly string[];
  readonly sample: number | undefined;
  readonly environment: Environment;
  /** Defaults to a user of its own. */
  readonly account?: Account;
  readonly signal?: AbortSignal;
  readonly namesFiles: boolean;
  /**
   * Receives the approximate bytes before anything is written, and creates the folder, which is always removed
   * afterwards. undefined: the caller does both.
   */
  readonly prepare?: (neededBytes: number) => Promise<void>;
  readonly progress?: StepProgress | undefined;
}

/** @param scratch exists already, or is created by `prepare` */
export async function drillIn(scratch: string, world: DrillWorld): Promise<DrillReport> {
  const startedMs = performance.now();
  const pool = startBlockPool();
  let isMade = false;
  try {
    const ports = portsFor(world.environment);
    const store = endedBy(await openStoreAt(world.location, ports), world.signal);
    const place = await openPlaceByFoundKey({ location: world.location, store, keyFiles: world.keyFiles, ...ports });
    await world.prepare?.(await neededBytes(place, world.sample));
    isMade = world.prepare !== undefined;
    // The database's user needs access.
    await chmod(scratch, 0o711);
    const [outcome] = await Promise.allSettled([
      drill({ ...world, place, pool, startedMs }, join(scratch, drillDataName)),
    ]);
    // An unavailable place lacks everything, which does not mean that the backup is bad.
    if (outcome.status === "rejected" || outcome.value.problems.length > 0) await refuseAway(place, world.location);
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  } finally {
    await pool.close();
    if (isMade) await removeScratch(scratch);
  }
}

/** @throws HoldfastError unavailable without a keyring, which every place has */
async function refuseAway({ store }: OpenedPlace, location: string): Promise<void> {
  if ((await store.stat(keyringKey)) !== undefined) return;
  throw new HoldfastError(
    "unavailable",
    `${location} became unavailable while the backup was restored, so the backup could not be tested. Is its disk mounted?`,
  );
}

/** Passes the signal to all reads, because each part of a backup is read through the store. */
function endedBy(store: ObjectStore, signal: AbortSignal | undefined): ObjectStore {
  if (signal === undefined) return store;
  return {
    put: (...args) => store.put(...args),
    get: (key, options) => store.get(key, { ...options, signal }),
    stat: (key, options) => store.stat(key, { ...options, signal }),
    list: (prefix, options) => store.list(prefix, { ...options, signal }),
    delete: (...args) => store.delete(...args),
  };
}

/** Size of the database, its log, and the largest packs that may be drawn. */
async function neededBytes(place: OpenedPlace, sample: number | undefined): Promise<number> {
  const id = (await listBackups(place)).at(-1);
  if (id === undefined) return 0;
  const manifest = await readManifest(place, id);
  const { files } = await planLog(place, manifest, undefined);
  const database = (manifest.database?.files ?? []).reduce((sum, { size }) => sum + size, 0);
  const sizes = manifest.packs.map(({ size }) => size).toSorted((a, b) => b - a);
  const packs = sizes.slice(0, sample).reduce((sum, size) => sum + size, 0);
  return database + files.length * walBytes + packs;
}

const walBytes = 16 * 1024 * 1024;

interface Drill extends Pick<DrillWorld, "sample" | "environment" | "signal" | "account" | "namesFiles" | "progress"> {
  readonly place: OpenedPlace;
  readonly pool: BlockPool;
  readonly startedMs: number;
}

async function drill(drilled: Drill, dataFolder: string): Promise<DrillReport> {
  const { place, pool, sample, startedMs, environment, signal, progress } = drilled;
  const ports = portsFor(environment);
  const restored = await restoreBackup({
    place,
    dataFolder,
    openStoreIn: (folder) => openStoreAt(join(folder, "store"), ports),
    pool,
    random: ports.random,
    atMs: undefined,
    acceptsDamage: true,
    sample,
    account: drilled.account,
    progress,
  });
  const recoverySeconds = (performance.now() - startedMs) / 1000;
  // The original server's store and database are not touched, so none of its settings are used.
  const settings = { [keyVariable]: place.keyEncryptionKey === undefined ? environment[keyVariable] : undefined };
  const storage = await openAdminStorage(readConfig({ flags: { data: dataFolder }, environment: settings }));
  try {
    const [cell] = (await openAdminCells(storage)).all();
    if (cell === undefined) throw new HoldfastError("internal", "The restored server has no block cell.");
    const found = await checkRestored(
      { cell, pool, clock: ports.clock, shards: storage.shards, signal, progress },
      { isSample: sample !== undefined, namesFiles: drilled.namesFiles },
    );
    return {
      id: restored.id,
      consistent_at: restored.consistent_at,
      recovery_seconds: Math.round(recoverySeconds * 10) / 10,
      recovery_point_seconds: Math.max(
        0,
        Math.round((ports.clock.nowMs() - Date.parse(restored.consistent_at)) / 1000),
      ),
      ...found,
      problems: [...restored.problems, ...found.problems],
    };
  } finally {
    await storage.close();
  }
}

async function lastPlace(config: Config): Promise<string> {
  const storage = await openAdminStorage(config);
  try {
    const cell = storage.databases.cells.all()[0];
    const last = cell === undefined ? undefined : await readLastBackup(cell.db);
    if (last !== undefined) return last.place;
  } finally {
    await storage.close();
  }
  throw new HoldfastError("not_found", "This server has never been backed up. Run 'holdfast admin backup DIR'.");
}
