import { isId, type NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import { textArray } from "../db/array-parameters.ts";
import type { NodeRow } from "../db/shard-tables.ts";
import type { Shard } from "../db/shards.ts";
import type { Actor } from "../metadata/actor.ts";
import { decodeCursor, encodeCursor } from "../metadata/read/cursor.ts";
import { nodeColumns } from "../metadata/read/lineages.ts";
import { findOwnNodes } from "../metadata/read/own-nodes.ts";
import type { PlacedNode } from "../metadata/read/placed-node.ts";
import type { SearchQuery } from "./search-query.ts";

export interface Found {
  readonly nodes: readonly PlacedNode[];
  /** Null: end of the results. */
  readonly nextCursor: string | null;
}

const ownCursor = z.tuple([z.int(), z.string().refine((text): text is NodeId => isId(text))]);
/** Sorts newest first; the page continues after this row. */
type Position = z.output<typeof ownCursor>;

/**
 * Finds matches in the caller's own space, latest change first. Common names are found among the newest nodes without
 * an index of names, and others by the index, which is slower with more matches. A word of one or two characters is in
 * no index. Then a limited number of nodes is scanned, and the page may be short or empty and still have a cursor.
 * @param below path of the folder to search; undefined: the whole space
 */
export async function findOwnNames(
  shard: Shard,
  caller: Actor,
  query: SearchQuery,
  { limit, cursor, below }: { readonly limit: number; readonly cursor: string | undefined; readonly below?: string },
): Promise<Found> {
  let position = cursor === undefined ? undefined : decodeCursor(ownCursor, cursor);
  const nodes: PlacedNode[] = [];
  // Nodes in trashed or other folders match but do not count. The number of rounds is limited, so the page may be
  // short.
  for (let round = 0; round < limits.searchRoundsMax; round += 1) {
    const page = await readMatching(shard, caller, query, { position, limit: limit - nodes.length });
    position = page.next;
    nodes.push(...(await livingBelow(shard, caller, page.rows, below)));
    if (position === undefined || nodes.length === limit) break;
  }
  return { nodes, nextCursor: position === undefined ? null : encodeCursor(position) };
}

interface Matching {
  readonly rows: readonly NodeRow[];
  readonly next: Position | undefined;
}

interface Slice {
  readonly position: Position | undefined;
  readonly limit: number;
}

async function readMatching(shard: Shard, caller: Actor, query: SearchQuery, slice: Slice): Promise<Matching> {
  const isIndexed = query.words.some((word) => Array.from(word).length >= 3);
  const windowRows = isIndexed ? limits.searchNewestRows : limits.searchRowsMax;
  const newest = await readNewest(shard, caller, query, slice, windowRows);
  return newest ?? (isIndexed ? readByName(shard, caller, query, slice) : lookFurther(shard, caller, query, slice));
}

/** @returns undefined if the newest nodes do not fill the page. Uses nodes_updated. */
async function readNewest(
  { db }: Shard,
  { spaceId }: Actor,
  query: SearchQuery,
  { position, limit }: Slice,
  windowRows: number,
): Promise<Matching | undefined> {
  const { rows } = await sql<NodeRow>`
    select ${nodeColumns} from (${newestOf(spaceId, position)} limit ${windowRows}) n
    where ${searched(query)} order by updated_at desc, id desc limit ${limit + 1}`.execute(db);
  return rows.length > limit ? { rows: rows.slice(0, limit), next: positionOf(rows[limit - 1]) } : undefined;
}

/** Returns all matches in the window, and its end. */
async function lookFurther(
  { db }: Shard,
  { spaceId }: Actor,
  query: SearchQuery,
  { position, limit }: Slice,
): Promise<Matching> {
  const { rows } = await sql<NodeRow & { is_end: boolean }>`
    with looked as materialized (${newestOf(spaceId, position)} limit ${limits.searchRowsMax})
    (
      select ${nodeColumns}, false as is_end from looked
      where ${searched(query)} order by updated_at desc, id desc limit ${limit}
    ) union all (
      select ${nodeColumns}, true from looked order by updated_at desc, id desc offset ${limits.searchRowsMax - 1}
    )`.execute(db);
  const found = rows.filter((row) => !row.is_end);
  return { rows: found, next: positionOf(found.length === limit ? found.at(-1) : rows.find((row) => row.is_end)) };
}

/** Uses nodes_folded_name. */
async function readByName(
  { db }: Shard,
  { spaceId }: Actor,
  query: SearchQuery,
  { position, limit }: Slice,
): Promise<Matching> {
  const { rows } = await sql<NodeRow>`
    select ${nodeColumns} from shard.nodes
    where space_id = ${spaceId} and trashed_at is null and parent_id is not null and ${searched(query)}
      ${behind(position)}
    order by updated_at desc, id desc limit ${limit + 1}`.execute(db);
  return { rows: rows.slice(0, limit), next: rows.length > limit ? positionOf(rows[limit - 1]) : undefined };
}

function newestOf(spaceId: string, position: Position | undefined): RawBuilder<unknown> {
  return sql`select * from shard.nodes
    where space_id::text = ${spaceId} and trashed_at is null and parent_id is not null ${behind(position)}
    order by updated_at desc, id desc`;
}

function behind(position: Position | undefined): RawBuilder<unknown> {
  return position === undefined ? sql`` : sql`and (updated_at, id) < (${position[0]}::int8, ${position[1]}::uuid)`;
}

function positionOf(row: NodeRow | undefined): Position | undefined {
  return row === undefined ? undefined : [row.updated_at, row.id];
}

/** Must agree with `matches`. */
function searched({ words, kinds, extensions, modified }: SearchQuery): RawBuilder<unknown> {
  const conditions = words.map((word) => sql`folded_name like ${`%${word.replace(/[\\%_]/g, "\\$&")}%`}`);
  if (kinds !== undefined) conditions.push(sql`kind = any(${textArray(kinds)})`);
  if (extensions !== undefined) {
    conditions.push(sql`substring(folded_name from '\\.([^.]*)$') = any(${textArray(extensions)})`);
  }
  if (modified !== undefined) {
    conditions.push(sql`modified_at >= ${modified.fromMicros}::int8 and modified_at < ${modified.toMicros}::int8`);
  }
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
}

async function livingBelow(
  shard: Shard,
  caller: Actor,
  rows: readonly NodeRow[],
  below: string | undefined,
): Promise<PlacedNode[]> {
  const ids = rows.map(({ id }) => id);
  const placed = await findOwnNodes(shard, caller, ids);
  return ids.flatMap((id) => {
    const node = placed.get(id);
    if (node === undefined || node.row.trashed_at !== null) return [];
    return below === undefined || node.path.startsWith(`${below}/`) ? [node] : [];
  });
}
