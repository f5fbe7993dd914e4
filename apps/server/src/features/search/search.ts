import { HoldfastError } from "@holdfast/core/errors";
import { isId, type NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { decodeCursor, encodeCursor } from "../../tree/read/cursor.ts";
import type { NodePage } from "../../tree/read/list-folder.ts";
import { findNode, followMount, showMounts } from "../../tree/read/look-up.ts";
import { nodeJson } from "../../tree/read/node-json.ts";
import { isReadable, type PlacedNode } from "../../tree/read/placed-node.ts";
import { starredAmong } from "../../tree/read/starred-among.ts";
import { walkFolder } from "../../tree/read/walk-folder.ts";
import { type Found, findOwnNames } from "./own-names.ts";
import { findSharedTops, ownersOf } from "./shared-tops.ts";
import { matches, readQuery, type SearchQuery, type SearchText } from "./search-query.ts";
import { comparePositions, rankOf } from "./search-rank.ts";

export interface SearchRequest extends SearchText {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

interface Asked {
  readonly limit: number;
  readonly cursor: string | undefined;
  readonly rowsMax: number;
}

/** Names in the own space and of shared nodes, or the content of a shared folder. Searched one after the other. */
interface Place {
  readonly key: NodeId | "";
  readonly find: (query: SearchQuery, asked: Asked) => Promise<Found & { readonly passed?: number }>;
}

const searchCursor = z.tuple([
  z.union([z.literal(""), z.string().refine((text): text is NodeId => isId(text))]).describe("the place"),
  z.string().max(1024).nullable().describe("where to go on in it"),
]);

/**
 * Finds names that contain all words, ignoring case and accents, best first. Searches the own space by index, together
 * with the names of shared nodes; then walks each share's visible part, so that hidden nodes do not affect the response
 * time. A page may be short or empty and still have a cursor.
 * @throws HoldfastError not_found, invalid_field, bad_request for a cursor of another search
 */
export async function search(shards: ReadShards, caller: Actor, request: SearchRequest): Promise<NodePage> {
  const query = readQuery(request);
  const limit = request.limit ?? limits.listItemsDefault;
  const [fromKey, within] =
    request.cursor === undefined ? (["", null] as const) : decodeCursor(searchCursor, request.cursor);
  const places = (await placesOf(shards, caller, query, request)).filter(({ key }) => key >= fromKey);
  const nodes: PlacedNode[] = [];
  let nextCursor: string | null = null;
  let rowsMax: number = limits.searchRowsMax;
  for (const [index, place] of places.entries()) {
    if (nodes.length === limit || index === limits.searchPlacesMax || rowsMax <= 0) {
      nextCursor = encodeCursor([place.key, null]);
      break;
    }
    const cursor = place.key === fromKey ? (within ?? undefined) : undefined;
    const found = await place.find(query, { limit: limit - nodes.length, cursor, rowsMax });
    nodes.push(...found.nodes);
    rowsMax -= found.passed ?? 0;
    if (found.nextCursor === null) continue;
    nextCursor = encodeCursor([place.key, found.nextCursor]);
    break;
  }
  // Contents of shared folders have no order, and a page has several windows or places.
  const sorted = nodes
    .map((node) => ({ node, at: [rankOf(query, node.row), node.row.updated_at, node.row.id] as const }))
    .toSorted((left, right) => (query.words.length === 0 ? 0 : comparePositions(left.at, right.at)));
  const shown = (
    await showMounts(
      shards,
      caller,
      sorted.map(({ node }) => node),
    )
  ).filter(isReadable);
  const isStarred = await starredAmong(shards, caller, shown);
  return { items: shown.map((node) => nodeJson(node, isStarred(node))), next_cursor: nextCursor };
}

async function placesOf(
  shards: ReadShards,
  caller: Actor,
  query: SearchQuery,
  { in: within, owner }: SearchRequest,
): Promise<Place[]> {
  const folder = within === undefined && caller.owns ? undefined : await folderOf(shards, caller, within ?? "root");
  if (folder?.rights !== undefined) return placesBelow(shards, await ofOwner(shards, caller, [folder], owner));
  const below = folder === undefined || folder.path === "/" ? undefined : folder.path;
  const tops = await findSharedTops(shards, caller);
  const shown = below === undefined ? tops : tops.filter((top) => !isNamed(top) && top.path.startsWith(`${below}/`));
  const theirs = await ofOwner(shards, caller, shown, owner);
  const also = theirs.filter((top) => isNamed(top) && matches(query, top.row));
  const isOwn = owner === undefined || owner === "me" || owner === caller.userId;
  const named: Place = {
    key: "",
    find: (_, asked) => findOwnNames(shards.of(caller.bucket), { caller, query, isOwn, below, also }, asked),
  };
  return [...(isOwn || also.length > 0 ? [named] : []), ...placesBelow(shards, theirs)];
}

/** True if its own name is searched. A mounted node is found by the mount's name in the own space. */
function isNamed(top: PlacedNode): boolean {
  return top.shownBy === undefined;
}

async function folderOf(shards: ReadShards, caller: Actor, id: string): Promise<PlacedNode> {
  const folder = await followMount(shards, caller, await findNode(shards, caller, id));
  if (folder.row.kind === "folder") return folder;
  throw new HoldfastError("invalid_field", `${folder.path} is not a folder.`, { field: "in" });
}

async function ofOwner(
  shards: ReadShards,
  caller: Actor,
  tops: readonly PlacedNode[],
  owner: string | undefined,
): Promise<readonly PlacedNode[]> {
  if (owner === "me" || owner === caller.userId) return [];
  if (owner === undefined || owner === "others") return tops;
  const owners = await ownersOf(shards, tops);
  return tops.filter(({ row }) => owners.get(row.space_id) === owner);
}

function placesBelow(shards: ReadShards, tops: readonly PlacedNode[]): Place[] {
  return tops
    .filter(({ row }) => row.kind === "folder")
    .map((top): Place => ({ key: top.row.id, find: (query, asked) => findBelow(shards, top, query, asked) }))
    .toSorted((left, right) => (left.key < right.key ? -1 : 1));
}

function findBelow(
  shards: ReadShards,
  top: PlacedNode,
  query: SearchQuery,
  { limit, cursor, rowsMax }: Asked,
): Promise<Found & { readonly passed: number }> {
  return walkFolder(shards.ofId(top.row.space_id), top, limit, cursor, {
    rowsMax,
    isWanted: (row) => matches(query, row),
  });
}
