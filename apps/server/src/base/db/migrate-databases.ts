import { cellMigrations } from "./cell-migrations/index.ts";
import type { DatabaseLog } from "./database-log.ts";
import { migrate, type MigrationSet, missingMigrations } from "./migrate.ts";
import { shardMigrations } from "./shard-migrations/index.ts";
import type { Cell, Databases, Shard } from "./shards.ts";

export interface SchemaMigrations {
  readonly schema: MigrationSet["schema"];
  /** ID of the shard or cell. */
  readonly id: string;
  readonly migrations: readonly string[];
}

/**
 * Migrations that are missing in the databases. Uses the connections of the pools, which a start needs next.
 * @throws HoldfastError failed, with advice for the operator, if a newer Holdfast migrated one so that this cannot work
 */
export async function planMigrations(databases: Databases): Promise<readonly SchemaMigrations[]> {
  return (await unmigrated(databases)).map(({ place: { id }, set: { schema }, migrations }) => {
    return { schema, id, migrations };
  });
}

/**
 * Each schema is migrated in its own transaction. After a crash the next start continues.
 * @returns what was migrated now
 */
export async function migrateDatabases(databases: Databases, log: DatabaseLog): Promise<readonly SchemaMigrations[]> {
  const done: SchemaMigrations[] = [];
  for (const { place, set } of await unmigrated(databases)) {
    const migrations = await migrate(place.connection, set, log);
    if (migrations.length === 0) continue;
    log.info({ [set.schema]: place.id, migrations }, "the database schema was migrated to this version");
    done.push({ schema: set.schema, id: place.id, migrations });
  }
  return done;
}

async function unmigrated({ shards, cells }: Databases) {
  const all: readonly { readonly place: Shard | Cell; readonly set: MigrationSet }[] = [
    ...shards.all().map((place) => ({ place, set: shardMigrations })),
    ...cells.all().map((place) => ({ place, set: cellMigrations })),
  ];
  const missing = [];
  for (const { place, set } of all) missing.push({ place, set, migrations: await missingMigrations(place.db, set) });
  return missing.filter(({ migrations }) => migrations.length > 0);
}
