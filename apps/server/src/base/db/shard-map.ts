import { bucketCount } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import type { BucketRange } from "./bucket-columns.ts";
import type { CellTables } from "./cell-tables.ts";
import { inTransaction } from "./database.ts";
import { codeOf } from "./database-error.ts";

const bucket = z
  .int()
  .min(0)
  .max(bucketCount - 1);
const range = z.tuple([bucket, bucket]);

/**
 * - `copying`: PostgreSQL copies the buckets; the old shard serves them
 * - `frozen`: no process uses them for less than a second, so that the copy becomes equal
 * - `moved`: the new shard serves them; rows on the old one wait until no process reads them
 * - `removing`: the rows on the old shard are deleted
 * - `canceling`: the copy is deleted
 */
export const moveStates = ["copying", "frozen", "moved", "removing", "canceling"] as const;
export type MoveState = (typeof moveStates)[number];

const move = z.object({
  id: z.string(),
  buckets: range,
  from: z.string(),
  to: z.string(),
  state: z.enum(moveStates),
  /** Milliseconds since 1970, by the clock of the cell's database. */
  started_ms: z.number(),
  state_ms: z.number(),
  /** Failed and current attempts to switch. */
  freezes: z.int(),
  /** Why it does not go on. It is tried again. */
  problem: z.string().nullable(),
});
export type BucketMove = z.output<typeof move>;

const map = z.object({
  version: z.int(),
  /** By shard. The ranges of all shards cover each bucket once. */
  buckets: z.record(z.string(), z.array(range)),
  move: move.nullable(),
});

/**
 * Buckets of each shard since the first move, in the cell of bucket 0. Without it, those of the configuration apply.
 * Databases are always as configured.
 */
export type ShardMap = z.output<typeof map>;

export interface ReadMap {
  readonly map: ShardMap | undefined;
  /** By the clock of the database, which all processes share. */
  readonly nowMs: number;
}

const factName = "shard map";

export async function readShardMap(db: Kysely<CellTables>): Promise<ReadMap> {
  const { rows } = await sql<{ value: unknown; now: number }>`
    select (select value from cell.facts where name = ${factName}) as value,
      (extract(epoch from clock_timestamp()) * 1000)::int8 as now`
    .execute(db)
    .catch((error: unknown) => {
      // A new database has no tables yet.
      if (codeOf(error) === "42P01") return { rows: [] };
      throw error;
    });
  const { value, now = 0 } = rows[0] ?? {};
  return { map: value === null || value === undefined ? undefined : map.parse(value), nowMs: now };
}

/**
 * Simultaneous changes see each other. Increases the version.
 * @param next returns undefined for no change; may be called again after a conflict
 * @returns the new map, or undefined without a change
 */
export async function changeShardMap(
  db: Kysely<CellTables>,
  next: (read: ReadMap) => Omit<ShardMap, "version"> | undefined,
): Promise<ShardMap | undefined> {
  return inTransaction(db, async (transaction) => {
    // Locks the row, also if it is new.
    await sql`insert into cell.facts (name, value) values (${factName}, 'null') on conflict (name)
      do update set value = cell.facts.value`.execute(transaction);
    const read = await readShardMap(transaction);
    const changed = next(read);
    if (changed === undefined) return undefined;
    const stored = { ...changed, version: (read.map?.version ?? 0) + 1 };
    await sql`update cell.facts set value = ${JSON.stringify(stored)}::json where name = ${factName}`.execute(
      transaction,
    );
    return stored;
  });
}

/** @returns the ranges with the buckets of `moved` at `to` */
export function movedBuckets(
  buckets: ShardMap["buckets"],
  { buckets: [first, last], to }: Pick<BucketMove, "buckets" | "to">,
): ShardMap["buckets"] {
  const changed: Record<string, [number, number][]> = {};
  for (const [id, ranges] of Object.entries(buckets)) {
    changed[id] = [];
    for (const [from, until] of ranges) {
      if (from < first) changed[id].push([from, Math.min(until, first - 1)]);
      if (until > last) changed[id].push([Math.max(from, last + 1), until]);
    }
  }
  return { ...changed, [to]: joined([...(changed[to] ?? []), [first, last]]) };
}

function joined(ranges: readonly BucketRange[]): [number, number][] {
  const result: [number, number][] = [];
  for (const [first, last] of ranges.toSorted(([left], [right]) => left - right)) {
    const before = result.at(-1);
    if (before !== undefined && before[1] + 1 === first) before[1] = last;
    else result.push([first, last]);
  }
  return result;
}

/** Confirmation of the map by a process that uses the shards, while buckets move. */
export interface MapReader {
  readonly id: string;
  /** Host and process, for people. */
  readonly name: string;
  readonly version: number;
  /** Why this process cannot apply the map. */
  readonly problem: string | null;
  /** By the clock of the database. */
  readonly seenMs: number;
}

const readerPrefix = "shard map reader ";

export async function confirmMap(db: Kysely<CellTables>, reader: Omit<MapReader, "seenMs">): Promise<void> {
  await sql`insert into cell.facts (name, value)
    values (${readerPrefix + reader.id}, json_build_object('name', ${reader.name}::text, 'version', ${reader.version}::int8,
      'problem', ${reader.problem}::text, 'seenMs', (extract(epoch from clock_timestamp()) * 1000)::int8))
    on conflict (name) do update set value = excluded.value`.execute(db);
}

export async function readMapReaders(db: Kysely<CellTables>): Promise<MapReader[]> {
  const { rows } = await sql<{ name: string; value: Omit<MapReader, "id"> }>`
    select name, value from cell.facts where starts_with(name, ${readerPrefix})`.execute(db);
  return rows.map(({ name, value }) => Object.assign(value, { id: name.slice(readerPrefix.length) }));
}

/** @param id undefined: all */
export async function forgetMapReaders(db: Kysely<CellTables>, id?: string): Promise<void> {
  await sql`delete from cell.facts where starts_with(name, ${readerPrefix + (id ?? "")})`.execute(db);
}
