import { HoldfastError } from "@holdfast/core/errors";
import { isId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { SortOrder } from "@holdfast/protocol/node-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import type { Actor } from "../actor.ts";
import type { NodeRow } from "../../db/shard-tables.ts";
import type { Shard, Shards } from "../../db/shards.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { addBlocks } from "../content/inline-blocks.ts";
import { walkFolder } from "./walk-folder.ts";
import { showMounts } from "./look-up.ts";
import { childOf, isReadable, onlySeen, type PlacedNode } from "./placed-node.ts";
import { nodeJson } from "./node-json.ts";
import { fittingPage } from "./page-bytes.ts";

export interface ListRequest {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly sort?: SortOrder | undefined;
  readonly recursive?: boolean | undefined;
  readonly includeBlocks?: boolean | undefined;
}

export interface NodePage {
  items: NodeJson[];
  next_cursor: string | null;
}

/** @throws HoldfastError bad_request for a cursor of another list, invalid_field for what is no folder */
export async function listFolder(
  shards: Shards,
  caller: Actor,
  folder: PlacedNode,
  request: ListRequest,
): Promise<NodePage> {
  if (folder.row.kind !== "folder") {
    throw new HoldfastError("invalid_field", `${folder.path} is no folder.`, { field: "id" });
  }
  const shard = shards.ofId(folder.row.space_id);
  const limit = request.limit ?? limits.listItemsDefault;
  const { nodes, nextCursor } =
    request.recursive === true
      ? await walkFolder(shard, folder, limit, request.cursor)
      : await listChildren(shard, folder, limit, request.sort ?? "name", request.cursor);
  const items = (await showMounts(shards, caller, nodes.filter(isReadable))).map(nodeJson);
  if (request.includeBlocks === true) await addBlocks(shard, folder.row.space_id, items);
  return { items, next_cursor: nextCursor };
}

const childCursor = z.tuple([z.string(), z.union([z.string(), z.number()]), z.string().refine(isId)]);
const sortColumns = { name: "name_key", modified_at: "modified_at", created_at: "created_at", size: "size" } as const;

async function listChildren(
  shard: Shard,
  folder: PlacedNode,
  limit: number,
  sort: SortOrder,
  cursor: string | undefined,
) {
  const descending = sort.startsWith("-");
  const column = sortColumns[sort.replace("-", "") as keyof typeof sortColumns];
  const { rows } = await sql<NodeRow>`
    select * from shard.nodes
    where space_id = ${folder.row.space_id} and parent_id = ${folder.row.id} and trashed_at is null
      ${onlySeen(folder)} ${after(column, descending, sort, cursor)}
    order by ${sql.ref(column)} ${sql.raw(descending ? "desc" : "asc")}, id ${sql.raw(descending ? "desc" : "asc")}
    limit ${limit + 1}`.execute(shard.db);
  const nodes = rows.slice(0, limit).map((row) => childOf(folder, row));
  const page = fittingPage(nodes, (node) => node);
  const last = page.at(-1)?.row;
  return {
    nodes: page,
    nextCursor: rows.length > page.length && last !== undefined ? encodeCursor([sort, last[column], last.id]) : null,
  };
}

/** Only what comes after the last row of the page before: by the values that it had then, wherever it is now. */
function after(column: string, descending: boolean, sort: SortOrder, cursor: string | undefined): RawBuilder<unknown> {
  if (cursor === undefined) return sql``;
  const [cursorSort, value, id] = decodeCursor(childCursor, cursor);
  if (cursorSort !== sort || (typeof value === "string") !== (column === "name_key")) {
    throw new HoldfastError("bad_request", "The cursor belongs to another sort order.", { field: "cursor" });
  }
  const typed = typeof value === "string" ? sql`${value}::text collate "C"` : sql`${value}::int8`;
  return sql`and (${sql.ref(column)}, id) ${sql.raw(descending ? "<" : ">")} (${typed}, ${id}::uuid)`;
}
