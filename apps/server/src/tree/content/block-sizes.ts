import type { HashHex, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { hashArray } from "../../base/db/array-parameters.ts";
import type { ReadShards } from "../../base/db/shards.ts";

export async function blockSizes(
  shards: ReadShards,
  spaceId: SpaceId,
  hashes: readonly HashHex[],
): Promise<Map<HashHex, number>> {
  if (hashes.length === 0) return new Map();
  const { rows } = await sql<{ hash: Buffer; size: number }>`
    select hash, size from shard.space_blocks
    where space_id = ${spaceId} and hash = any(${hashArray([...new Set(hashes)])})`.execute(shards.ofId(spaceId).db);
  return new Map(rows.map((row) => [row.hash.toString("hex") as HashHex, row.size]));
}
