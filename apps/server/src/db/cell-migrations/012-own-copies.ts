import { type Kysely, sql } from "kysely";

/**
 * Why: a space is served the copy of a block that it has stored itself, in the codec in which it was sent; that of another
 * space would tell that somebody else has the block. Up to here a holder has the stamp that is the time of its pack.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table cell.holders add pack_id uuid`.execute(db);
  await sql`
    update cell.holders as holder set pack_id = pack.id
    from cell.packs as pack join cell.blocks as block on block.pack_id = pack.id
    where pack.created_at = holder.stamp and block.hash = holder.hash`.execute(db);
}
