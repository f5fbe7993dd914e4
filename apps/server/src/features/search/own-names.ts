import { isId, type NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import { textArray } from "../../base/db/array-parameters.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { ReadShard } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { decodeCursor, encodeCursor } from "../../tree/read/cursor.ts";
import { nodeColumns } from "../../tree/read/lineages.ts";
import { findOwnNodes } from "../../tree/read/own-nodes.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import type { SearchQuery } from "./search-query.ts";
import { comparePositions, folderRank, type Position, rankIs, rankOf, ranksMax } from "./search-rank.ts";

export interface Found {
  readonly nodes: readonly PlacedNode[];
  /** null: end of the results. */
  readonly nextCursor: string | null;
}

const moment = z.tuple([z.int(), z.string().refine((text): text is NodeId => isId(text))]);
type Moment = z.output<typeof moment>;

const anyRank = z.int().min(0).max(ranksMax);
/** Best matches first, then the others in windows of the caller's last changed nodes, each best first. */
const ownCursor = z.object({
  best: anyRank.describe("all matches of a lower rank stand before the windows"),
  window: z
    .object({ from: moment.nullable(), to: moment.nullable() })
    .nullable()
    .describe("the last changes of which were before `from`, and not before `to`; null: still among the best"),
  after: z
    .tuple([anyRank, ...moment.def.items])
    .readonly()
    .nullable()
    .describe("the last match given there"),
});
type State = z.output<typeof ownCursor>;

export interface NameSearch {
  readonly caller: Actor;
  readonly query: SearchQuery;
  /** false: only `also`. */
  readonly isOwn: boolean;
  /** Path of the folder to search; undefined: the whole space. */
  readonly below?: string | undefined;
  readonly also: readonly PlacedNode[];
}

/**
 * Finds matches in the caller's own space, best first. If few of the newest nodes match, the index of names finds all
 * matches, more slowly the more there are. If many do, or if a word has one or two characters and is in no index, a
 * limited number of names that are or begin with the text is ranked first; other matches are ranked within windows of a
 * limited number of nodes, latest change first. A page may be short or empty and still have a cursor.
 */
export async function findOwnNames(
  shard: ReadShard,
  names: NameSearch,
  { limit, cursor }: { readonly limit: number; readonly cursor: string | undefined },
): Promise<Found> {
  let state: State | undefined = cursor === undefined ? undefined : decodeCursor(ownCursor, cursor);
  state ??= { best: names.isOwn ? await bestRank(shard, names) : ranksMax, window: null, after: null };
  const nodes: PlacedNode[] = [];
  // Nodes in trashed or other folders match but do not count. Rounds are limited, so the page may be short.
  for (let round = 0; round < limits.searchRoundsMax; round += 1) {
    const left = limit - nodes.length;
    const part: Part =
      state.window === null || !names.isOwn
        ? await readBest(shard, names, state, left)
        : await readWindow(shard, names, { ...state, ...state.window }, left);
    nodes.push(...(await livingBelow(shard, names, part.rows)));
    if (part.next === undefined) return { nodes, nextCursor: null };
    state = part.next;
    if (nodes.length === limit) break;
  }
  return { nodes, nextCursor: encodeCursor(state) };
}

type RankedRow = NodeRow & { readonly rank: number };

interface Part {
  readonly rows: readonly RankedRow[];
  readonly next: State | undefined;
}

/** Returns the rank below which one query can find and sort the matches. */
async function bestRank(shard: ReadShard, { caller, query }: NameSearch): Promise<number> {
  if (query.words.length === 0) return 0;
  if (isIndexed(query) && !(await isCommon(shard, caller, query))) return ranksMax;
  const tooMany = Array.from({ length: beginnings }, (_, at) => {
    const starts = startsOf(caller, query, at).map((start) => sql`(select 1 from ${start} limited)`);
    return sql`select ${sql.lit(at)} as rank from (${sql.join(starts, sql` union all `)}) counted
      having count(*) > ${limits.searchBestRows}`;
  });
  const { rows } = await sql<{ rank: number }>`${sql.join(tooMany, sql` union all `)}`.execute(shard.db);
  return Math.min(beginnings, ...rows.map((row) => row.rank));
}

/** The index has only letters and digits. */
function isIndexed({ words }: SearchQuery): boolean {
  return words.some((word) => /[\p{L}\p{N}]{3}/u.test(word));
}

/** Index: nodes_updated. */
async function isCommon({ db }: ReadShard, { spaceId }: Actor, query: SearchQuery): Promise<boolean> {
  const { rows } = await sql`
    select 1 from (${newestOf(spaceId, null)} limit ${limits.searchNewestRows}) n
    where ${searched(query)} limit ${limits.searchCommonRows}`.execute(db);
  return rows.length === limits.searchCommonRows;
}

/** Ranks of names that are the text, with or without an extension, or begin with it. */
const beginnings = 4;
/** Characters of a name in the index. */
const startCharacters = 32;

/** Returns a limited number of names for each form that a name of this rank may have. Index: nodes_name_start. */
function startsOf({ spaceId }: Actor, { text }: SearchQuery, at: number): RawBuilder<unknown>[] {
  const characters = Array.from(text);
  const start = sql`left(folded_name, 32)`;
  const is = (name: readonly string[]) => sql`${start} = ${name.slice(0, startCharacters).join("")}`;
  const begins = (name: readonly string[]) =>
    name.length < startCharacters ? sql`${start} like ${`${escaped(name.join(""))}%`}` : is(name);
  const whole = characters.length < startCharacters ? [is(characters), begins([...characters, "."])] : [is(characters)];
  return (at < 2 ? whole : [begins(characters)]).map(
    (condition) => sql`(
      select * from shard.nodes
      where space_id::text = ${spaceId} and ${folderRank} = ${sql.lit(at % 2)} and ${condition}
        and trashed_at is null and parent_id is not null
      order by ${start} limit ${limits.searchBestRows + 1})`,
  );
}

/** Indexes: nodes_folded_name for all matches, nodes_name_start for those that begin with the text. */
async function readBest(
  { db }: ReadShard,
  { caller, query, isOwn, also }: NameSearch,
  { best, after }: State,
  limit: number,
): Promise<Part> {
  const ofRank = (at: number) =>
    startsOf(caller, query, at).map(
      (start) => sql`
        select *, ${sql.lit(at)} as rank from ${start} n
        where ${rankIs(query)} = ${sql.lit(at)} and ${searched(query)}`,
    );
  const all = sql`
    select *, ${rankIs(query)} as rank from shard.nodes
    where space_id = ${caller.spaceId} and trashed_at is null and parent_id is not null and ${searched(query)}`;
  // A forged cursor must not make the server read a space without an index.
  const found =
    best > beginnings && isIndexed(query)
      ? [all]
      : Array.from({ length: beginnings }, (_, at) => at)
          .slice(0, best)
          .flatMap(ofRank);
  const { rows } =
    found.length === 0 || !isOwn
      ? { rows: [] }
      : await sql<RankedRow>`
          select ${nodeColumns}, rank from (${sql.join(found, sql` union all `)}) n
          where true ${behindRanked(after)}
          order by rank, updated_at desc, id desc limit ${limit + 1}`.execute(db);
  const others = also.map(({ row }): RankedRow => ({ ...row, rank: rankOf(query, row) }));
  const left = others.filter((row) => after === null || comparePositions(positionOf(row), after) > 0);
  const merged = [...rows, ...left].toSorted((one, other) => comparePositions(positionOf(one), positionOf(other)));
  const shown = merged.slice(0, limit);
  const last = shown.at(-1);
  if (merged.length > limit && last !== undefined) {
    return { rows: shown, next: { best, window: null, after: positionOf(last) } };
  }
  const isAll = best > beginnings || !isOwn;
  return { rows: shown, next: isAll ? undefined : { best, window: { from: null, to: null }, after: null } };
}

/** Index: nodes_updated. */
async function readWindow(
  { db }: ReadShard,
  { caller, query }: NameSearch,
  { best, after, from, to }: Omit<State, "window"> & NonNullable<State["window"]>,
  limit: number,
): Promise<Part> {
  const notBefore = to === null ? sql`` : sql`and (updated_at, id) >= (${to[0]}::int8, ${to[1]}::uuid)`;
  const { rows } = await sql<RankedRow & { edge: "first" | "last" | null }>`
    with looked as materialized (
      ${newestOf(caller.spaceId, from, notBefore)} limit ${limits.searchRowsMax}
    )
    (
      select ${nodeColumns}, rank, null::text as edge
      from (select *, ${rankIs(query)} as rank from looked where ${searched(query)}) n
      where rank >= ${best} ${behindRanked(after)}
      order by rank, updated_at desc, id desc limit ${limit + 1}
    ) union all (
      select ${nodeColumns}, 0, 'first' from looked order by updated_at desc, id desc limit 1
    ) union all (
      select ${nodeColumns}, 0, 'last' from looked order by updated_at desc, id desc offset ${limits.searchRowsMax - 1}
    )`.execute(db);
  const found = rows.filter((row) => row.edge === null);
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const end = to ?? momentOf(rows.find((row) => row.edge === "last"));
  if (found.length > limit && last !== undefined) {
    // Later nodes would push others out of the first window.
    const begin = from ?? justAfter(rows.find((row) => row.edge === "first"));
    return { rows: shown, next: { best, window: { from: begin, to: end }, after: positionOf(last) } };
  }
  return { rows: shown, next: end === null ? undefined : { best, window: { from: end, to: null }, after: null } };
}

function newestOf(spaceId: string, from: Moment | null, also = sql``): RawBuilder<unknown> {
  const before = from === null ? sql`` : sql`and (updated_at, id) < (${from[0]}::int8, ${from[1]}::uuid)`;
  return sql`select * from shard.nodes
    where space_id::text = ${spaceId} and trashed_at is null and parent_id is not null ${before} ${also}
    order by updated_at desc, id desc`;
}

function behindRanked(after: Position | null): RawBuilder<unknown> {
  if (after === null) return sql``;
  const [last, at, id] = after;
  return sql`and (rank > ${last} or (rank = ${last} and (updated_at, id) < (${at}::int8, ${id}::uuid)))`;
}

function positionOf(row: RankedRow): Position {
  return [row.rank, row.updated_at, row.id];
}

function momentOf(row: NodeRow | undefined): Moment | null {
  return row === undefined ? null : [row.updated_at, row.id];
}

function justAfter(row: NodeRow | undefined): Moment | null {
  return row === undefined ? null : [row.updated_at + 1, row.id];
}

function escaped(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

/** Must agree with `matches`. */
function searched({ words, kinds, extensions, modified }: SearchQuery): RawBuilder<unknown> {
  const conditions = words.map((word) => sql`folded_name like ${`%${escaped(word)}%`}`);
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
  shard: ReadShard,
  { caller, below, also }: NameSearch,
  rows: readonly NodeRow[],
): Promise<PlacedNode[]> {
  const known = new Map(also.map((node) => [node.row.id, node]));
  const ids = rows.map(({ id }) => id);
  const placed = await findOwnNodes(
    shard,
    caller,
    ids.filter((id) => !known.has(id)),
  );
  return ids.flatMap((id) => {
    const other = known.get(id);
    if (other !== undefined) return [other];
    const node = placed.get(id);
    if (node === undefined || node.row.trashed_at !== null) return [];
    return below === undefined || node.path.startsWith(`${below}/`) ? [node] : [];
  });
}
