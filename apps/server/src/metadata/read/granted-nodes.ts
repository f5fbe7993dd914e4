import { type Bucket, bucketOf, type NodeId, type SpaceId } from "@holdfast/core/ids";
import { joinPath } from "@holdfast/core/names";
import type { NodeRow } from "../../db/shard-tables.ts";
import type { Shard, Shards } from "../../db/shards.ts";
import { type Act, roleMay } from "../../rights/roles.ts";
import { loadRights, type SpaceRights } from "../../rights/space-rights.ts";
import type { Actor, Mounts } from "../actor.ts";
import { readLineagesIn } from "./lineages.ts";
import { loadMounts, noMounts } from "./mounts.ts";
import type { PlacedNode } from "./placed-node.ts";

/**
 * Those of the ids that somebody else has shared with the caller, with their places in its view. What lies in the trash is there for
 * whoever may change it, if it went there since it was shared.
 * @param act what the caller wants to do: an uploader may put something into a folder that it may not see
 */
export async function findGrantedNodes(
  shards: Shards,
  caller: Actor,
  ids: readonly NodeId[],
  act: Act = "read",
): Promise<Map<NodeId, PlacedNode>> {
  const found = new Map<NodeId, PlacedNode>();
  for (const [shard, some] of Map.groupBy(new Set(ids), (id) => shards.ofId(id))) {
    const rights = await loadRights(shard.db, caller.grantees, caller.owns ? undefined : caller.spaceId);
    if (rights.size === 0) continue;
    const ways = await readWays(shard, [...rights.keys()], some);
    if (ways.length === 0) continue;
    const mounts = await loadMounts(shards, caller);
    for (const way of ways) {
      const inSpace = rights.get(way[0].space_id);
      const node = inSpace === undefined ? undefined : placeGranted(way, { rights: inSpace, mounts, act });
      if (node !== undefined) found.set(node.row.id, node);
    }
  }
  return found;
}

/** Each node with all above it, up to the root of its space, nearest first. */
type Way = readonly [NodeRow, ...NodeRow[]];

async function readWays(shard: Shard, spaceIds: readonly SpaceId[], ids: readonly NodeId[]): Promise<Way[]> {
  const byBucket: ReadonlyMap<Bucket, SpaceId[]> = Map.groupBy(spaceIds, bucketOf);
  const asked = ids.flatMap((id) => (byBucket.get(bucketOf(id)) ?? []).map((spaceId) => ({ spaceId, id })));
  if (asked.length === 0) return [];
  const rows = await readLineagesIn(shard, asked);
  const byKey = new Map(rows.toReversed().map((row) => [`${row.space_id} ${row.id}`, row]));
  const ways = asked.flatMap(({ spaceId, id }) => wayOf(byKey, spaceId, id));
  // A client brings the ids of new nodes, so two spaces may have the same one: whoever took it first is the one that others know.
  return ways.toSorted(([left], [right]) => right.created_at - left.created_at);
}

function wayOf(byKey: ReadonlyMap<string, NodeRow>, spaceId: SpaceId, id: NodeId): Way[] {
  const own = byKey.get(`${spaceId} ${id}`);
  if (own === undefined) return [];
  const way: [NodeRow, ...NodeRow[]] = [own];
  for (let row = own; row.parent_id !== null;) {
    const parent = byKey.get(`${spaceId} ${row.parent_id}`);
    if (parent === undefined) return [];
    way.push(parent);
    row = parent;
  }
  return [way];
}

interface Sight {
  readonly rights: SpaceRights;
  readonly mounts: Mounts | undefined;
  readonly act: Act;
}

/**
 * The place that grants give a node in somebody's view.
 * @param way from the node up to the root of its space
 */
export function placeGranted(way: Way, { rights, mounts = noMounts, act }: Sight): PlacedNode | undefined {
  const [own] = way;
  const ids = way.map((row) => row.id);
  const right = rights.nearest(ids);
  if (right === undefined || way.some((row) => row.purged_at !== null)) return undefined;
  if (!roleMay(right.role, "read") && !roleMay(right.role, act)) return undefined;
  if (own.kind === "mount") return undefined;
  const top = topOf(rights, ids);
  const trashed = way.findIndex((row) => row.trashed_at !== null);
  const trashedAt = way[trashed]?.trashed_at ?? null;
  if (trashedAt !== null) {
    // What went with the shared folder itself is its owner's alone.
    if (trashed >= top || !roleMay(right.role, "write") || trashedAt < right.sinceMicros) return undefined;
  }
  const shown = ids.findIndex((id, index) => index <= top && mounts.has(`${own.space_id} ${id}`));
  const begin = shown === -1 ? top : shown;
  const below = way.slice(0, begin).map((row) => row.name);
  const mountPath = mounts.get(`${own.space_id} ${ids[shown]}`)?.path ?? "/";
  const path = joinPath(below.toReversed());
  return {
    row: own.trashed_at === trashedAt ? own : { ...own, trashed_at: trashedAt },
    path: below.length === 0 ? mountPath : `${mountPath === "/" ? "" : mountPath}${path}`,
    role: right.role,
    sinceMicros: right.sinceMicros,
    rights,
    isTop: top === 0,
    shownBy: ids[shown],
  };
}

/** How far up from the node one may go on reading. */
function topOf(rights: SpaceRights, ids: readonly NodeId[]): number {
  let top = 0;
  for (let index = 1; index < ids.length; index += 1) {
    const right = rights.nearest(ids.slice(index));
    if (right === undefined || !roleMay(right.role, "read")) break;
    top = index;
  }
  return top;
}
