import { type Kysely, sql } from "kysely";
import { textArray } from "../db/array-parameters.ts";
import type { ShardTables } from "../db/shard-tables.ts";
import type { Shard } from "../db/shards.ts";
import { workerConnection } from "./neighbours.ts";

export interface KindFigures {
  readonly kind: string;
  /** Overdue messages that wait or run. Exact up to 100,000. */
  readonly waiting: number;
  readonly dead: number;
  /** Age of the oldest of those; 0 without any. */
  readonly oldestSeconds: number;
}

interface CountedShards {
  all(): readonly Pick<Shard, "db">[];
}

const freshMs = 10_000;

/** Cached for ten seconds. */
export function queueFigures(shards: CountedShards): () => Promise<readonly KindFigures[]> {
  let last: { readonly atMs: number; readonly figures: Promise<readonly KindFigures[]> } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.atMs > freshMs)
      last = { atMs: performance.now(), figures: readFigures(shards) };
    return last.figures;
  };
}

async function readFigures(shards: CountedShards): Promise<KindFigures[]> {
  const byKind = new Map<string, KindFigures>();
  const rows = await Promise.all(shards.all().map(({ db }) => readShard(db)));
  for (const row of rows.flat()) {
    const { kind, waiting, dead, oldestSeconds } = byKind.get(row.kind) ?? {
      ...row,
      waiting: 0,
      dead: 0,
      oldestSeconds: 0,
    };
    byKind.set(row.kind, {
      kind,
      waiting: waiting + row.waiting,
      dead: dead + row.dead,
      oldestSeconds: Math.max(oldestSeconds, row.oldestSeconds),
    });
  }
  return [...byKind.values()];
}

/** Limits the cost for a huge queue: higher counts stay at this value. */
const countMax = 100_000;

/** Skips from kind to kind with one index. Both times are the database's. Index: messages_ages. */
async function readShard(db: Kysely<ShardTables>): Promise<KindFigures[]> {
  const { rows } = await sql<KindFigures>`
    with recursive kinds (kind) as (
      (select kind from shard.messages order by kind limit 1)
      union all
      select next.kind from kinds cross join lateral (
        select m.kind from shard.messages m where m.kind > kinds.kind order by m.kind limit 1
      ) next
    ), states (state) as (values ('waiting'), ('running'), ('dead')),
    counted as (
      select k.kind, s.state, found.count, found.oldest from kinds k cross join states s cross join lateral (
        select count(*) as count, min(wanted_at) as oldest from (
          select m.wanted_at from shard.messages m
          where m.kind = k.kind and m.state = s.state and m.wanted_at <= (extract(epoch from now()) * 1000000)::int8
          order by m.wanted_at limit ${countMax}
        ) one
      ) found
    )
    select kind, sum(count) filter (where state <> 'dead') as waiting, sum(count) filter (where state = 'dead') as dead,
      coalesce(extract(epoch from now()) - min(oldest) filter (where state <> 'dead') / 1000000.0, 0)::float8 as "oldestSeconds"
    from counted group by kind`.execute(db);
  return rows;
}

export interface Unattended {
  readonly waiting: number;
  readonly oldestMicros: number;
}

/** Workers check every ten seconds. A connection pooler may hide their connections, but not their work. */
export const unattendedMs = 30_000;

export async function hasWorker(db: Kysely<ShardTables>): Promise<boolean> {
  const { rows } = await sql`select from pg_stat_activity
    where datname = current_database() and application_name = ${workerConnection} limit 1`.execute(db);
  return rows.length > 0;
}

/**
 * Counts up to 100,000 due messages on a shard without a worker, and those whose worker has ended. Indexes: messages_due,
 * messages_leases.
 * @param except not counted; they only start work that is stored elsewhere
 * @returns undefined if a worker is connected, or nothing has been due for long
 */
export async function readUnattended(
  db: Kysely<ShardTables>,
  except: { readonly kind: string; readonly keys: readonly string[] },
): Promise<Unattended | undefined> {
  if (await hasWorker(db)) return undefined;
  const now = sql`(extract(epoch from now()) * 1000000)::int8`;
  const { rows } = await sql<{ waiting: number; oldest: number | null }>`
    select count(*)::int as waiting, min(due) as oldest from (
      (select kind, key, greatest(due_at, wanted_at) as due from shard.messages
        where state = 'waiting' and due_at <= ${now} limit ${countMax})
      union all
      (select kind, key, greatest(due_at, wanted_at) as due from shard.messages
        where state = 'running' and leased_until < ${now} limit ${countMax})
    ) late
    where due <= ${now} - ${unattendedMs} * 1000::int8 and not (kind = ${except.kind} and key = any(${textArray(except.keys)}))`.execute(
    db,
  );
  const { waiting = 0, oldest = null } = rows[0] ?? {};
  return oldest === null ? undefined : { waiting, oldestMicros: oldest };
}
