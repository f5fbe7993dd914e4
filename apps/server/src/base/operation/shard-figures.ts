import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { BucketRangeJson, ShardJson } from "@holdfast/protocol/shard-routes";
import { sql } from "kysely";
import pg from "pg";
import { codeOf } from "../db/database-error.ts";
import type { BucketRange } from "../db/bucket-columns.ts";
import type { Databases, Shard } from "../db/shards.ts";

/** Databases of the accounts, with their state and approximate size. */
export function readShards(databases: Databases): Promise<ShardJson[]> {
  return Promise.all(databases.configured().map((shard) => readShard(databases, shard)));
}

export async function readShard({ assigned }: Pick<Databases, "assigned">, shard: Shard): Promise<ShardJson> {
  const ranges = assigned()[shard.id] ?? [];
  const buckets = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  // The database of a shard without buckets may have no tables yet.
  const figures = ranges.length === 0 ? await readNone(shard) : await readFigures(shard);
  return { name: shard.id, database: databaseOf(shard), buckets, ranges: ranges.map(rangeJson), ...figures };
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

/** Without the password. The driver reads the URL, because that of a Unix socket has no host, and is no URL elsewhere. */
function databaseOf({ connection }: Shard): string {
  if (connection.connectionString === undefined) return "embedded";
  const { host, port, database = "" } = new pg.Client(connection);
  const shown = host.includes(":") ? `[${host}]` : host;
  return `${shown}${port === 5432 ? "" : `:${port}`}/${database}`;
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
