import { cellMigrations } from "./cell-migrations/index.ts";
import type { DatabaseLog } from "./database-log.ts";
import { migrate, type MigrationSet, refuseNewer } from "./migrate.ts";
import { shardMigrations } from "./shard-migrations/index.ts";
import type { Cell, Databases, Shard } from "./shards.ts";

/**
 * Checks that no database was migrated by a newer Holdfast, before any is changed.
 * @throws HoldfastError failed, with advice for the operator
 */
export async function refuseNewerDatabases({ shards, cells }: Databases, log: DatabaseLog): Promise<void> {
  for (const { connection } of shards.all()) await refuseNewer(connection, shardMigrations, log);
  for (const { connection } of cells.all()) await refuseNewer(connection, cellMigrations, log);
}

/** Migrates all databases, each schema in its own transaction. After a crash the next start continues. */
export async function migrateDatabases(databases: Databases, log: DatabaseLog): Promise<void> {
  await refuseNewerDatabases(databases, log);
  const migrateOne = async ({ id, connection }: Shard | Cell, set: MigrationSet) => {
    const migrations = await migrate(connection, set, log);
    if (migrations.length > 0)
      log.info({ [set.schema]: id, migrations }, "the database schema was migrated to this version");
  };
  for (const shard of databases.shards.all()) await migrateOne(shard, shardMigrations);
  for (const cell of databases.cells.all()) await migrateOne(cell, cellMigrations);
}
