import { sql } from "kysely";

/** True for a row `block` of cell.blocks if it is a space's own copy, or the space's own is not whole. */
export const isNeeded = sql`exists (
  select from cell.holders as holder where holder.hash = block.hash and (
    holder.pack_id is null or holder.pack_id = block.pack_id or not exists (
      select from cell.blocks as own
      where own.hash = holder.hash and own.pack_id = holder.pack_id and own.state = 'live')))`;
