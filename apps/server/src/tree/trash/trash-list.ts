import { isId, type NodeId, type SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { z } from "zod";
import type { Actor } from "../actor.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { ReadShard, ReadShards } from "../../base/db/shards.ts";
import { assertMay } from "../rights/roles.ts";
import { decodeCursor, encodeCursor } from "../read/cursor.ts";
import type { NodePage } from "../read/list-folder.ts";
import { findNode, findNodes, followMount } from "../read/look-up.ts";
import { type JournalHead, newestEntry } from "../read/newest-entry.ts";
import { findOwnNodes, findVisible } from "../read/own-nodes.ts";
import { nodeJson } from "../read/node-json.ts";
import { fittingPage } from "../read/page-bytes.ts";
import type { PlacedNode } from "../read/placed-node.ts";
import { starredAmong } from "../read/starred-among.ts";

const trashCursor = z.tuple([z.int(), z.string().refine(isId)]);
type Place = z.output<typeof trashCursor>;

export interface TrashRequest {
  /** Lists only items trashed from this folder or below. The folder may be in another owner's space. */
  readonly in?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** From before the list was read, for `seen` of `emptyTrash`. */
export type TrashPage = NodePage & Partial<JournalHead>;

/**
 * Lists items that were deleted themselves (not those below them), the latest first. With `in`, only items that the
 * caller may restore.
 * @throws HoldfastError not_found; forbidden if the caller cannot write in the folder; bad_request for a cursor of
 * another list
 */
export async function listTrash(shards: ReadShards, caller: Actor, request: TrashRequest): Promise<TrashPage> {
  const limit = request.limit ?? limits.listItemsDefault;
  const after = request.cursor === undefined ? undefined : decodeCursor(trashCursor, request.cursor);
  if (request.in !== undefined) return listTrashIn(shards, caller, request.in, limit, after);
  const shard = shards.of(caller.bucket);
  // Read first, so that the list contains all items up to this entry.
  const head = after === undefined && caller.owns ? await newestEntry(shard.primary, caller.spaceId) : {};
  const rows = await readTrash(shard, caller.spaceId, limit + 1, after);
  const ids = rows.slice(0, limit).map((row) => row.id);
  const placed = await findOwnNodes(shard, caller, ids);
  const page = fittingPage(rows.slice(0, limit), (row) => placed.get(row.id));
  const nodes = page.flatMap((row) => placed.get(row.id) ?? []);
  const last = page.at(-1);
  return {
    items: await withStars(shards, caller, nodes),
    next_cursor: rows.length > page.length && last !== undefined ? encodeCursor(placeOf(last)) : null,
    ...head,
  };
}

/** Rows per query, and queries per page. */
const lookedAtOnce = limits.listItemsMax;
const looksMax = 5;

/** Skips items from other folders. If there are very many, the cursor points to one of them. */
async function listTrashIn(
  shards: ReadShards,
  caller: Actor,
  id: string,
  limit: number,
  after: Place | undefined,
): Promise<NodePage> {
  const folder = await followMount(shards, caller, await findNode(shards, caller, id));
  assertMay(folder, "write");
  const { space_id: spaceId } = folder.row;
  const shard = shards.ofId(spaceId);
  const found: { readonly node: PlacedNode; readonly place: Place }[] = [];
  let place = after;
  let isOver = false;
  for (let look = 0; look < looksMax && !isOver && found.length <= limit; look += 1) {
    const rows = await readTrash(shard, spaceId, lookedAtOnce, place);
    const ids = rows.map((row) => row.id);
    const below = await findVisible(shard, { spaceId, rootId: folder.row.id }, ids);
    const seen = await findNodes(shards, caller, [...below]);
    for (const row of rows) {
      const node = row.id === folder.row.id ? undefined : seen.get(row.id);
      if (node?.row.space_id === spaceId) found.push({ node, place: placeOf(row) });
    }
    const last = rows.at(-1);
    if (last !== undefined) place = placeOf(last);
    isOver = rows.length < lookedAtOnce;
  }
  const page = fittingPage(found.slice(0, limit), ({ node }) => node);
  const rest = isOver ? undefined : place;
  const goesOn = found.length > page.length ? page.at(-1)?.place : rest;
  return {
    items: await withStars(
      shards,
      caller,
      page.map(({ node }) => node),
    ),
    next_cursor: goesOn === undefined ? null : encodeCursor(goesOn),
  };
}

async function withStars(shards: ReadShards, caller: Actor, nodes: readonly PlacedNode[]) {
  const isStarred = await starredAmong(shards, caller, nodes);
  return nodes.map((node) => nodeJson(node, isStarred(node)));
}

type Trashed = Pick<NodeRow, "trashed_at"> & { readonly id: NodeId };

function placeOf({ trashed_at: at, id }: Trashed): Place {
  return [at ?? 0, id];
}

/** Index: nodes_trash, by time descending, then id ascending. */
async function readTrash(
  shard: ReadShard,
  spaceId: SpaceId,
  count: number,
  after: Place | undefined,
): Promise<readonly Trashed[]> {
  const { rows } = await sql<Trashed>`
    select id, trashed_at from shard.nodes
    where space_id = ${spaceId} and trashed_at is not null and purged_at is null
      ${after === undefined ? sql`` : sql`and trashed_at <= ${after[0]} and (trashed_at < ${after[0]} or id > ${after[1]})`}
    order by trashed_at desc, id limit ${count}`.execute(shard.db);
  return rows;
}
