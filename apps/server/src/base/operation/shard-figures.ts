import { HoldfastError } from "@holdfast/core/errors";
import { bucketCount, toBucket } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { ShardsJson } from "@holdfast/protocol/admin-routes";
import { sql } from "kysely";
import pg from "pg";
import type { Shard, Shards } from "../db/shards.ts";

/** Databases of the accounts, with their state and approximate size. */
export async function readShards(shards: Shards): Promise<ShardsJson> {
  const counts = bucketsOf(shards);
  const items = await Promise.all(
    shards.all().map(async (shard) => {
      const { state, accounts, nodes } = await readFigures(shard);
      const buckets = counts.get(shard.id) ?? 0;
      return { name: shard.id, database: databaseOf(shard), state, buckets, accounts, nodes };
    }),
  );
  return { items, next_cursor: null };
}

function bucketsOf(shards: Shards): Map<string, number> {
  const counts = new Map<string, number>();
  for (let bucket = 0; bucket < bucketCount; bucket += 1) {
    const { id } = shards.of(toBucket(bucket));
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** Without the password. The driver reads the URL, because that of a Unix socket has no host, and is no URL elsewhere. */
function databaseOf({ connection }: Shard): string {
  if (connection.connectionString === undefined) return "embedded";
  const { host, port, database = "" } = new pg.Client(connection);
  const shown = host.includes(":") ? `[${host}]` : host;
  return `${shown}${port === 5432 ? "" : `:${port}`}/${database}`;
}

type Figures = Pick<ShardsJson["items"][number], "state" | "accounts" | "nodes">;

async function readFigures(shard: Shard): Promise<Figures> {
  try {
    const [accounts, nodes] = [await countRows(shard, "users"), await countRows(shard, "nodes")];
    return { state: "ok", accounts, nodes };
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== "unavailable") throw error;
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
