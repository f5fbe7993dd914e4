import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { ChangedNodeJson } from "@holdfast/protocol/star-routes";
import { sql } from "kysely";
import { int4Array, uuidArray } from "../../base/db/array-parameters.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import { nodeJson } from "../../tree/read/node-json.ts";
import { fittingPage } from "../../tree/read/page-bytes.ts";

/**
 * Lists visible files that the caller changed recently, latest first, in the own space and in spaces with shares. Reads
 * only the newest journal entries, so nothing is written for it. There is one page.
 */
export async function listRecent(
  shards: Shards,
  caller: Actor,
  request: { limit?: number | undefined },
): Promise<{ items: ChangedNodeJson[]; next_cursor: null }> {
  const limit = Math.min(request.limit ?? limits.recentItemsMax, limits.recentItemsMax);
  const changed = await Promise.all(
    [...Map.groupBy(await spacesOf(shards, caller), ({ id }) => shards.ofId(id))].map(([shard, spaces]) =>
      readChanged(shard, caller, spaces),
    ),
  );
  const newest = changed
    .flat()
    .toSorted((left, right) => right.at - left.at)
    .slice(0, limits.recentItemsMax);
  const found = await findNodes(
    shards,
    caller,
    newest.map(({ id }) => id),
  );
  const nodes = newest.flatMap(({ id, space_id, at }) => {
    const node = found.get(id);
    return node === undefined || node.row.space_id !== space_id || node.row.trashed_at !== null ? [] : [{ node, at }];
  });
  const page = fittingPage(nodes.slice(0, limit), ({ node }) => node);
  const items = page.map(({ node, at }) => Object.assign(nodeJson(node), { changed_at: formatTime(at) }));
  return { items, next_cursor: null };
}

interface RecentSpace {
  readonly id: SpaceId;
  /** Journal entries to read. */
  readonly entries: number;
}

/** The own space and those with the latest shares, which together cost at most as much as the own one. */
async function spacesOf(shards: Shards, caller: Actor): Promise<RecentSpace[]> {
  const own = { id: caller.spaceId, entries: limits.recentEntriesMax };
  if (!caller.receives) return [own];
  const found = await Promise.all(
    [...Map.groupBy(caller.grantees, (id) => shards.ofId(id as NodeId))].map(async ([{ db }, grantees]) => {
      // Grant ids grow with time. Index: primary key.
      const { rows } = await sql<{ space_id: SpaceId; newest: string }>`
        select space_id, max(grant_id::text) as newest from shard.received
        where grantee_id = any(${uuidArray(grantees)}) group by space_id`.execute(db);
      return rows;
    }),
  );
  const newest = found.flat().toSorted((left, right) => (left.newest < right.newest ? 1 : -1));
  // Users also receive their own shares with their groups.
  const others = newest.map(({ space_id }) => space_id).filter((id) => id !== caller.spaceId);
  const ids = [...new Set(others)].slice(0, limits.recentSpacesMax);
  return [own, ...ids.map((id) => ({ id, entries: Math.floor(limits.recentEntriesMax / ids.length) }))];
}

interface Changed {
  readonly id: NodeId;
  readonly space_id: SpaceId;
  readonly at: number;
}

/** Indexes: primary keys. */
async function readChanged({ db }: Shard, { userId }: Actor, spaces: readonly RecentSpace[]): Promise<Changed[]> {
  const { rows } = await sql<Changed>`
    select node.id, node.space_id, changed.at
    from unnest(${uuidArray(spaces.map(({ id }) => id))}, ${int4Array(spaces.map(({ entries }) => entries))})
      as space (id, entries)
    cross join lateral (
      select node_id, max(at) as at, max(seq) as seq from (
        select node_id, actor, at, seq from shard.journal where space_id = space.id order by seq desc limit space.entries
      ) entry where actor = ${userId} group by node_id order by max(seq) desc limit ${limits.recentCandidatesMax}
    ) changed
    cross join lateral (
      select id, space_id from shard.nodes
      where space_id = space.id and id = changed.node_id and kind = 'file' and trashed_at is null offset 0
    ) node
    order by changed.at desc, changed.seq desc limit ${limits.recentItemsMax}`.execute(db);
  return rows;
}
