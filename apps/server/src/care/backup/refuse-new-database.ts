import { existsSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
import { hasTables } from "../../packs/cells/open-block-cells.ts";
import { type KeySource, nextPathOf } from "../../packs/keys/key-encryption-key.ts";
import { hasPacks, readDataKeyRows } from "../../packs/keys/keyring.ts";
import { newestSnapshot, timeOfBackup } from "../../packs/facts/stored-metadata.ts";
import { readKeyringObject } from "../../packs/keys/wrapped-keys.ts";
import { clusterFolderOf } from "../../base/db/embedded/cluster.ts";

export interface FirstStart {
  readonly dataFolder: string;
  readonly keySource: Pick<KeySource, "path">;
  readonly stores: readonly PlacedStore[];
}

interface PlacedStore {
  readonly name: string;
  readonly open: () => Promise<ObjectStore>;
}

/**
 * Rejects a start with a key or store but without a database, as a lost server leaves them. A new database would be an
 * empty server, and its garbage collection could delete the blocks of the old one. A first start creates the database
 * first.
 * @throws HoldfastError failed, with advice for the operator, before anything is created
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
  readonly name: string;
  /** Set if the folder may contain an embedded database that this server does not use. */
  readonly dataFolder?: string | undefined;
  /** undefined if another cell's tables use the same key. */
  readonly keySource?: FirstStart["keySource"] | undefined;
}

/**
 * Like `refuseMissingDatabase`, for an external database without tables, or that of one of several cells.
 * @param isEmpty called again before the rejection, because another server may have created tables, key and keyring
 * meanwhile
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
    // A first start can wait for both stores, and an unavailable one may contain data.
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

/** No server has started with the database: it has no tables, or was only migrated. */
export async function isUnused(db: BlockCell["db"]): Promise<boolean> {
  return !(await hasTables(db)) || (await readDataKeyRows(db)).length === 0;
}

/**
 * An earlier start or `holdfast admin migrate` may have created this database, beside another store. A keyring without packs is
 * left by a first start that was killed before it wrote the keys to the database.
 * @throws HoldfastError failed, with advice for the operator
 */
export async function refuseNewDatabase({ db, store }: Pick<BlockCell, "db" | "store">): Promise<void> {
  if (!(await isUnused(db))) return;
  const newest = await newestSnapshot(store);
  if (newest === undefined && !((await readKeyringObject(store)).length > 0 && (await hasPacks(store)))) return;
  // Meanwhile, another server may have started with the same database and store.
  if (!(await isUnused(db))) return;
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
