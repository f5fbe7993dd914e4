import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { type RawBuilder, sql } from "kysely";
import { uuidArray } from "../../db/array-parameters.ts";
import type { ShardReader } from "../../db/shard-tables.ts";
import type { Work } from "../commit/work.ts";

/**
 * How many live nodes there are below some, themselves included, as the rows say; it stops at `max`. By `nodes_live_name`.
 * @param without these, and what is below them
 */
export async function countBelow(
  reader: ShardReader,
  spaceId: SpaceId,
  ids: readonly NodeId[],
  { max, without = [] }: { readonly max: number; readonly without?: readonly NodeId[] },
): Promise<number> {
  const left: RawBuilder<unknown> = without.length === 0 ? sql`` : sql`and n.id <> all(${uuidArray(without)})`;
  const { rows } = await sql<{ count: number }>`
    with recursive below (id, kind) as (
      select id, 'folder'::text from unnest(${uuidArray(ids)}) as top (id)
      union all
      select n.id, n.kind from below b cross join lateral (
        select n.id, n.kind::text from shard.nodes n
        where n.space_id = ${spaceId} and n.parent_id = b.id and n.trashed_at is null ${left} offset 0
      ) n where b.kind = 'folder'
    )
    select count(*)::int8 as count from (select from below limit ${max}) as counted`.execute(reader);
  return rows[0]?.count ?? 0;
}

/** Of a folder that goes in this transaction: with what was moved into it before, without what was moved out of it. */
export async function countGoing({ reader, space, tree }: Work, id: NodeId, max: number): Promise<number> {
  const elsewhere: NodeId[] = [];
  const inside: NodeId[] = [];
  for (const { before, after } of tree.changes()) {
    if (before === undefined || after.id === id) continue;
    const isMoved = before.parent_id !== after.parent_id || before.trashed_at !== after.trashed_at;
    if (!isMoved) continue;
    elsewhere.push(after.id);
    if (after.trashed_at !== null) continue;
    const lineage = await tree.lineage(after);
    if (lineage.some((above) => above.id === id)) inside.push(after.id);
  }
  return countBelow(reader, space.id, [id, ...inside], { max, without: elsewhere });
}
