import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { writeFileDurably } from "@holdfast/disk/write-durably";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { silent } from "../admin-storage/open-admin-storage.ts";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { keyringKey } from "../../packs/keys/wrapped-keys.ts";
import { folderLockName } from "../../base/data-folder/folder-lock.ts";
import { openDataFolder } from "../../base/data-folder/open-data-folder.ts";
import type { Connection } from "../../base/db/database.ts";
import type { Account } from "../../base/db/embedded/account.ts";
import { clusterFolderOf } from "../../base/db/embedded/cluster.ts";
import { stopLeftover } from "../../base/db/embedded/leftover.ts";
import { isUnfinished, markFinished, markUnfinished } from "../../base/data-folder/unfinished-restore.ts";
import { keyFileName, type OpenedPlace } from "./find-key.ts";
import { type LogPlan, planLog, verifyLog } from "./log-plan.ts";
import { listBackups, type Manifest, readManifest } from "./manifest.ts";
import { Pieces } from "./pieces.ts";
import { writeShredAgain } from "../../base/data-folder/shred-again.ts";
import { readShredded } from "./shredded-ids.ts";
import { recoverDatabase } from "./recover-database.ts";
import { type RestoredPacks, restorePacks } from "./restore-packs.ts";
import type { StepProgress } from "./step-progress.ts";
import { verifyDatabase, verifyPacks } from "./verify-backup.ts";

export interface RestorePorts {
  readonly place: OpenedPlace;
  /** New, or left by an interrupted restore. */
  readonly dataFolder: string;
  readonly openStoreIn: (dataFolder: string) => Promise<ObjectStore>;
  readonly pool: BlockPool;
  readonly random: Random;
  /** Milliseconds since 1970; undefined: to the end of the log. */
  readonly atMs: number | undefined;
  /** Restores in spite of damaged packs. */
  readonly acceptsDamage: boolean;
  /** Defaults to a user of its own. */
  readonly account?: Account;
  /** Random packs to restore, for a test of the backup only. */
  readonly sample?: number | undefined;
  readonly progress?: StepProgress | undefined;
}

export interface RestoreReport {
  readonly id: string;
  readonly consistent_at: string;
  readonly packs: number;
  readonly bytes: number;
  /** Accounts known to be shredded. If restored, they are shredded again when the server starts. */
  readonly shredded: number;
  readonly problems: readonly string[];
}

/**
 * Reads the whole backup before writing anything. A server only starts on a completely written folder.
 * @throws HoldfastError damaged; conflict if the folder is not empty; not_found if no backup is that old
 */
export async function restoreBackup(ports: RestorePorts): Promise<RestoreReport> {
  const { place, pool, sample, progress } = ports;
  const manifest = await chooseBackup(place, ports.atMs);
  const pieces = await Pieces.open(place);
  const plan = await planLog(place, manifest, ports.atMs);
  await verifyDatabase(manifest, pieces, progress);
  await verifyLog(plan);
  if (!ports.acceptsDamage) refuseDamage(await verifyPacks(place, manifest, progress));
  const bringPacks: FolderPorts["bringPacks"] = (store, connection) =>
    restorePacks({ place, store, pool, connection, sample, progress }, manifest);
  return makeFolderOf({ manifest, pieces, plan }, { ...ports, bringPacks });
}

export interface ChosenBackup {
  readonly manifest: Manifest;
  readonly pieces: Pieces;
  readonly plan: LogPlan;
}

export interface FolderPorts extends Pick<
  RestorePorts,
  "place" | "dataFolder" | "openStoreIn" | "random" | "account" | "progress"
> {
  readonly bringPacks: (store: ObjectStore, connection: Connection) => Promise<RestoredPacks>;
}

/**
 * Makes a data folder of a backup, or of the metadata in a store, which has the same pieces and log.
 * @throws HoldfastError conflict if the folder is not empty, before anything is written
 */
