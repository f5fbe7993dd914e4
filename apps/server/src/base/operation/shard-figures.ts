import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { BucketRangeJson, ShardJson } from "@holdfast/protocol/shard-routes";
import { sql } from "kysely";
import { codeOf } from "../db/database-error.ts";
import { databaseName } from "../db/database-name.ts";
import type { BucketRange } from "../db/bucket-columns.ts";
import type { Databases, Shard } from "../db/shards.ts";

/** Databases of the accounts, with their state and approximate size. */
export function readShards(databases: Databases): Promise<ShardJson[]> {
  return Promise.all(databases.configured().map((shard) => readShard(databases, shard)));
}

export async function readShard(
  { assigned, replicas }: Pick<Databases, "assigned" | "replicas">,
  shard: Shard,
): Promise<ShardJson> {
  const ranges = assigned()[shard.id] ?? [];
  const buckets = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  // The database of a shard without buckets may have no tables yet.
  const [figures, states] = await Promise.all([
    ranges.length === 0 ? readNone(shard) : readFigures(shard),
    replicas(shard.id),
  ]);
  return {
    name: shard.id,
    database: databaseName(shard.connection),
    buckets,
    ranges: ranges.map(rangeJson),
    ...figures,
    replicas: states.map(({ database, state, behindBytes }) => ({
      database,
      state,
      behind_bytes: behindBytes ?? null,
    })),
  };
}

export function rangeJson([first, last]: BucketRange): BucketRangeJson {
  return { first, last };
}

async function readNone({ db }: Shard): Promise<Figures> {
  return unlessUnreachable(async () => {
    await sql`select 1`.execute(db);
    return { state: "ok", accounts: 0, nodes: 0 };
  });
}

type Figures = Pick<ShardJson, "state" | "accounts" | "nodes">;

async function readFigures(shard: Shard): Promise<Figures> {
  return unlessUnreachable(async () => {
    const [accounts, nodes] = [await countRows(shard, "users"), await countRows(shard, "nodes")];
    return { state: "ok", accounts, nodes };
  });
}

async function unlessUnreachable(read: () => Promise<Figures>): Promise<Figures> {
  try {
    return await read();
  } catch (error) {
    // Also a wrong password or name of the database.
    const isRejected = /^(28|3D)/.test(codeOf(error) ?? "");
    if (!isRejected && (!(error instanceof HoldfastError) || error.code !== "unavailable")) throw error;
    return { state: "unreachable", accounts: null, nodes: null };
  }
}

/** Beyond the counting limit, the database's estimate. */
async function countRows({ db }: Shard, table: "users" | "nodes"): Promise<number> {
  const { rows } = await sql<{ counted: number; estimated: number }>`
    select (select count(*) from (
        select from ${sql.table(`shard.${table}`)} limit ${limits.countedPerCall + 1}) met) as counted,
      (select reltuples::int8 from pg_class where oid = ${`shard.${table}`}::regclass) as estimated`.execute(db);
  const { counted = 0, estimated = 0 } = rows[0] ?? {};
  return counted > limits.countedPerCall ? Math.max(counted, estimated) : counted;
}
