import { createHash } from "node:crypto";
import { bucketOf, makeId, type NodeId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { ActivityJson } from "@holdfast/protocol/activity-routes";
import { sql } from "kysely";
import { readDeviceNames } from "../accounts/people/former-devices.ts";
import { readPeople } from "../accounts/people/people.ts";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { decodeCursor, encodeCursor } from "../../tree/read/cursor.ts";
import { findNode } from "../../tree/read/look-up.ts";
import { findVisible } from "../../tree/read/own-nodes.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { ActivityScan, type Entry, isEvent, scanPlaces } from "./activity-scan.ts";
import { type Gathered, Gathering } from "./gathered.ts";
import { happeningOf } from "./happening.ts";
import { seeEntries } from "./see.ts";

export interface ActivityRequest {
  /** File, or folder with its descendants. */
  readonly in?: string | undefined;
  readonly actor?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

const peekedMax = 500;

/**
 * Lists visible changes, newest first. A page ends early, perhaps empty, after `limits.activityScanMax` entries; only
 * `next_cursor` marks the end.
 * @throws HoldfastError not_found, forbidden, bad_request for a cursor of another list
 */
export async function listActivity(
  shards: ReadShards,
  caller: Actor,
  request: ActivityRequest,
): Promise<{ items: ActivityJson[]; next_cursor: string | null }> {
  const limit = request.limit ?? limits.activityItemsDefault;
  const places = request.cursor === undefined ? undefined : decodeCursor(scanPlaces, request.cursor);
  const top = request.in === undefined ? undefined : await findNode(shards, caller, request.in);
  const spaceIds = top === undefined ? await spacesOf(shards, caller) : [top.row.space_id];
  const scan = new ActivityScan(shards, spaceIds, places);
  const gathering = new Gathering();
  const lay = new Map<NodeId, NodeId>();
  let left = limits.activityScanMax;
  let over = false;
  while (!over && left > 0) {
    const entries = await scan.peek(Math.min(peekedMax, left));
    over = entries.length < Math.min(peekedMax, left);
    const seen = await seeEntries(shards, caller, entries, lay);
    const inTop = top === undefined ? undefined : await findBelow(shards, top, [...seen.nodes.keys()]);
    for (const entry of entries) {
      const happening = isAsked(entry, request.actor, inTop) ? happeningOf(entry, seen, lay) : undefined;
      if (happening !== undefined && gathering.size === limit && gathering.isNew(happening)) {
        return answer(shards, caller, gathering, scan);
      }
      if (happening !== undefined) gathering.add(happening);
      if (!isEvent(entry) && entry.from_parent !== null) lay.set(entry.node_id, entry.from_parent);
      scan.consume(entry);
      left -= 1;
    }
  }
  return answer(shards, caller, gathering, over ? undefined : scan);
}

/** Maximum number of other users' spaces: those with the latest shares. */
const spacesMax = 50;

async function spacesOf(shards: ReadShards, caller: Actor): Promise<SpaceId[]> {
  if (!caller.receives) return [caller.spaceId];
  // Index: the primary key, in order of time.
  const { rows } = await sql<{ space_id: SpaceId }>`
    select space_id from shard.received where grantee_id = any(${uuidArray(caller.grantees)})
    group by space_id order by max(grant_id::text) desc limit ${spacesMax}`.execute(shards.of(caller.bucket).db);
  return [...new Set([caller.spaceId, ...rows.map((row) => row.space_id)])];
}

function findBelow(shards: ReadShards, { row }: PlacedNode, ids: readonly NodeId[]): Promise<ReadonlySet<NodeId>> {
  return findVisible(shards.ofId(row.space_id), { spaceId: row.space_id, rootId: row.id }, ids);
}

/** @param inTop nodes in the requested folder; moves out of it also count */
function isAsked(entry: Entry, actor: string | undefined, inTop: ReadonlySet<NodeId> | undefined): boolean {
  if (actor !== undefined && entry.actor !== actor) return false;
  if (inTop === undefined || inTop.has(entry.node_id)) return true;
  return !isEvent(entry) && entry.from_parent !== null && inTop.has(entry.from_parent);
}

async function answer(shards: ReadShards, caller: Actor, gathering: Gathering, scan: ActivityScan | undefined) {
  const items = gathering.items();
  const personOf = await readPeople(
    shards,
    items.map(({ newest }) => newest.entry.actor),
  );
  const devices = await readDeviceNames(
    shards,
    caller.userId,
    items.map(({ newest }) => newest.entry.device_id),
  );
  return {
    items: items.map((item) => activityJson(item, personOf, devices)),
    next_cursor: scan === undefined ? null : encodeCursor(scan.places),
  };
}

function activityJson(
  { newest, named, nodes, oldestAt }: Gathered,
  personOf: (id: UserId) => ActivityJson["actor"],
  devices: ReadonlyMap<string, string>,
): ActivityJson {
  const { entry, verb, detail } = newest;
  const deviceName = entry.device_id === null ? undefined : devices.get(entry.device_id);
  return {
    id: idOf(entry),
    at: formatTime(entry.at),
    since: formatTime(oldestAt),
    actor: personOf(entry.actor),
    ...(entry.device_id === null
      ? {}
      : { device: { id: entry.device_id, ...(deviceName === undefined ? {} : { name: deviceName }) } }),
    verb,
    node: named.node,
    count: nodes.size,
    // Details of one node do not apply to several.
    detail: nodes.size === 1 ? detail : {},
  };
}

/** Constant id of the newest change. */
function idOf(entry: Entry): string {
  if (isEvent(entry)) return entry.id;
  const random = createHash("sha256").update(`${entry.space_id} ${entry.seq}`).digest().subarray(0, 8);
  return makeId(bucketOf(entry.space_id), Math.floor(entry.at / 1000), random);
}
