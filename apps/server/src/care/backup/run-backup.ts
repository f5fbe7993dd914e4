import { join, resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { openAdminCells, openStoreAt } from "../admin-storage/open-admin-cells.ts";
import { type AdminStorage, openAdminStorage, silent } from "../admin-storage/open-admin-storage.ts";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
import { pinPacks, unpinPacks } from "../../packs/collect/pack-pins.ts";
import { startBlockPool } from "../../packs/format/block-tasks.ts";
import { type KeySource, keyVariable, loadKeyEncryptionKey } from "../../packs/keys/key-encryption-key.ts";
import { keyringKey } from "../../packs/keys/wrapped-keys.ts";
import { type Config, readConfig } from "../../base/config/read-config.ts";
import { clusterFolderOf } from "../../base/db/embedded/cluster.ts";
import { readPassword } from "../../base/db/embedded/password.ts";
import { SessionLock } from "../../base/db/session-lock.ts";
import { noteBackupSchedule } from "../../packs/facts/backup-schedule.ts";
import { assertApart, isOnSameDisk } from "../../packs/facts/backup-disk.ts";
import { openOrMakePlace } from "./backup-place.ts";
import { keyFileName } from "./find-key.ts";
import { noteBackup, readLastBackup } from "../../packs/facts/last-backup.ts";
import { pruneBackups } from "./prune-backups.ts";
import { noteShredded } from "./shredded-ids.ts";
import type { StepProgress } from "./step-progress.ts";
import { type BackupPorts, type BackupReport, takeBackup } from "./take-backup.ts";

export interface BackupRequest {
  /** A folder or `s3://…`. */
  readonly place: string;
  /** undefined: keeps all */
  readonly keep: number | undefined;
  /** Stores the key-encryption key in the backup, so that everyone with the backup can open it. */
  readonly withKey: boolean;
  readonly noteTaken?: (id: string) => void;
  readonly progress?: StepProgress | undefined;
}

export interface BackupAnswer extends BackupReport {
  /** false: an external database must be backed up with its own tools */
  readonly database: boolean;
  /** Needed to open the backup: a path, or the name of a variable. null if the backup contains the key. */
  readonly key: string | null;
  /** The backup is on the same disk as the server's data. */
  readonly same_disk: boolean;
  readonly removed: readonly string[];
}

export interface CommandRequest extends BackupRequest {
  /** undefined: as for `serve`. */
  readonly dataFolder: string | undefined;
  /** 0: no scheduled backups, and no backup now; undefined: unchanged. */
  readonly everyMs: number | undefined;
}

/** `holdfast admin backup`, while the server runs or not. @returns undefined if no backup was requested */
export async function runBackup(
  { dataFolder, everyMs, ...request }: CommandRequest,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<BackupAnswer | undefined> {
  const config = readConfig({ flags: { data: dataFolder }, environment });
  if (everyMs !== undefined && everyMs > 0) assertSchedulable(request, config);
  const answer = everyMs === 0 ? undefined : await backUpServer(request, config);
  if (everyMs !== undefined) {
    const schedule = { place: placeName(request.place), every_ms: everyMs, keep: request.keep ?? null };
    await withCell(config, ({ db }) => noteBackupSchedule(db, everyMs === 0 ? null : schedule));
  }
  return answer;
}

function assertSchedulable({ place, withKey }: BackupRequest, { databaseUrl, topology }: Config): void {
  const refuse = (message: string) => new HoldfastError("usage", message);
  if (databaseUrl !== undefined || topology !== undefined) {
    throw refuse(
      "The server uses an external database: in your own scheduled job, back it up with its own tools first, then run 'holdfast admin backup'.",
    );
  }
  if (withKey) throw refuse("--with-key works only with a single backup. Keep a separate copy of the key instead.");
  if (place === "") throw refuse("Specify the folder or s3://… location to back up to.");
}

export function backUpServer(request: BackupRequest, config: Config, signal?: AbortSignal): Promise<BackupAnswer> {
  return withCell(config, (cell, storage) => alone(storage, () => backUp(request, storage, cell, signal)));
}

async function withCell<Result>(
  config: Config,
  work: (cell: BlockCell, storage: AdminStorage) => Promise<Result>,
): Promise<Result> {
  const storage = await openAdminStorage(config);
  try {
    return await work(await onlyCell(storage), storage);
  } finally {
    await storage.close();
  }
}

async function backUp(
  request: BackupRequest,
  storage: AdminStorage,
  cell: BlockCell,
  signal: AbortSignal | undefined,
): Promise<BackupAnswer> {
  const { config, clock, random, environment } = storage;
  assertApart({ place: request.place, config });
  const cluster = clusterOf(storage);
  const store = await openStoreAt(request.place, storage, `The backup folder ${request.place}`);
  const variable = environment[keyVariable];
  const keyPath = join(resolve(config.dataFolder), keyFileName);
  const keyFile = variable === undefined ? keyPath : undefined;
  const keyringObject = await cell.store.get(keyringKey);
  const place = await openOrMakePlace({ store, keyring: cell.keyring, keyringObject, random, keyFile });
  if (request.withKey) await putKey(store, { disk: nodeDisk, path: keyPath, variable });
  const pool = startBlockPool();
  try {
    const run = (await readLastBackup(cell.db))?.run ?? Buffer.from(random(8)).toString("hex");
    const keepPacks = () => pinPacks(cell.db, pinName, clock.nowMicros() + pinMicros);
    const { progress } = request;
    const report = await takeBackup({ cell, place, pool, cluster, run, clock, random, keepPacks, signal, progress });
    const { id, consistent_at } = report;
    await noteShredded(place, storage.shards);
    await noteBackup(cell.db, { place: placeName(request.place), place_id: place.id, id, consistent_at, run });
    request.noteTaken?.(id);
    if (request.keep !== undefined) progress?.begin("removing older backups");
    const removed = request.keep === undefined ? [] : await pruneBackups(place, request.keep);
    const key = request.withKey ? null : (keyFile ?? keyVariable);
    const sameDisk = isOnSameDisk({ place: request.place, config });
    return { ...report, database: cluster !== undefined, key, same_disk: sameDisk, removed };
  } finally {
    await unpinPacks(cell.db, pinName);
    await pool.close();
  }
}

const pinName = "backup";
/** A killed backup's pin expires then. */
const pinMicros = 86_400_000_000;

async function putKey(store: ObjectStore, source: KeySource): Promise<void> {
  const key = await loadKeyEncryptionKey(source);
  if (key !== undefined) await store.put(keyFileName, Buffer.from(`${Buffer.from(key).toString("base64")}\n`));
}

async function onlyCell(storage: AdminStorage): Promise<BlockCell> {
  const [cell, ...others] = (await openAdminCells(storage)).all();
  if (cell !== undefined && others.length === 0) return cell;
  throw new HoldfastError(
    "usage",
    "This server has several block cells, and a backup contains only one. Back up each store and database with its own tools.",
  );
}

async function alone<Result>({ databases }: AdminStorage, work: () => Promise<Result>): Promise<Result> {
  const lock = new SessionLock(databases.cells.all()[0]?.connection ?? {}, backupLock, silent);
  if (!(await lock.take())) {
    throw new HoldfastError("locked", "Another backup of this server is running. Try again when it is done.");
  }
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** Held during any backup of the server. */
export const backupLock = {
  name: "holdfast backup",
  called: "the backup lock",
  until: "no other backup",
  applicationName: "holdfast backup",
};

/** undefined if no database is embedded */
function clusterOf({ config, databases }: AdminStorage): BackupPorts["cluster"] {
  const folder = resolve(config.dataFolder);
  const places = config.topology === undefined ? [{}] : [...config.topology.shards, ...config.topology.cells];
  const isElsewhere = places.map((place: { readonly database_url?: string | undefined }) => {
    return (place.database_url ?? config.databaseUrl) !== undefined;
  });
  if (isElsewhere.every(Boolean)) return undefined;
  const password = readPassword(folder);
  const [shard] = databases.shards.all();
  if (isElsewhere.some(Boolean) || shard === undefined || password === undefined) {
    throw new HoldfastError(
      "usage",
      "This server has an embedded and an external database. Back up each with its own tools.",
    );
  }
  return { connection: shard.connection, folder: clusterFolderOf(folder), password };
}

function placeName(place: string): string {
  return place.startsWith("s3://") ? place : resolve(place);
}
