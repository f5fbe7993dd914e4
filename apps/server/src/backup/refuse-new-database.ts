import { existsSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import type { BlockCell } from "../blocks/block-cell.ts";
import { type KeySource, nextPathOf } from "../blocks/key-encryption-key.ts";
import { hasPacks, readDataKeyRows } from "../blocks/keyring.ts";
import { newestSnapshot, timeOfBackup } from "../blocks/stored-metadata.ts";
import { readKeyringObject } from "../blocks/wrapped-keys.ts";
import { clusterFolderOf } from "../db/embedded/cluster.ts";

export interface FirstStart {
  /** Absolute. */
  readonly dataFolder: string;
  readonly keySource: Pick<KeySource, "path">;
  readonly stores: readonly PlacedStore[];
}

interface PlacedStore {
  /** "the store". */
  readonly name: string;
  readonly open: () => Promise<ObjectStore>;
}

/**
 * A first start makes the database before its key and its store, so a key or a store without a database is what a lost server left. A new
 * database beside them would be an empty server, and its garbage collection could delete the blocks of the old one.
 * @throws HoldfastError failed, in words for whoever starts the server, before anything is made
 */
export async function refuseMissingDatabase(start: FirstStart): Promise<void> {
  const traces = await tracesOf(start);
  if (traces.length === 0) return;
  throw new HoldfastError(
    "failed",
    `The database ${clusterFolderOf(start.dataFolder)} is missing, but there is ${traces.join(" and ")}. Is its disk mounted? Nothing was ` +
      `changed. If the database is in another place, specify it with --database-url. If it is lost, ${wayBack} ${newServer}`,
  );
}

export interface EmptyDatabase extends Pick<FirstStart, "stores"> {
  /** "The external database". */
  readonly name: string;
  /** The data folder, if it may contain an embedded database that this server does not use. */
  readonly dataFolder?: string | undefined;
  /** Undefined if another cell has tables: the key is its key, too. */
  readonly keySource?: FirstStart["keySource"] | undefined;
}

/**
 * The same for an external database without tables, and for that of one of several cells.
 * @param isEmpty asked once more before the refusal: another server may have made the tables, its key and the keyring meanwhile
 */
export async function refuseEmptyDatabase(
  { name, dataFolder, ...start }: EmptyDatabase,
  isEmpty: () => Promise<boolean>,
): Promise<void> {
  const folder = dataFolder === undefined ? undefined : clusterFolderOf(dataFolder);
  const unused = folder !== undefined && existsSync(folder) ? [`the database ${folder}`] : [];
  const traces = [...unused, ...(await tracesOf(start))];
  if (traces.length === 0 || !(await isEmpty())) return;
  throw new HoldfastError(
    "failed",
    `${name} is empty, but there is ${traces.join(" and ")}. Nothing was changed. Specify the database of that data with ` +
      "--database-url or HOLDFAST_TOPOLOGY, or restore it with the tools of PostgreSQL. If that data is of a server with the embedded " +
      `database, leave --database-url out; if the embedded database is lost, ${wayBack} ${newServer}`,
  );
}

async function tracesOf({ keySource, stores }: Pick<EmptyDatabase, "keySource" | "stores">): Promise<string[]> {
  const traces = (keySource === undefined ? [] : [keySource.path, nextPathOf(keySource)])
    .filter((path) => existsSync(path))
    .map((path) => `the key ${path}`);
  for (const { name, open } of stores) {
    // A first start has nothing to lose by waiting for both stores, and one that is away may be full.
    const found = await tracesIn(open);
    traces.push(...found.map((trace) => `${trace} in ${name}`));
  }
  return traces;
}

async function tracesIn(open: () => Promise<ObjectStore>): Promise<string[]> {
  const store = await open();
  const newest = await newestSnapshot(store);
  if (newest !== undefined) return [`the metadata of a server, from ${shownTime(newest)} or later,`];
  if ((await readKeyringObject(store)).length > 0) return ["a keyring"];
  return (await hasPacks(store)) ? ["stored data"] : [];
}

/**
 * Second check, for a database that is there: an earlier start may have made it beside a store that holds the data of a lost one.
 * A keyring without packs is what a first start leaves that was killed before it wrote the keys to the database.
 * @throws HoldfastError failed, in words for whoever starts the server
 */
export async function refuseNewDatabase({ db, store }: Pick<BlockCell, "db" | "store">): Promise<void> {
  if ((await readDataKeyRows(db)).length > 0) return;
  const newest = await newestSnapshot(store);
  if (newest === undefined && !((await readKeyringObject(store)).length > 0 && (await hasPacks(store)))) return;
  const held = newest === undefined ? "the data" : `the metadata, as of ${shownTime(newest)} or later,`;
  throw new HoldfastError(
    "failed",
    `The database is new and empty, but the store has ${held} of an earlier database. If that database is lost, ${wayBack} ${newServer}`,
  );
}

const wayBack =
  "'holdfast admin rebuild --from STORE --key FILE --data NEW' or 'holdfast admin restore-backup BACKUP --data NEW' restores it.";

const newServer =
  "To start an empty server instead, use another data folder and another store; a key that it is to use belongs in HOLDFAST_KEY_ENCRYPTION_KEY.";

function shownTime(snapshot: string): string {
  return new Date(timeOfBackup(snapshot) ?? 0).toISOString();
}
