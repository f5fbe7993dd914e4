import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { cellMigrations } from "./cell-migrations/index.ts";
import type { Connection } from "./database.ts";
import type { DatabaseLog } from "./database-log.ts";
import { clusterFolderOf } from "./embedded/cluster.ts";
import { stopProcessesIn } from "./embedded/leftover.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";
import { migrate } from "./migrate.ts";
import { type Databases, openDatabases } from "./shards.ts";
import { shardMigrations } from "./shard-migrations/index.ts";

/** An empty database of its own, on a PostgreSQL that all tests of this process share. */
export interface TestDatabase {
  readonly connection: Connection;
  readonly stop: () => Promise<void>;
}

export interface TestDatabaseOptions {
  /** Off only where a test measures something else and says so. Decided by the first database of the process. */
  readonly fsync?: boolean;
  /**
   * Whether its log grows by the changes themselves alone, for a test that measures them: after a checkpoint the first change of a page
   * logs the whole page, and a vacuum that begins by itself logs what it finds in all tables. Decided by the first, too.
   */
  readonly quietLog?: boolean;
}

/** Starts PostgreSQL with the first call of the process and stops it with the last `stop`. */
export async function startTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  shared ??= startShared(options);
  users += 1;
  const { postgres } = await shared;
  const database = `test_${randomBytes(6).toString("hex")}`;
  await runStatement(postgres.connection, `create database ${database} strategy wal_log`);
  return { connection: { ...postgres.connection, database }, stop: stopShared };
}

/** One shard and one cell, migrated, in a database of their own. */
export interface TestDatabases extends Databases {
  readonly connection: Connection;
  readonly stop: () => Promise<void>;
}

export async function startTestDatabases(options: TestDatabaseOptions = {}): Promise<TestDatabases> {
  const database = await startTestDatabase(options);
  await migrate(database.connection, shardMigrations, silentLog);
  await migrate(database.connection, cellMigrations, silentLog);
  const databases = openDatabases({ defaultConnection: database.connection, log: silentLog });
  const stop = async () => {
    await databases.close();
    await database.stop();
  };
  return { ...databases, connection: database.connection, stop };
}

/** A new folder where a database is fast; the process that made it removes it, or a later test does. */
export function makeTestFolder(): string {
  return mkdtempSync(join(clustersFolder(), `${folderPrefix}${process.pid}-`));
}

export const silentLog: DatabaseLog = { info: () => {}, warn: () => {}, error: () => {} };

interface Shared {
  readonly postgres: EmbeddedPostgres;
  readonly folder: string;
  readonly killAtExit: () => void;
}

let shared: Promise<Shared> | undefined;
let users = 0;
const folderPrefix = "holdfast-test-database-";

async function startShared(options: TestDatabaseOptions): Promise<Shared> {
  await sweepAbandoned();
  const folder = makeTestFolder();
  await copyTemplate(folder);
  const postgres = await startEmbeddedPostgres({
    dataFolder: folder,
    log: silentLog,
    random: randomBytes,
    settings: {
      max_wal_size: "128MB",
      // In the cluster's own folder, so that a killed test leaves nothing behind that goes unnoticed.
      dynamic_shared_memory_type: "mmap",
      ...(options.fsync === false ? { fsync: "off", full_page_writes: "off" } : {}),
      ...(options.quietLog === true ? { full_page_writes: "off", autovacuum: "off" } : {}),
    },
  });
  // A test that fails before its `stop` still ends its process, and PostgreSQL would outlive it.
  const killAtExit = () => {
    const pid = postgres.pid();
    if (pid !== undefined) process.kill(pid, "SIGQUIT");
  };
  process.once("exit", killAtExit);
  return { postgres, folder, killAtExit };
}

async function stopShared(): Promise<void> {
  users -= 1;
  if (users > 0 || shared === undefined) return;
  const stopping = shared;
  shared = undefined;
  const { postgres, folder, killAtExit } = await stopping;
  await postgres.stop();
  process.off("exit", killAtExit);
  rmSync(folder, { recursive: true, force: true });
}

const sharedMemoryFolder = "/dev/shm";

/** In memory where there is plenty: copying a cluster takes 50 ms there and up to 1.7 s on a busy disk. */
function clustersFolder(): string {
  if (!existsSync(sharedMemoryFolder)) return tmpdir();
  const { bavail, bsize } = statfsSync(sharedMemoryFolder);
  return bavail * bsize > 2 ** 30 ? sharedMemoryFolder : tmpdir();
}

/** A copy of a fresh cluster is made several times faster than a fresh cluster. One is kept per user and version. */
export async function copyTemplate(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const template = join(tmpdir(), `holdfast-test-template-18-${process.getuid?.()}`);
  if (!existsSync(template)) await makeTemplate(template);
  execFileSync("cp", ["-a", join(template, "database-password"), clusterFolderOf(template), folder]);
}

/** Several test processes may do this at once: each makes its own, and the first to rename wins. */
async function makeTemplate(template: string): Promise<void> {
  const made = mkdtempSync(`${template}-`);
  const postgres = await startEmbeddedPostgres({ dataFolder: made, log: silentLog, random: randomBytes });
  await postgres.stop();
  try {
    renameSync(made, template);
  } catch (error) {
    if (!existsSync(template)) throw error;
    rmSync(made, { recursive: true, force: true });
  }
}

/** Ends what test processes left that were killed themselves. */
async function sweepAbandoned(): Promise<void> {
  const parent = clustersFolder();
  for (const name of readdirSync(parent)) {
    const pid = Number(name.slice(folderPrefix.length).split("-")[0]);
    if (!name.startsWith(folderPrefix) || isRunning(pid)) continue;
    const folder = join(parent, name);
    await stopProcessesIn(clusterFolderOf(folder));
    rmSync(folder, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function runStatement(connection: Connection, statement: string): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
