import { HoldfastError } from "@holdfast/core/errors";
import { isId, type NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import type { Shards } from "../db/shards.ts";
import type { Actor } from "../metadata/actor.ts";
import { decodeCursor, encodeCursor } from "../metadata/read/cursor.ts";
import type { NodePage } from "../metadata/read/list-folder.ts";
import { findNode, followMount, showMounts } from "../metadata/read/look-up.ts";
import { nodeJson } from "../metadata/read/node-json.ts";
import { isReadable, type PlacedNode } from "../metadata/read/placed-node.ts";
import { walkFolder } from "../metadata/read/walk-folder.ts";
import { type Found, findOwnNames } from "./own-names.ts";
import { findSharedTops, ownersOf } from "./shared-tops.ts";
import { matches, readQuery, type SearchQuery, type SearchText } from "./search-query.ts";

export interface SearchRequest extends SearchText {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

interface Asked {
  readonly limit: number;
  readonly cursor: string | undefined;
  /** Maximum number of names to scan one by one. */
  readonly rowsMax: number;
}

/** A space or a shared node. Places are searched one after the other. */
interface Place {
  /** Sort key; "" is the caller's own space. */
  readonly key: NodeId | "";
  readonly find: (query: SearchQuery, asked: Asked) => Promise<Found & { readonly passed?: number }>;
}

const searchCursor = z.tuple([
  z.union([z.literal(""), z.string().refine((text): text is NodeId => isId(text))]).describe("the place"),
  z.string().max(1024).nullable().describe("where to go on in it"),
]);

/**
 * Finds names that contain all words, ignoring case and accents. Searches the own space by index, latest change first.
 * Then it walks the visible part of each share, so that hidden nodes do not affect the response time. A page may be
 * short or empty and still have a cursor.
 * @throws HoldfastError not_found, invalid_field, bad_request for a cursor of another search
 */
export async function search(shards: Shards, caller: Actor, request: SearchRequest): Promise<NodePage> {
  const query = readQuery(request);
  const limit = request.limit ?? limits.listItemsDefault;
  const [fromKey, within] =
    request.cursor === undefined ? (["", null] as const) : decodeCursor(searchCursor, request.cursor);
  const places = (await placesOf(shards, caller, request)).filter(({ key }) => key >= fromKey);
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
  const shown = (await showMounts(shards, caller, nodes)).filter(isReadable);
  return { items: shown.map(nodeJson), next_cursor: nextCursor };
}

async function placesOf(shards: Shards, caller: Actor, { in: within, owner }: SearchRequest): Promise<Place[]> {
  const folder = within === undefined && caller.owns ? undefined : await folderOf(shards, caller, within ?? "root");
  if (folder?.rights !== undefined) return ofOwner(shards, caller, [{ top: folder, isNamed: false }], owner);
  const below = folder === undefined || folder.path === "/" ? undefined : folder.path;
  const tops = (await findSharedTops(shards, caller)).map((top) => ({ top, isNamed: top.shownBy === undefined }));
  const shown =
    below === undefined ? tops : tops.filter(({ top, isNamed }) => !isNamed && top.path.startsWith(`${below}/`));
  const own: Place = {
    key: "",
    find: (query, { limit, cursor }) =>
      findOwnNames(shards.of(caller.bucket), caller, query, {
        limit,
        cursor,
        ...(below === undefined ? {} : { below }),
      }),
  };
  const isOwn = owner === undefined || owner === "me" || owner === caller.userId;
  return [...(isOwn ? [own] : []), ...(await ofOwner(shards, caller, shown, owner))];
}

async function folderOf(shards: Shards, caller: Actor, id: string): Promise<PlacedNode> {
  const folder = await followMount(shards, caller, await findNode(shards, caller, id));
  if (folder.row.kind === "folder") return folder;
  throw new HoldfastError("invalid_field", `${folder.path} is not a folder.`, { field: "in" });
}

interface SharedPlace {
  readonly top: PlacedNode;
  /** True if its own name is matched. A mounted node is matched by the mount's name in the caller's own space. */
  readonly isNamed: boolean;
}

async function ofOwner(
  shards: Shards,
  caller: Actor,
  tops: readonly SharedPlace[],
  owner: string | undefined,
): Promise<Place[]> {
  if (owner === "me" || owner === caller.userId) return [];
  const owners =
    owner === undefined || owner === "others"
      ? undefined
      : await ownersOf(
          shards,
          tops.map(({ top }) => top),
        );
  const wanted = owners === undefined ? tops : tops.filter(({ top }) => owners.get(top.row.space_id) === owner);
  return wanted
    .map((place): Place => ({ key: place.top.row.id, find: (query, asked) => findBelow(shards, place, query, asked) }))
    .toSorted((left, right) => (left.key < right.key ? -1 : 1));
}

async function findBelow(
  shards: Shards,
  { top, isNamed }: SharedPlace,
  query: SearchQuery,
  { limit, cursor, rowsMax }: Asked,
): Promise<Found & { readonly passed?: number }> {
  const own = isNamed && cursor === undefined && matches(query, top.row) ? [top] : [];
  if (top.row.kind !== "folder") return { nodes: own, nextCursor: null };
  const found = await walkFolder(shards.ofId(top.row.space_id), top, limit - own.length, cursor, {
    rowsMax,
    isWanted: (row) => matches(query, row),
  });
  return { ...found, nodes: [...own, ...found.nodes] };
}
