import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { hashArray } from "../../base/db/array-parameters.ts";
import type { ShardQueries, SpaceRow } from "../../base/db/shard-tables.ts";
import { raiseQuota } from "./raise-quota.ts";

/**
 * Changes `stored_bytes`, which counts blocks once: those referred to by versions, segments and upload sessions, and
 * recent unreferenced ones (`limits.stagedLifetimeMs`). It also counts the tails of uploads. A block without references
 * no longer counts, although its bytes stay in the store until collection, so that permanent deletion frees space. The
 * caller holds the space lock.
 * @throws HoldfastError quota
 */
export async function changeStoredBytes(
  transaction: ShardQueries,
  spaceId: SpaceId,
  deltaBytes: number,
): Promise<void> {
  if (deltaBytes === 0) return;
  const { rows } = await sql<StoredFigures>`
    update shard.spaces set stored_bytes = stored_bytes + ${deltaBytes}::int8 where id = ${spaceId}
    returning stored_bytes, quota_bytes`.execute(transaction);
  if (rows[0] !== undefined && deltaBytes > 0) assertRoom(rows[0], 0);
}

export type StoredFigures = Pick<SpaceRow, "stored_bytes" | "quota_bytes">;

/** Returns the bytes that a file may still take within both limits; null without a quota. */
export function freeBytesOf(space: StoredFigures & Pick<SpaceRow, "used_bytes">): number | null {
  const { used_bytes, stored_bytes, quota_bytes } = space;
  if (quota_bytes === null) return null;
  return Math.max(0, Math.min(quota_bytes - used_bytes, limits.quotaStoredFactor * quota_bytes - stored_bytes));
}

export function hasRoom({ stored_bytes, quota_bytes }: StoredFigures, addedBytes: number): boolean {
  return quota_bytes === null || stored_bytes + addedBytes <= limits.quotaStoredFactor * quota_bytes;
}

/** @throws HoldfastError quota unless this many more bytes may be stored */
export function assertRoom(space: StoredFigures, addedBytes: number): void {
  const { stored_bytes, quota_bytes } = space;
  if (hasRoom(space, addedBytes)) return;
  throw new HoldfastError(
    "quota",
    `There is not enough space for this: with versions, trash and unfinished uploads, an account can store ${limits.quotaStoredFactor} times its quota. Delete old versions, empty the trash, or upload less. ${raiseQuota}`,
    { body: { stored_bytes, quota_bytes } },
  );
}

/** Starts counting blocks before they are referred to. The caller holds the space lock. @throws HoldfastError quota */
export async function countBlocks(
  transaction: ShardQueries,
  spaceId: SpaceId,
  hashes: readonly HashHex[],
): Promise<void> {
  if (hashes.length === 0) return;
  const { rows } = await sql<{ bytes: number }>`
    with fresh as (
      update shard.space_blocks set counted = true
      where space_id = ${spaceId} and hash = any(${hashArray(hashes)}) and not counted returning size
    ) select coalesce(sum(size), 0) as bytes from fresh`.execute(transaction);
  await changeStoredBytes(transaction, spaceId, rows[0]?.bytes ?? 0);
}
