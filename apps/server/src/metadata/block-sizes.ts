import type { HashHex, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { byteaArray } from "../db/array-parameters.ts";
import type { Shards } from "../db/shards.ts";

/** The sizes of those of the blocks that the space has stored. */
export async function blockSizes(
  shards: Shards,
  spaceId: SpaceId,
  hashes: readonly HashHex[],
): Promise<Map<HashHex, number>> {
  if (hashes.length === 0) return new Map();
  // Served by the primary key.
  const { rows } = await sql<{ hash: Buffer; size: number }>`
    select b.hash, b.size from unnest(${byteaArray([...new Set(hashes)].map((hash) => Buffer.from(hash, "hex")))}) as asked (hash)
    join shard.space_blocks b on b.space_id = ${spaceId} and b.hash = asked.hash`.execute(shards.ofId(spaceId).db);
  return new Map(rows.map((row) => [row.hash.toString("hex") as HashHex, row.size]));
}
