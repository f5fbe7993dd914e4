import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";

/** A link has no stars. Index: the primary key. */
export async function starredAmong(
  shards: Shards,
  { userId, owns }: Actor,
  spaceId: SpaceId,
  ids: readonly NodeId[],
): Promise<ReadonlySet<NodeId>> {
  if (!owns || ids.length === 0) return new Set();
  const { rows } = await sql<{ node_id: NodeId }>`
    select node_id from shard.stars
    where user_id = ${userId} and space_id = ${spaceId} and node_id = any(${uuidArray(ids)})`.execute(
    shards.ofId(userId).db,
  );
  return new Set(rows.map(({ node_id }) => node_id));
}
