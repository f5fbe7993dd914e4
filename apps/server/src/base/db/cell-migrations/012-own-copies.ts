import { type Kysely, sql } from "kysely";

/**
 * Why: another space's copy would reveal by its codec that somebody else has the block. In existing rows, a holder's
 * stamp equals the time of its pack.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table cell.holders add pack_id uuid`.execute(db);
  await sql`
    update cell.holders as holder set pack_id = pack.id
    from cell.packs as pack join cell.blocks as block on block.pack_id = pack.id
    where pack.created_at = holder.stamp and block.hash = holder.hash`.execute(db);
}