export async function makeFolderOf(chosen: ChosenBackup, ports: FolderPorts): Promise<RestoreReport> {
  const { place, random } = ports;
  refuseFilled(ports.dataFolder);
  const folder = await openDataFolder(ports.dataFolder, { restoring: true });
  try {
    await clear(folder.path, random);
    if (place.keyEncryptionKey !== undefined) await writeKey(folder.path, place.keyEncryptionKey, random);
    const shredded = await readShredded(place);
    const restored = await restoreInto(folder.path, ports, chosen);
    if (shredded.length > 0) await writeShredAgain(nodeDisk, folder.path, shredded, random);
    await markFinished(nodeDisk, folder.path);
    return { id: chosen.manifest.id, consistent_at: chosen.plan.reached, shredded: shredded.length, ...restored };
  } finally {
    folder.release();
  }
}

async function chooseBackup(place: OpenedPlace, atMs: number | undefined): Promise<Manifest> {
  let oldest: string | undefined;
  for (const id of (await listBackups(place)).toReversed()) {
    const manifest = await readManifest(place, id);
    if (atMs === undefined || Date.parse(manifest.consistent_at) <= atMs) return manifest;
    oldest = manifest.consistent_at;
  }
  throw new HoldfastError(
    "not_found",
    oldest === undefined
      ? "There is no complete backup."
      : `There is no backup from that time. The oldest is from ${oldest}.`,
  );
}

function refuseDamage(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, shownMax).join("; ");
  const more = problems.length > shownMax ? `; and ${problems.length - shownMax} more` : "";
  throw new HoldfastError(
    "damaged",
    `Nothing was restored: ${shown}${more}. Restore another backup (--at TIME), or the intact part of this one (--accept-damage).`,
    { body: { problems } },
  );
}

const shownMax = 5;
/** Allowed in a new data folder: a key provided by the user, and lock files. */
const expected = new Set([keyFileName, folderLockName, "server.pid"]);

/**
 * Checked before the backup is read, which may take hours, and before the first write.
 * @throws HoldfastError conflict
 */
export function refuseFilled(dataFolder: string): void {
  const names = namesIn(dataFolder);
  if (isUnfinished(dataFolder) || names.every((name) => expected.has(name))) return;
  throw new HoldfastError(
    "conflict",
    `${dataFolder} is not empty. Choose a new folder with --data DIR. Nothing was changed.`,
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** The database of an interrupted restore may run. */
async function clear(dataFolder: string, random: Random): Promise<void> {
  await markUnfinished(nodeDisk, dataFolder, random);
  await stopLeftover(clusterFolderOf(dataFolder), silent);
  for (const name of namesIn(dataFolder)) {
    if (name.startsWith("postgres") || name === "store" || name === "database-password")
      await rm(join(dataFolder, name), { recursive: true, force: true });
  }
}

async function writeKey(dataFolder: string, key: Uint8Array, random: Random): Promise<void> {
  const text = `${Buffer.from(key).toString("base64")}\n`;
  await writeFileDurably(nodeDisk, join(dataFolder, keyFileName), Buffer.from(text), {
    mode: 0o600,
    random: (sizeBytes) => random(sizeBytes),
  });
}

async function restoreInto(
  dataFolder: string,
  { place, random, account, openStoreIn, bringPacks, progress }: FolderPorts,
  { manifest, pieces, plan }: ChosenBackup,
): Promise<RestoredPacks> {
  const store = await openStoreIn(dataFolder);
  // An existing store has the keys of its packs already.
  if ((await store.stat(keyringKey)) === undefined) await store.put(keyringKey, await place.store.get(keyringKey));
  const postgres = await recoverDatabase({ place, pieces, dataFolder, random, account, progress }, manifest, plan);
  try {
    return await bringPacks(store, postgres.connection);
  } finally {
    progress?.begin("stopping the restored database");
    await postgres.stop();
  }
}
