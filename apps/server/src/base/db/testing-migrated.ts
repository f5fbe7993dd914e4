import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { cellMigrations } from "./cell-migrations/index.ts";
import type { Connection } from "./database.ts";
import type { DatabaseLog } from "./database-log.ts";
import { clusterFolderOf } from "./embedded/cluster.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { migrate } from "./migrate.ts";
import { shardMigrations } from "./shard-migrations/index.ts";

export const silentLog: DatabaseLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Creates a cluster whose own database is migrated. Copying it takes a tenth of the time of the migrations. */
export async function makeTemplate(folder: string): Promise<void> {
  // Without the log of the migrations and its zeros, a copy is a third smaller.
  const settings = { wal_recycle: "off", wal_init_zero: "off" };
  const postgres = await startEmbeddedPostgres({ dataFolder: folder, log: silentLog, random: randomBytes, settings });
  await migrateAll(postgres.connection);
  // template0 contains a sixth of the files to copy, and no test uses it.
  await runStatement(postgres.connection, "update pg_database set datistemplate = false where datname = 'template0'");
  await runStatement(postgres.connection, "drop database template0");
  await runStatement(postgres.connection, "select pg_switch_wal()");
  await postgres.stop();
  // Keeps shared memory in the folder, so that a killed test leaves nothing elsewhere.
  appendFileSync(join(clusterFolderOf(folder), "postgresql.conf"), "dynamic_shared_memory_type = mmap\n");
}

export async function migrateAll(connection: Connection): Promise<void> {
  await migrate(connection, shardMigrations, silentLog);
  await migrate(connection, cellMigrations, silentLog);
}

export async function runStatement(connection: Connection, statement: string): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
