import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, SpaceId, UserId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { byteaArray, hashArray, int8Array } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import { assertRoom, type StoredFigures } from "../../tree/weight/stored-bytes.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { isOwed } from "./owed-copies.ts";

/** A younger `since` is not renewed: the 7 days may be an hour shorter, but most requests write nothing. */
const renewalMsMax = 3600_000;

/**
 * Renews `since`. Reads the shard first: with a recent `since` the row stays for days, so its holder stays, and the
 * cell's result stays valid. A row locked by others counts as not held, because a commit may hold it and wait for this
 * call; its bytes are then sent again.
 * @returns hashes in hex
 */
export async function findHeld(
  shard: Kysely<ShardTables>,
  cell: Kysely<CellTables>,
  spaceId: SpaceId,
  hashes: readonly Uint8Array[],
  { now, uploader, lifetimeMs, debtors }: Asking,
): Promise<Set<string>> {
  const by = uploader ?? null;
  const renewalMicros = Math.min(renewalMsMax, lifetimeMs / 8) * 1000;
  const { rows } = await sql<{ hash: Buffer }>`
    with asked as (
      select hash, since < ${Math.trunc(now - renewalMicros)}::int8 or uploader <> coalesce(${by}::uuid, uploader) as stale
      from shard.space_blocks where space_id = ${spaceId} and hash = any(${byteaArray(hashes)})
    ), locked as (
      select hash from shard.space_blocks
      where space_id = ${spaceId} and hash in (select hash from asked where stale)
      for no key update skip locked
    ), renewed as (
      update shard.space_blocks as block
      set since = greatest(block.since, ${now}::int8), uploader = coalesce(${by}::uuid, block.uploader)
      from locked where block.space_id = ${spaceId} and block.hash = locked.hash
      returning block.hash
    )
    select hash from asked where not stale union all select hash from renewed`.execute(shard);
  if (rows.length === 0) return new Set();
  const { rows: live } = await sql<{ hash: Buffer }>`
    select holder.hash from cell.holders as holder
    where holder.space_id = ${spaceId} and holder.hash = any(${byteaArray(rows.map(({ hash }) => hash))})
      and exists (select from cell.blocks as block where block.hash = holder.hash and block.state = 'live'
        and not ${isOwed(debtors)})`.execute(cell);
  return new Set(live.map(({ hash }) => hash.toString("hex")));
}

export interface Asking {
  readonly now: number;
  /** Account that sent the blocks again, and becomes their uploader. */
  readonly uploader?: UserId;
  /** Time for which an unreferenced row stays. */
  readonly lifetimeMs: number;
  /** Stores whose debts do not count as held. */
  readonly debtors: readonly string[];
}

/** Returns the hashes whose bytes already count as stored. Index: the primary key. */
export async function findCounted(
  shard: Kysely<ShardTables>,
  spaceId: SpaceId,
  hashes: readonly HashHex[],
): Promise<Set<HashHex>> {
  const { rows } = await sql<{ hash: HashHex }>`
    select encode(hash, 'hex') as hash from shard.space_blocks
    where space_id = ${spaceId} and hash = any(${hashArray(hashes)}) and counted`.execute(shard);
  return new Set(rows.map(({ hash }) => hash));
}

/** Index: the primary key. @throws HoldfastError not_found */
export async function readStored(shard: Kysely<ShardTables>, spaceId: SpaceId): Promise<StoredFigures> {
  const { rows } = await sql<StoredFigures>`
    select stored_bytes, quota_bytes from shard.spaces where id = ${spaceId}`.execute(shard);
  if (rows[0] === undefined) throw new HoldfastError("not_found", "There is no such space.");
  return rows[0];
}

export interface SpaceBlock {
  readonly hash: Uint8Array;
  readonly sizeBytes: number;
  readonly stamp: number;
}

/**
 * Runs last before the response. Locks the space row first, like every commit, to avoid deadlocks.
 * @param blocks each hash once
 * @throws HoldfastError not_found, quota
 */
export async function insertSpaceBlocks(
  shard: Kysely<ShardTables>,
  spaceId: SpaceId,
  uploader: UserId,
  blocks: readonly SpaceBlock[],
  now: number,
): Promise<void> {
  for (let start = 0; start < blocks.length; start += rowsPerTransaction) {
    await insertSlice(shard, spaceId, uploader, blocks.slice(start, start + rowsPerTransaction), now);
  }
}

/** About 20 ms under the space lock. */
const rowsPerTransaction = 1000;

async function insertSlice(
  shard: Kysely<ShardTables>,
  spaceId: SpaceId,
  uploader: UserId,
  blocks: readonly SpaceBlock[],
  now: number,
): Promise<void> {
  await inTransaction(shard, async (transaction) => {
    const { rows } = await sql`select from shard.spaces where id = ${spaceId} for no key update`.execute(transaction);
    if (rows.length === 0) throw new HoldfastError("not_found", "There is no such space.");
    const { rows: figures } = await sql<StoredFigures>`
      with stored as (
        insert into shard.space_blocks as known (space_id, hash, size, refs, stamp, since, uploader)
        select ${spaceId}::uuid, hash, size, 0, stamp, ${now}::int8, ${uploader}::uuid
        from unnest(
          ${byteaArray(blocks.map(({ hash }) => hash))}, ${int8Array(blocks.map(({ sizeBytes }) => sizeBytes))},
          ${int8Array(blocks.map(({ stamp }) => stamp))}
        ) as given (hash, size, stamp)
        on conflict (space_id, hash) do update
          set stamp = greatest(known.stamp, excluded.stamp), since = greatest(known.since, excluded.since),
            uploader = excluded.uploader
        returning size, xmax = 0 as added
      )
      update shard.spaces set stored_bytes = stored_bytes + added.bytes
      from (select coalesce(sum(size), 0) as bytes from stored where added) as added
      where id = ${spaceId} and added.bytes > 0
      returning stored_bytes, quota_bytes`.execute(transaction);
    if (figures[0] !== undefined) assertRoom(figures[0], 0);
  });
}
