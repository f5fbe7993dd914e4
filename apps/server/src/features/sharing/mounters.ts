import type { NodeId, SpaceId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import { readLineages } from "../../tree/read/lineages.ts";

export interface Mounted {
  readonly userId: UserId;
  readonly spaceId: SpaceId;
  readonly nodeIds: readonly NodeId[];
}

/** Records possible mounts of an account on the folders' shard. Can be repeated. */
export async function rememberMounter(shards: Shards, { userId, spaceId, nodeIds }: Mounted): Promise<void> {
  if (nodeIds.length === 0) return;
  await sql`
    insert into shard.mounters as m (space_id, node_id, user_id, remembered_at)
    select ${spaceId}, node_id, ${userId}, (extract(epoch from clock_timestamp()) * 1000000)::int8
    from unnest(${uuidArray(nodeIds)}) as mounted (node_id)
    on conflict (space_id, node_id, user_id) do update
    set remembered_at = greatest(excluded.remembered_at, m.remembered_at + 1)`.execute(shards.ofId(spaceId).db);
}

/** One account's folders, each with its `remembered_at` in microseconds. */
export type Remembered = ReadonlyMap<NodeId, number>;

/** Index: mounters_user_id_idx. */
export async function readMounter(shards: Shards, { userId, spaceId }: Omit<Mounted, "nodeIds">): Promise<Remembered> {
  const { rows } = await sql<{ node_id: NodeId; remembered_at: number }>`
    select node_id, remembered_at from shard.mounters
    where user_id = ${userId} and space_id = ${spaceId}`.execute(shards.ofId(spaceId).db);
  return new Map(rows.map((row) => [row.node_id, row.remembered_at]));
}

/** Updates the records to an account's mounts. @param before records read before the mounts; newer ones stay */
export async function correctMounter(shards: Shards, mounted: Mounted, before: Remembered): Promise<void> {
  const { userId, spaceId, nodeIds } = mounted;
  await rememberMounter(shards, { ...mounted, nodeIds: nodeIds.filter((id) => !before.has(id)) });
  const outdated = [...before].filter(([id]) => !nodeIds.includes(id));
  for (const [nodeId, rememberedAt] of outdated) {
    await sql`
      delete from shard.mounters
      where space_id = ${spaceId} and node_id = ${nodeId} and user_id = ${userId}
        and remembered_at = ${rememberedAt}`.execute(shards.ofId(spaceId).db);
  }
}

/**
 * Finds accounts that mount one of these nodes or a folder below. Takes one step per folder, because most folders have
 * many mounts. Index: primary key.
 */
export async function findMounters(
  shard: Pick<Shard, "db">,
  spaceId: SpaceId,
  moved: ReadonlySet<NodeId>,
): Promise<UserId[]> {
  const { rows: folders } = await sql<{ node_id: NodeId }>`
    with recursive mounted as (
      (select node_id from shard.mounters where space_id = ${spaceId} order by node_id limit 1)
      union all
      select next.node_id from mounted cross join lateral (
        select node_id from shard.mounters
        where space_id = ${spaceId} and node_id > mounted.node_id order by node_id limit 1) next
    )
    select node_id from mounted`.execute(shard.db);
  if (folders.length === 0) return [];
  const ids = folders.map((row) => row.node_id);
  const rows = await readLineages<Pick<NodeRow, "id" | "parent_id">>(shard, spaceId, ids, sql`id, parent_id`);
  const parents = new Map(rows.map((row) => [row.id, row.parent_id]));
  const isMoved = (id: NodeId): boolean => {
    for (let at: NodeId | null = id; at !== null; at = parents.get(at) ?? null) if (moved.has(at)) return true;
    return false;
  };
  const { rows: mounters } = await sql<{ user_id: UserId }>`
    select distinct user_id from shard.mounters
    where space_id = ${spaceId} and node_id = any(${uuidArray(ids.filter(isMoved))})`.execute(shard.db);
  return mounters.map((row) => row.user_id);
}
