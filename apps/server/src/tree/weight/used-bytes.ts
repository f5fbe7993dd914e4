import { HoldfastError } from "@holdfast/core/errors";
import { unlikeBytes } from "@holdfast/core/format-bytes";
import type { SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { ShardQueries, SpaceRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { settleWarning } from "./quota-warning.ts";
import { raiseQuota } from "./raise-quota.ts";

export interface UseChange {
  readonly usedBytes: number;
  readonly metadataBytes: number;
  /** Newest journal entry; null if there is no new one. */
  readonly seq: number | null;
}

/** The caller holds the space lock, and has checked increases. @returns true if a message was enqueued */
export async function changeUse(transaction: ShardQueries, spaceId: SpaceId, change: UseChange): Promise<boolean> {
  const { usedBytes, metadataBytes, seq } = change;
  if (usedBytes === 0 && metadataBytes === 0 && seq === null) return false;
  const { rows } = await sql<SpaceRow>`
    update shard.spaces set seq = coalesce(${seq}::int8, seq), used_bytes = used_bytes + ${usedBytes},
      metadata_bytes = metadata_bytes + ${metadataBytes} where id = ${spaceId} returning *`.execute(transaction);
  return usedBytes !== 0 && rows[0] !== undefined && settleWarning(transaction, rows[0]);
}

/** @throws HoldfastError quota unless this many more bytes of files fit */
export function assertFree(freeBytes: number, addedBytes: number): void {
  if (addedBytes <= 0 || addedBytes <= freeBytes) return;
  const [needed, free] = unlikeBytes(addedBytes, Math.max(0, freeBytes));
  throw new HoldfastError(
    "quota",
    `This needs ${needed}, and ${free} is free in your quota. Empty the trash. ${raiseQuota}`,
    {
      body: { free_bytes: Math.max(0, freeBytes), needed_bytes: addedBytes },
    },
  );
}

/**
 * Rounds free bytes for early rejections of callers who cannot read the space. Otherwise they could find the exact
 * value by trying sizes. An actual upload is checked against the exact value.
 * @returns the next power of two
 */
export function roundedFreeBytes(freeBytes: number): number {
  return freeBytes <= 0 ? 0 : 2 ** Math.ceil(Math.log2(freeBytes));
}

/** Returns the bytes that files may still take; infinite without a quota. Index: the primary key. */
export async function readFreeBytes(shards: Shards, spaceId: SpaceId): Promise<number> {
  const { rows } = await sql<Pick<SpaceRow, "used_bytes" | "quota_bytes">>`
    select used_bytes, quota_bytes from shard.spaces where id = ${spaceId}`.execute(shards.ofId(spaceId).db);
  const { used_bytes: used = 0, quota_bytes: quota = null } = rows[0] ?? {};
  return quota === null ? Infinity : quota - used;
}
