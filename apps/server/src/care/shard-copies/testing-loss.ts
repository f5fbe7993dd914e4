import { type Kysely, sql } from "kysely";
import { tablePlaces } from "../../base/db/bucket-columns.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";

/** Sets a database back to its present state after the changes, as the promotion of a standby that lacks them does. */
export async function losing(db: Kysely<ShardTables>, change: () => Promise<unknown>): Promise<void> {
  const tables = Object.keys(tablePlaces).filter((table) => !table.startsWith("migration"));
  for (const table of tables) await sql.raw(`create table public.old_${table} as table shard.${table}`).execute(db);
  await change();
  for (const table of tables) {
    await sql.raw(`delete from shard.${table}`).execute(db);
    await sql.raw(`insert into shard.${table} overriding system value select * from public.old_${table}`).execute(db);
    await sql.raw(`drop table public.old_${table}`).execute(db);
  }
}
