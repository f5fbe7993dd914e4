import { type Kysely, sql } from "kysely";

/** Why: a report must distinguish old damage from new. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table cell.blocks add damaged_at int8`.execute(db);
}
