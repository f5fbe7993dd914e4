import { cellMigrations } from "./cell-migrations/index.ts";
import type { DatabaseLog } from "./database-log.ts";
import { migrate, type MigrationSet, refuseNewer } from "./migrate.ts";
import { shardMigrations } from "./shard-migrations/index.ts";
import type { Cell, Databases, Shard } from "./shards.ts";

/**
 * Refuses databases of which a newer Holdfast has migrated any, before anything of any of them is touched.
 * @throws HoldfastError failed, in words for whoever starts the server
 */
export async function refuseNewerDatabases({ shards, cells }: Databases, log: DatabaseLog): Promise<void> {
  for (const { connection } of shards.all()) await refuseNewer(connection, shardMigrations, log);
  for (const { connection } of cells.all()) await refuseNewer(connection, cellMigrations, log);
}

/** Brings all databases up to the code, each schema in a transaction of its own: what a crash leaves undone the next start does. */
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
