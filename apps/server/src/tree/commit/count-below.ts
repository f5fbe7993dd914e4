import type { DeviceId, NodeId, SpaceId } from "@holdfast/core/ids";
import { type RawBuilder, sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { NodeRow, ShardQueries } from "../../base/db/shard-tables.ts";
import type { Tree } from "./tree.ts";
import { freshSince } from "./braked-change.ts";
import type { Work } from "./work.ts";

interface Counting {
  readonly max: number;
  readonly without?: readonly NodeId[];
  /** Excludes nodes that this device created after `since` (microseconds since 1970). */
  readonly fresh?: { readonly deviceId: DeviceId; readonly since: number };
}

/** Limit of the rows to read, as a multiple of the nodes to count. */
const looksOfMax = 4;

/**
 * Returns the number of live nodes below some nodes, including these, but at most `max`. Reads stored rows, so changes
 * of the running transaction are not included. Index: `nodes_live_name`.
 */
export async function countBelow(
  reader: ShardQueries,
  spaceId: SpaceId,
  ids: readonly NodeId[],
  { max, without = [], fresh }: Counting,
): Promise<number> {
  const left: RawBuilder<unknown> = without.length === 0 ? sql`` : sql`and n.id <> all(${uuidArray(without)})`;
  const counts =
    fresh === undefined
      ? sql`true`
      : sql`n.device_id is distinct from ${fresh.deviceId} or n.created_at <= ${fresh.since}`;
  const { rows } = await sql<{ count: number }>`
    with recursive below (id, kind, counts) as (
      select n.id, n.kind::text, ${counts} from unnest(${uuidArray(ids)}) as top (id)
        join shard.nodes n on n.space_id = ${spaceId} and n.id = top.id
      union all
      select n.id, n.kind, n.counts from below b cross join lateral (
        select n.id, n.kind::text, ${counts} as counts from shard.nodes n
        where n.space_id = ${spaceId} and n.parent_id = b.id and n.trashed_at is null ${left} offset 0
      ) n where b.kind = 'folder'
    ), looked as (select counts from below limit ${fresh === undefined ? max : max * looksOfMax})
    select least(count(*) filter (where counts), ${max})::int8 as count from looked`.execute(reader);
  return rows[0]?.count ?? 0;
}

/** Counts a folder that this transaction deletes: with nodes moved into it before, without nodes moved out of it. */
export async function countGoing(
  { reader, space, tree, nowMicros }: Work,
  id: NodeId,
  { deviceId, max }: { readonly deviceId: DeviceId; readonly max: number },
): Promise<number> {
  const elsewhere: NodeId[] = [];
  const inside: NodeId[] = [];
  const isInside = insideOf(tree, id);
  for (const { before, after } of tree.changes()) {
    if (before === undefined || after.id === id) continue;
    const isMoved = before.parent_id !== after.parent_id || before.trashed_at !== after.trashed_at;
    if (!isMoved) continue;
    elsewhere.push(after.id);
    if (after.trashed_at === null && isInside(after)) inside.push(after.id);
  }
  return countBelow(reader, space.id, [id, ...inside], {
    max,
    without: elsewhere,
    fresh: { deviceId, since: freshSince(nowMicros) },
  });
}

/** Checks each ancestor once. The move has loaded all of them. */
function insideOf(tree: Pick<Tree, "known">, folderId: NodeId): (row: NodeRow) => boolean {
  const seen = new Map<NodeId, boolean>([[folderId, true]]);
  return (row) => {
    const passed: NodeId[] = [];
    let found: boolean | undefined;
    for (let id = row.parent_id; id !== null && found === undefined; id = tree.known(id)?.parent_id ?? null) {
      found = seen.get(id);
      if (found === undefined) passed.push(id);
    }
    for (const id of passed) seen.set(id, found === true);
    return found === true;
  };
}
