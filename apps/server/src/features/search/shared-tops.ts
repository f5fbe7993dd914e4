import type { NodeId, SpaceId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";

/**
 * Finds visible nodes that others shared with the caller, without those inside another of them. Reads the newest
 * `searchSharesMax` grants.
 */
export async function findSharedTops(shards: ReadShards, caller: Actor): Promise<PlacedNode[]> {
  if (!caller.owns || !caller.receives) return [];
  const pointers: { grant_id: string; node_id: NodeId }[] = [];
  for (const [shard, grantees] of Map.groupBy(caller.grantees, (id) => shards.ofId(id as UserId))) {
    // Index: primary key.
    const { rows } = await sql<{ grant_id: string; node_id: NodeId }>`
      select grant_id, node_id from shard.received
      where grantee_id = any(${uuidArray(grantees)}) order by grant_id desc limit ${limits.searchSharesMax}`.execute(
      shard.db,
    );
    pointers.push(...rows);
  }
  const newest = pointers
    .toSorted((left, right) => (left.grant_id < right.grant_id ? 1 : -1))
    .slice(0, limits.searchSharesMax);
  const found = await findNodes(shards, caller, [...new Set(newest.map(({ node_id: id }) => id))]);
  // A node shared with the caller's group may be the caller's own.
  return [...found.values()].filter(
    ({ row, rights, isTop }) => rights !== undefined && isTop === true && row.trashed_at === null,
  );
}

/** Index: primary key. */
export async function ownersOf(shards: ReadShards, nodes: readonly PlacedNode[]): Promise<Map<SpaceId, UserId>> {
  const owners = new Map<SpaceId, UserId>();
  const spaceIds = [...new Set(nodes.map(({ row }) => row.space_id))];
  for (const [shard, some] of Map.groupBy(spaceIds, (id) => shards.ofId(id))) {
    const { rows } = await sql<{ id: SpaceId; owner_id: UserId }>`
      select id, owner_id from shard.spaces where id = any(${uuidArray(some)})`.execute(shard.db);
    for (const row of rows) owners.set(row.id, row.owner_id);
  }
  return owners;
}
