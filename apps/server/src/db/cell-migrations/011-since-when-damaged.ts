import { type Kysely, sql } from "kysely";

/** Why: since when a copy is known to be damaged, so that a report tells old findings from new ones. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table cell.blocks add damaged_at int8`.execute(db);
}
