import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";

/** Counts live nodes at a node and below. Index: nodes_parent. @param hidden nodes to skip, with everything below */
export async function weighTree(
  db: ShardQueries,
  spaceId: SpaceId,
  topId: NodeId,
  hidden: readonly NodeId[] = [],
): Promise<{ bytes: number; weight: number }> {
  const { rows } = await sql<{ bytes: number; weight: number }>`
    with recursive below (id, size, weight) as (
      select n.id, n.size, n.weight from shard.nodes n where n.space_id = ${spaceId} and n.id = ${topId}
      union all
      select child.id, child.size, child.weight from below cross join lateral (
        select n.id, n.size, n.weight from shard.nodes n
        where n.space_id = ${spaceId} and n.parent_id = below.id and n.trashed_at is null and n.kind <> 'mount'
          and n.id <> all(${uuidArray(hidden)}) offset 0
      ) child
    ) select coalesce(sum(size), 0)::int8 as bytes, coalesce(sum(weight), 0)::int8 as weight from below`.execute(db);
  return rows[0] ?? { bytes: 0, weight: 0 };
}
