import type { HashHex, SpaceId, UserId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { hashArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { changeStoredBytes } from "../../tree/weight/stored-bytes.ts";

/**
 * Time for another upload to commit a discarded block that it was not asked to send. An upload that checks later renews
 * `since`. One that is too late gets the block reported as missing, and sends it.
 */
const graceMs = 3600_000;

export interface LeftBlocks {
  readonly spaceId: SpaceId;
  /** Only blocks last sent by this account are discarded. */
  readonly uploader: UserId;
  readonly hashes: readonly HashHex[];
}

export interface Discarded {
  readonly count: number;
  /** Bytes that no longer count as stored. */
  readonly bytes: number;
}

/**
 * Stops counting blocks as stored that no version, segment or upload session refers to. They expire after the grace
 * period instead of `lifetimeMs`, when `expireBlocks` checks references again. A block that a version referred to
 * before no longer counts, and keeps its time. Index: the primary key.
 */
export async function discardBlocks(
  shard: Kysely<ShardTables>,
  { spaceId, uploader, hashes }: LeftBlocks,
  { nowMicros, lifetimeMs }: { readonly nowMicros: number; readonly lifetimeMs: number },
): Promise<Discarded> {
  const since = nowMicros - Math.max(0, lifetimeMs - graceMs) * 1000;
  return inTransaction(shard, async (transaction) => {
    await sql`select from shard.spaces where id = ${spaceId} for no key update`.execute(transaction);
    const { rows } = await sql<{ size: number }>`
      update shard.space_blocks set counted = false, since = least(since, ${since}::int8)
      where space_id = ${spaceId} and hash = any(${hashArray(hashes)}) and refs = 0 and counted and uploader = ${uploader}
      returning size`.execute(transaction);
    const bytes = rows.reduce((sum, { size }) => sum + size, 0);
    await changeStoredBytes(transaction, spaceId, -bytes);
    return { count: rows.length, bytes };
  });
}
