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

/** A database in the cluster that each run makes once: to copy a migrated one takes a tenth of the time of its migrations. */
export const migratedName = "migrated";

/** Fills a data folder with a cluster whose own database is migrated, as well as the one that others are copied from. */
export async function makeTemplate(folder: string): Promise<void> {
  const postgres = await startEmbeddedPostgres({ dataFolder: folder, log: silentLog, random: randomBytes });
  await makeMigrated(postgres.connection);
  await migrateAll(postgres.connection);
  await postgres.stop();
  // In the cluster's own folder, so that a killed test leaves nothing behind that goes unnoticed.
  appendFileSync(join(clusterFolderOf(folder), "postgresql.conf"), "dynamic_shared_memory_type = mmap\n");
}

export async function makeMigrated(connection: Connection): Promise<void> {
  await runStatement(connection, `create database ${migratedName}`);
  await migrateAll({ ...connection, database: migratedName });
}

async function migrateAll(connection: Connection): Promise<void> {
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
