import { bucketOf, type NodeId, type SpaceId } from "@holdfast/core/ids";
import { joinPath } from "@holdfast/core/names";
import { sql } from "kysely";
import { uuidKeys } from "../../base/db/array-parameters.ts";
import { keyed } from "../../base/db/database.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { ReadShard, ReadShards } from "../../base/db/shards.ts";
import { type Act, roleMay } from "../rights/roles.ts";
import { countedParts, type CountedRow, type Sought } from "../rights/counted-grants.ts";
import { countRights } from "../rights/load-rights.ts";
import type { SpaceRights } from "../rights/space-rights.ts";
import type { Actor, Mounts } from "../actor.ts";
import {
  foundColumn,
  type FoundRow,
  placeParts,
  type PlaceRow,
  type Places,
  placesOf,
  readPlaces,
} from "./lineages.ts";
import { loadMounts, noMounts } from "./mounts.ts";
import type { PlacedNode } from "./placed-node.ts";

/**
 * A trashed node is visible to callers who may change it, if it was trashed after it was shared.
 * @param act an uploader may add to a folder that it cannot see
 */
export async function findGrantedNodes(
  shards: ReadShards,
  caller: Actor,
  ids: readonly NodeId[],
  act: Act = "read",
): Promise<Map<NodeId, PlacedNode>> {
  const found = new Map<NodeId, PlacedNode>();
  for (const [shard, some] of Map.groupBy(new Set(ids), (id) => shards.ofId(id))) {
    const [{ rights, ways }, mounts] = await Promise.all([
      readGranted(shards, shard, soughtBy(caller), some),
      loadMounts(shards, caller),
    ]);
    for (const [spaceId, inSpace] of Map.groupBy(ways, ([own]) => own.space_id)) {
      for (const [id, node] of placeWays(inSpace, { rights: rights.get(spaceId), mounts, act })) found.set(id, node);
    }
  }
  return found;
}

async function readGranted(shards: ReadShards, shard: ReadShard, sought: Sought, ids: readonly NodeId[]) {
  // A node's id contains the bucket of its space at the same position.
  const wanted = sql`(select live.id as space_id, one.id from live join unnest(${uuidKeys(ids)}) as one (id)
      on substr(one.id::text, 16, 3) = substr(live.id::text, 16, 3)) as wanted`;
  const { rows } = await sql<FoundRow & { readonly found: { readonly counted: readonly CountedRow[] | null } }>`
    with recursive ${countedParts(sought)}, ${placeParts(wanted)}
    select ${foundColumn(sql`, 'counted', (select json_agg(counted) from counted)`)} ${keyed}`.execute(shard.db);
  const rights = await countRights(shards, shard.db, rows[0]?.found.counted ?? [], sought);
  return { rights, ways: waysOf(placesOf(rows)) };
}

export function placeWays(
  ways: readonly Way[],
  { rights, ...sight }: Omit<Sight, "rights"> & { readonly rights: SpaceRights | undefined },
): Map<NodeId, PlacedNode> {
  const placed = rights === undefined ? [] : ways.flatMap((way) => placeGranted(way, { rights, ...sight }) ?? []);
  return new Map(placed.map((node) => [node.row.id, node]));
}

/** Selects the caller's rights in other spaces, or in a single space for an actor that does not own its space. */
export function soughtBy({ grantees, owns, spaceId, despiteSuspension }: Actor): Sought {
  return { grantees, spaceId: owns ? undefined : spaceId, despiteSuspension };
}

/** A node with the places above it up to the root of its space, nearest first. */
export type Way = readonly [NodeRow, ...PlaceRow[]];

export async function readWays(shard: Pick<ReadShard, "db">, spaceId: SpaceId, ids: readonly NodeId[]): Promise<Way[]> {
  const asked = ids.filter((id) => bucketOf(id) === bucketOf(spaceId)).map((id) => ({ spaceId, id }));
  return asked.length === 0 ? [] : waysOf(await readPlaces(shard, asked));
}

function waysOf({ asked, above }: Places): Way[] {
  const bySpace = new Map<SpaceId, Map<NodeId, PlaceRow>>();
  for (const row of above) {
    const known = bySpace.get(row.space_id) ?? new Map<NodeId, PlaceRow>();
    bySpace.set(row.space_id, known.set(row.id, row));
  }
  const ways = asked.flatMap((own) => wayOf(own, bySpace.get(own.space_id)));
  // Clients choose ids, so two spaces may have the same one; the older node counts.
  return ways.toSorted(([left], [right]) => right.created_at - left.created_at);
}

function wayOf(own: NodeRow, above: ReadonlyMap<NodeId, PlaceRow> | undefined): Way[] {
  const way: [NodeRow, ...PlaceRow[]] = [own];
  for (let at = own.parent_id; at !== null;) {
    const parent = above?.get(at);
    if (parent === undefined) return [];
    way.push(parent);
    at = parent.parent_id;
  }
  return [way];
}

interface Sight {
  readonly rights: SpaceRights;
  readonly mounts: Mounts | undefined;
  readonly act: Act;
}

/**
 * Returns the place of a node in a caller's view, according to grants.
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
  const trashedAt = way.find((row) => row.trashed_at !== null)?.trashed_at ?? null;
  if (trashedAt !== null) {
    // While the shared folder itself is in the trash, only its owner sees anything in it, including nodes trashed
    // before.
    const isTopTrashed = way.findLastIndex((row) => row.trashed_at !== null) >= top;
    if (isTopTrashed || !roleMay(right.role, "write") || trashedAt < right.sinceMicros) return undefined;
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
    mounts,
    isTop: top === 0,
    shownBy: ids[shown],
    placedSeq: Math.max(0, ...way.slice(0, begin).map((row) => row.seq)),
  };
}

/** Returns the index of the highest node above that the caller can read without a gap. */
function topOf(rights: SpaceRights, ids: readonly NodeId[]): number {
  const blind = rights
    .nearestAll(ids)
    .findIndex((right, index) => index > 0 && (right === undefined || !roleMay(right.role, "read")));
  return (blind === -1 ? ids.length : blind) - 1;
}
