import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { NodeRow, ShardQueries } from "../../base/db/shard-tables.ts";
import { readLineages } from "../../tree/read/lineages.ts";

/** Finds the nodes at or below the top, including trash. Walks up from each. */
export async function findBelow(
  db: ShardQueries,
  { spaceId, topId }: { readonly spaceId: SpaceId; readonly topId: NodeId },
  ids: Iterable<NodeId>,
): Promise<Set<NodeId>> {
  const asked = [...new Set(ids)];
  if (asked.length === 0) return new Set();
  type Row = Pick<NodeRow, "id" | "parent_id">;
  const rows = await readLineages<Row>({ db }, spaceId, asked, sql`id, parent_id`);
  const parents = new Map(rows.map((row) => [row.id, row.parent_id]));
  const isBelow = (id: NodeId): boolean => {
    for (let at: NodeId | null = id; at !== null; at = parents.get(at) ?? null) if (at === topId) return true;
    return false;
  };
  return new Set(asked.filter(isBelow));
}
