import { cellMigrations } from "./cell-migrations/index.ts";
import type { DatabaseLog } from "./database-log.ts";
import { isMigrated, migrate, type MigrationSet } from "./migrate.ts";
import { shardMigrations } from "./shard-migrations/index.ts";
import type { Cell, Databases, Shard } from "./shards.ts";

/**
 * Checks that no database was migrated by a newer Holdfast, before any is changed.
 * @throws HoldfastError failed, with advice for the operator
 */
export async function refuseNewerDatabases(databases: Databases): Promise<void> {
  await unmigrated(databases);
}

/** Each schema is migrated in its own transaction. After a crash the next start continues. */
export async function migrateDatabases(databases: Databases, log: DatabaseLog): Promise<void> {
  for (const { place, set } of await unmigrated(databases)) {
    const migrations = await migrate(place.connection, set, log);
    if (migrations.length > 0)
      log.info({ [set.schema]: place.id, migrations }, "the database schema was migrated to this version");
  }
}

/** Uses the connections of the pools, which the start needs next. */
async function unmigrated({ shards, cells }: Databases) {
  const all = [
    ...shards.all().map((place) => ({ place, set: shardMigrations })),
    ...cells.all().map((place) => ({ place, set: cellMigrations })),
  ];
  const missing: { readonly place: Shard | Cell; readonly set: MigrationSet }[] = [];
  for (const { place, set } of all) if (!(await isMigrated(place.db, set))) missing.push({ place, set });
  return missing;
}
