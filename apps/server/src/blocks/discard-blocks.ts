import type { HashHex, SpaceId, UserId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { hashArray } from "../db/array-parameters.ts";
import { inTransaction } from "../db/database.ts";
import type { ShardTables } from "../db/shard-tables.ts";
import { changeStoredBytes } from "../metadata/weight/stored-bytes.ts";

/**
 * Time that another upload has to name a block that it was told not to send, after the block was discarded. An upload that asks later renews
 * `since`, and one that comes too late is told that the block is missing, and sends it.
 */
const graceMs = 3600_000;

/** The blocks of one space that an upload has left behind. */
export interface LeftBlocks {
  readonly spaceId: SpaceId;
  /** Blocks that somebody else has sent since stay as they are. */
  readonly uploader: UserId;
  readonly hashes: readonly HashHex[];
}

export interface Discarded {
  readonly count: number;
  /** Bytes that no longer count as stored. */
  readonly bytes: number;
}

/**
 * Lets blocks go that were sent for nothing: those that no version, segment or upload session has referred to no longer count as stored, and
 * expire after the time of grace and not after `lifetimeMs`. `expireBlocks` then looks again whether something names them. A block that a version
 * referred to before does not count any more, and keeps its time. By the primary key.
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
