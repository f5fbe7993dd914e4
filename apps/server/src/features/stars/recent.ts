import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { ChangedNodeJson } from "@holdfast/protocol/star-routes";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import { nodeJson } from "../../tree/read/node-json.ts";
import { fittingPage } from "../../tree/read/page-bytes.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { starredAmong } from "../../tree/read/starred-among.ts";
import { type ChangedFile, readChangedFiles, type RecentSpace } from "./changed-files.ts";
import { type ChangedGroup, readChangedGroups } from "./recent-groups.ts";

type Changed = ChangedFile | ChangedGroup;

/**
 * Lists visible files that the caller changed recently, latest first, in the own space and in spaces with shares. Reads
 * only the newest journal entries, so nothing is written for it. There is one page.
 * @param request.group return one folder instead of many files that were changed in it without a pause
 */
export async function listRecent(
  shards: ReadShards,
  caller: Actor,
  request: { limit?: number | undefined; group?: boolean | undefined },
): Promise<{ items: ChangedNodeJson[]; next_cursor: null }> {
  const limit = Math.min(request.limit ?? limits.recentItemsMax, limits.recentItemsMax);
  const read = request.group === true ? readChangedGroups : readChangedFiles;
  const changed = await Promise.all(
    [...Map.groupBy(await spacesOf(shards, caller), ({ id }) => shards.ofId(id))].map(([shard, spaces]) =>
      read(shard, caller, spaces),
    ),
  );
  const nodes = await findChanged(shards, caller, await withoutHiddenGroups(shards, caller, latest(changed.flat())));
  const page = fittingPage(nodes.slice(0, limit), ({ node }) => node);
  const isStarred = await starredAmong(
    shards,
    caller,
    page.map(({ node }) => node),
  );
  const items = page.map(({ node, at, count }) =>
    Object.assign(nodeJson(node, isStarred(node)), {
      changed_at: formatTime(at),
      ...(count === undefined ? {} : { changed_files: count }),
    }),
  );
  return { items, next_cursor: null };
}

function latest(changed: readonly Changed[]): Changed[] {
  return changed.toSorted((left, right) => right.at - left.at).slice(0, limits.recentItemsMax);
}

/** Replaces groups of folders that are not readable, or are another account's root, with their files. */
async function withoutHiddenGroups(shards: ReadShards, caller: Actor, changed: readonly Changed[]): Promise<Changed[]> {
  const groups = changed.filter((one) => "count" in one);
  if (groups.length === 0) return [...changed];
  const shown = (await findChanged(shards, caller, groups)).filter(
    ({ node: { row } }) => row.parent_id !== null || row.id === caller.rootId,
  );
  const keys = new Set(shown.map(({ node: { row } }) => `${row.space_id} ${row.id}`));
  return latest(
    changed.flatMap((one) => ("count" in one && !keys.has(`${one.space_id} ${one.id}`) ? one.files : [one])),
  );
}

interface FoundChange {
  readonly node: PlacedNode;
  readonly at: number;
  readonly count: number | undefined;
}

async function findChanged(shards: ReadShards, caller: Actor, changed: readonly Changed[]): Promise<FoundChange[]> {
  const found = await findNodes(
    shards,
    caller,
    changed.map(({ id }) => id),
  );
  return changed.flatMap((one) => {
    const node = found.get(one.id);
    if (node === undefined || node.row.space_id !== one.space_id || node.row.trashed_at !== null) return [];
    return [{ node, at: one.at, count: "count" in one ? one.count : undefined }];
  });
}

/** The own space and those with the latest shares, which together cost at most as much as the own one. */
async function spacesOf(shards: ReadShards, caller: Actor): Promise<RecentSpace[]> {
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
