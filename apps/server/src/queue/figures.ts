import { type Kysely, sql } from "kysely";
import type { ShardTables } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";

/** Of the messages of one kind, on all shards. */
export interface KindFigures {
  readonly kind: string;
  /** That wait or are being worked. */
  readonly waiting: number;
  readonly dead: number;
  /** Since the oldest that waits or is being worked was put in; 0 where there is none. */
  readonly oldestSeconds: number;
}

const freshMs = 10_000;

/** Read at most once in ten seconds. */
export function queueFigures(shards: Shards): () => Promise<readonly KindFigures[]> {
  let last: { readonly atMs: number; readonly figures: Promise<readonly KindFigures[]> } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.atMs > freshMs)
      last = { atMs: performance.now(), figures: readFigures(shards) };
    return last.figures;
  };
}

async function readFigures(shards: Shards): Promise<KindFigures[]> {
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

/** By messages_ages alone. Both times are the database's. */
async function readShard(db: Kysely<ShardTables>): Promise<KindFigures[]> {
  const { rows } = await sql<KindFigures>`
    select kind, count(*) filter (where state <> 'dead') as waiting, count(*) filter (where state = 'dead') as dead,
      coalesce(extract(epoch from now()) - min(created_at) filter (where state <> 'dead') / 1000000.0, 0)::float8 as "oldestSeconds"
    from shard.messages group by kind`.execute(db);
  return rows;
}
