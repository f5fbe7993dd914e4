import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { bucketCount } from "@holdfast/core/ids";
import { testShards } from "@holdfast/tools/tiers";
import { atEndOfShared, isSharedByFiles } from "@holdfast/tools/shared-by-files";
import { fastFolder, makeTestFolder as makeFolderIn, sweepTestFolders } from "@holdfast/tools/test-folder";
import type { Connection } from "./database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";
import { type Databases, openDatabases } from "./shards.ts";
import { migrateAll, runStatement, silentLog } from "./testing-migrated.ts";
import { copyTemplate, hasTemplate } from "./testing-template.ts";
import { topologySchema } from "./topology.ts";

export { copyTemplate, silentLog };

/** All tests of this process share one PostgreSQL. */
export interface TestDatabase {
  readonly connection: Connection;
  readonly stop: () => Promise<void>;
}

export interface TestDatabaseOptions {
  /** false only in tests that say so. The first database of the process decides. */
  readonly fsync?: boolean;
  /**
   * true: only changes themselves add to the log, for tests that measure it. Otherwise the first change of a page after
   * a checkpoint logs the whole page, and automatic vacuum adds more. The first database decides.
   */
  readonly quietLog?: boolean;
  /** true: with logical replication. The first database decides. */
  readonly logical?: boolean;
}

/** Starts PostgreSQL with the first call, and stops it with the last `stop`. */
export async function startTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  return makeDatabase(options, "empty");
}

async function makeDatabase(options: TestDatabaseOptions, content: "empty" | "migrated"): Promise<TestDatabase> {
  const shared = sharedFor(options);
  shared.users += 1;
  const { connection } = (await shared.started).postgres;
  const database = `test_${randomBytes(6).toString("hex")}`;
  // PostgreSQL copies only an unused database, so the statements run elsewhere, one after the other.
  const [template, from] =
    content === "empty" ? ["template1", connection.database] : [connection.database, "template1"];
  const made = shared.made.then(() =>
    runStatement(
      { ...connection, database: from },
      `create database ${database} template ${template} strategy file_copy`,
    ),
  );
  shared.made = made.catch(() => {});
  await made;
  return { connection: { ...connection, database }, stop: () => leaveShared(shared) };
}

export interface TestDatabases extends Databases {
  readonly connection: Connection;
  readonly stop: () => Promise<void>;
}

/** On one shard, or on several in a run that asks for them. */
export async function startTestDatabases(options: TestDatabaseOptions = {}): Promise<TestDatabases> {
  return openShards(options, testShards === 1 ? ["main"] : shardNames(testShards), ["main"]);
}

/** Buckets up to 2047 are on the first shard (and cell). */
export async function startTwoTestShards({
  twoCells = false,
  ...options
}: TestDatabaseOptions & { readonly twoCells?: boolean } = {}): Promise<TestDatabases> {
  const halves = ["low", "high"];
  return openShards(options, halves, twoCells ? halves : ["main"]);
}

async function openShards(
  options: TestDatabaseOptions,
  shards: readonly string[],
  cells: readonly string[],
): Promise<TestDatabases> {
  const first = await makeDatabase(options, "migrated");
  const others: TestDatabase[] = [];
  while (others.length < shards.length - 1) others.push(await makeDatabase(options, "migrated"));
  const { connection } = first;
  const urls = [first, ...others].map((database) => urlOf(database.connection));
  // A single place needs no URL, like that of the embedded database.
  const placesOf = (ids: readonly string[]) => evenPlaces(ids, ids.length > 1 ? urls : []);
  const topology = topologySchema.parse({ shards: placesOf(shards), cells: placesOf(cells) });
  const opened = openDatabases({ defaultConnection: connection, log: silentLog, topology });
  const stop = async () => {
    await opened.close();
    for (const database of [first, ...others]) await database.stop();
  };
  return { ...opened, connection, stop };
}

export function shardNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `shard-${index + 1}`);
}

/** Ranges of equal size in order. @param urls undefined: the default database */
export function evenPlaces(ids: readonly string[], urls: readonly (string | undefined)[] = []) {
  const start = (index: number) => Math.floor((index * bucketCount) / ids.length);
  return ids.map((id, index) => ({
    id,
    buckets: [[start(index), start(index + 1) - 1]],
    database_url: urls[index],
  }));
}

export function urlOf({ host = "", port, user, password, database }: Connection): string {
  const query = new URLSearchParams({ host, port: String(port) });
  return `postgres://${user}:${encodeURIComponent(String(password))}@/${database}?${query.toString()}`;
}

/** The process removes the folder, or a later run. */
export function makeTestFolder(): string {
  return makeFolderIn(clustersFolder());
}

interface Started {
  readonly postgres: EmbeddedPostgres;
  readonly folder: string;
  readonly killAtExit: () => void;
}

interface Shared {
  readonly started: Promise<Started>;
  users: number;
  made: Promise<void>;
}

const sharedByOptions = new Map<string, Shared>();

function sharedFor(options: TestDatabaseOptions): Shared {
  const key = isSharedByFiles() ? JSON.stringify(options) : "";
  const existing = sharedByOptions.get(key);
  if (existing !== undefined) return existing;
  const shared = { started: startShared(options), users: 0, made: Promise.resolve() };
  sharedByOptions.set(key, shared);
  if (isSharedByFiles()) atEndOfShared(() => stopShared(shared));
  return shared;
}

async function startShared(options: TestDatabaseOptions): Promise<Started> {
  await sweepTestFolders(clustersFolder());
  const folder = makeTestFolder();
  await copyTemplate(folder);
  const postgres = await startEmbeddedPostgres({
    dataFolder: folder,
    log: silentLog,
    random: randomBytes,
    settings: {
      max_wal_size: "128MB",
      ...(options.fsync === false ? { fsync: "off", full_page_writes: "off" } : {}),
      ...(options.logical === true ? { wal_level: "logical" } : {}),
      ...(options.quietLog === true ? { full_page_writes: "off", autovacuum: "off" } : {}),
    },
  });
  if (!hasTemplate) await migrateAll(postgres.connection);
  // PostgreSQL would outlive a failed test.
  const killAtExit = () => {
    const pid = postgres.pid();
    if (pid !== undefined) process.kill(pid, "SIGQUIT");
  };
  process.once("exit", killAtExit);
  return { postgres, folder, killAtExit };
}

async function leaveShared(shared: Shared): Promise<void> {
  shared.users -= 1;
  if (shared.users === 0 && !isSharedByFiles()) await stopShared(shared);
}

async function stopShared(shared: Shared): Promise<void> {
  for (const [key, each] of sharedByOptions) if (each === shared) sharedByOptions.delete(key);
  const { postgres, folder, killAtExit } = await shared.started;
  await postgres.stop();
  process.off("exit", killAtExit);
  rmSync(folder, { recursive: true, force: true });
}

/** Copying a cluster takes 50 ms in memory, and up to 1.7 s on a busy disk. */
const clustersFolder = () => fastFolder(2 ** 30);
