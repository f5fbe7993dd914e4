import { HoldfastError } from "@holdfast/core/errors";
import { isId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { nameSortKey } from "@holdfast/core/sort-key";
import type { SortOrder } from "@holdfast/protocol/node-routes";
import type { NodeJson, NodeRowJson } from "@holdfast/protocol/values";
import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import type { Actor } from "../actor.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { ReadShard, ReadShards } from "../../base/db/shards.ts";
import { starredAmong } from "./starred-among.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { addBlocks } from "../content/inline-blocks.ts";
import { nodeColumns } from "./lineages.ts";
import { walkFolder } from "./walk-folder.ts";
import { showMounts } from "./look-up.ts";
import { childOf, isReadable, onlySeen, type PlacedNode } from "./placed-node.ts";
import { nodeJson, nodeRow } from "./node-json.ts";
import { fittingPage } from "./page-bytes.ts";

export interface ListRequest {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly sort?: SortOrder | undefined;
  readonly recursive?: boolean | undefined;
  readonly includeBlocks?: boolean | undefined;
  readonly isUncounted?: boolean | undefined;
}

export interface NodePage {
  items: NodeJson[];
  next_cursor: string | null;
}

export interface FolderPage<Item = NodeJson> {
  items: Item[];
  next_cursor: string | null;
  /**
   * Number of children, or of all nodes below for a recursive list. Only on the first page, up to the limit of one
   * call.
   */
  total?: number;
}

/** @throws HoldfastError bad_request for a cursor of another list; invalid_field if the node is not a folder */
export async function listFolder(
  shards: ReadShards,
  caller: Actor,
  folder: PlacedNode,
  request: ListRequest,
): Promise<FolderPage> {
  const { items: nodes, ...rest } = await readPage(shards, caller, folder, request);
  const items = nodes.map((node) => nodeJson(node));
  if (request.includeBlocks === true) await addBlocks(shards.ofId(folder.row.space_id), folder.row.space_id, items);
  return { items, ...rest };
}

/** @throws HoldfastError also invalid_field for a recursive list, because a row does not contain its place */
export async function listRows(
  shards: ReadShards,
  caller: Actor,
  folder: PlacedNode,
  request: Omit<ListRequest, "includeBlocks">,
): Promise<FolderPage<NodeRowJson>> {
  if (request.recursive === true)
    throw new HoldfastError("invalid_field", "Rows can only be listed for one folder. Omit fields or recursive.", {
      field: "fields",
    });
  const { items: nodes, ...rest } = await readPage(shards, caller, folder, request);
  const isStarred = await starredAmong(shards, caller, nodes);
  return { items: nodes.map((node) => nodeRow(node, isStarred(node))), ...rest };
}

async function readPage(
  shards: ReadShards,
  caller: Actor,
  folder: PlacedNode,
  request: ListRequest,
): Promise<FolderPage<PlacedNode>> {
  if (folder.row.kind !== "folder") {
    throw new HoldfastError("invalid_field", `${folder.path} is not a folder.`, { field: "id" });
  }
  const shard = shards.ofId(folder.row.space_id);
  const limit = request.limit ?? limits.listItemsDefault;
  const isCounted = request.cursor === undefined && request.isUncounted !== true;
  const count = request.recursive === true ? countBelow : countChildren;
  const [total, { nodes, nextCursor }] = await Promise.all([
    isCounted ? count(shard, folder) : undefined,
    request.recursive === true
      ? walkFolder(shard, folder, limit, request.cursor)
      : listChildren(shard, folder, limit, request.sort ?? "name", request.cursor),
  ]);
  const items = [...(await showMounts(shards, caller, nodes.filter(isReadable)))];
  return { items, next_cursor: nextCursor, ...(total === undefined ? {} : { total }) };
}

/** Index: nodes_live_name. */
async function countChildren({ db }: ReadShard, folder: PlacedNode): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*) as total from shard.nodes
    where space_id = ${folder.row.space_id} and parent_id = ${folder.row.id} and trashed_at is null
      ${onlySeen(folder)}`.execute(db);
  return rows[0]?.total ?? 0;
}

/** undefined if there are too many. Index: nodes_parent, one step per folder, because of the order. */
async function countBelow({ db }: ReadShard, folder: PlacedNode): Promise<number | undefined> {
  const countedMax = limits.countedPerCall + 1;
  const childrenOf = (parent: RawBuilder<unknown>) => sql`(
    select id, kind from shard.nodes where space_id = ${folder.row.space_id} and parent_id = ${parent}
      and trashed_at is null ${onlySeen(folder)} order by id limit ${countedMax})`;
  const { rows } = await sql<{ total: number }>`
    with recursive below as (
      ${childrenOf(sql`${folder.row.id}`)}
      union all
      select child.* from below cross join lateral ${childrenOf(sql`below.id`)} child where below.kind = 'folder'
    )
    select count(*) as total from (select from below limit ${countedMax}) counted`.execute(db);
  const total = rows[0]?.total ?? 0;
  return total < countedMax ? total : undefined;
}

const childCursor = z.tuple([z.string(), z.union([z.string(), z.int()]), z.string().refine(isId)]);

interface SortColumn {
  readonly name: "name_key" | "sort_key" | "modified_at" | "created_at" | "size";
  /** Value in the last row of a page for a cursor, and its type for the comparison in the database. */
  readonly valueOf: (row: NodeRow) => string | number;
  readonly typed: (value: string | number) => RawBuilder<unknown>;
}

const sortColumns: Readonly<Record<string, SortColumn>> = {
  name: { name: "name_key", valueOf: (row) => row.name_key, typed: (value) => sql`${value}::text collate "C"` },
  natural: {
    name: "sort_key",
    valueOf: ({ name, kind }) => Buffer.from(nameSortKey(name, kind)).toString("hex"),
    typed: (value) => sql`decode(${value}::text, 'hex')`,
  },
  modified_at: { name: "modified_at", valueOf: (row) => row.modified_at, typed: (value) => sql`${value}::int8` },
  created_at: { name: "created_at", valueOf: (row) => row.created_at, typed: (value) => sql`${value}::int8` },
  size: { name: "size", valueOf: (row) => row.size, typed: (value) => sql`${value}::int8` },
};

async function listChildren(
  shard: ReadShard,
  folder: PlacedNode,
  limit: number,
  sort: SortOrder,
  cursor: string | undefined,
) {
  const direction = sql.raw(sort.startsWith("-") ? "desc" : "asc");
  const column = sortColumns[sort.replace("-", "")] as SortColumn;
  const { rows } = await sql<NodeRow>`
    select ${nodeColumns} from shard.nodes
    where space_id = ${folder.row.space_id} and parent_id = ${folder.row.id} and trashed_at is null
      ${onlySeen(folder)} ${after(column, sort, cursor)}
    order by ${sql.ref(column.name)} ${direction}, id ${direction}
    limit ${limit + 1}`.execute(shard.db);
  const nodes = rows.slice(0, limit).map((row) => childOf(folder, row));
  const page = fittingPage(nodes, (node) => node);
  const last = page.at(-1)?.row;
  return {
    nodes: page,
    nextCursor:
      rows.length > page.length && last !== undefined ? encodeCursor([sort, column.valueOf(last), last.id]) : null,
  };
}

/**
 * Selects rows after the last row of the previous page. Uses the values that this row had then, so it may have moved.
 */
function after(column: SortColumn, sort: SortOrder, cursor: string | undefined): RawBuilder<unknown> {
  if (cursor === undefined) return sql``;
  const [cursorSort, value, id] = decodeCursor(childCursor, cursor);
  const isHex = typeof value === "string" && /^(?:[0-9a-f]{2})*$/.test(value);
  const fits = column.name === "sort_key" ? isHex : (typeof value === "string") === (column.name === "name_key");
  if (cursorSort !== sort || !fits) {
    throw new HoldfastError("bad_request", "The cursor belongs to another sort order.", { field: "cursor" });
  }
  const direction = sql.raw(sort.startsWith("-") ? "<" : ">");
  return sql`and (${sql.ref(column.name)}, id) ${direction} (${column.typed(value)}, ${id}::uuid)`;
}
