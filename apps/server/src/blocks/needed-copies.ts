import { sql } from "kysely";

/**
 * Of a row `block` of cell.blocks: whether a space depends on this copy. On its own one it does, and on every one as long as its own
 * one is not whole.
 */
export const isNeeded = sql`exists (
  select from cell.holders as holder where holder.hash = block.hash and (
    holder.pack_id is null or holder.pack_id = block.pack_id or not exists (
      select from cell.blocks as own
      where own.hash = holder.hash and own.pack_id = holder.pack_id and own.state = 'live')))`;
