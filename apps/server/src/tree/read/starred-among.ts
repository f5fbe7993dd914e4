import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import type { PlacedNode } from "./placed-node.ts";

/** @returns true for nodes with the caller's star. A link has no stars. Index: the primary key. */
export async function starredAmong(
  shards: ReadShards,
  { userId, owns }: Actor,
  nodes: readonly PlacedNode[],
): Promise<(node: PlacedNode) => boolean> {
  if (!owns || nodes.length === 0) return () => false;
  const { rows } = await sql<{ space_id: SpaceId; node_id: NodeId }>`
    select space_id, node_id from shard.stars
    join unnest(${uuidArray(nodes.map(({ row }) => row.space_id))}, ${uuidArray(nodes.map(({ row }) => row.id))})
      as listed (space_id, node_id) using (space_id, node_id)
    where user_id = ${userId}`.execute(shards.ofId(userId).db);
  const starred = new Set(rows.map(({ space_id, node_id }) => `${space_id} ${node_id}`));
  return ({ row }) => starred.has(`${row.space_id} ${row.id}`);
}
