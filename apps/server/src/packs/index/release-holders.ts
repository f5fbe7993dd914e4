import type { SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { byteaArray, int8Array } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import { isNeeded } from "./needed-copies.ts";

export interface ReleasedHolder {
  readonly hash: Buffer;
  /** Stamp of the space's row when it was removed. */
  readonly stamp: number;
}

/**
 * Releases blocks that a space no longer holds. Copies that nobody needs then wait for collection. A holder with
 * another stamp is newer and stays, so this may be repeated, delayed, and run in any order.
 */
export async function releaseHolders(
  cell: BlockCell,
  spaceId: SpaceId,
  holders: readonly ReleasedHolder[],
  nowMicros: number,
): Promise<void> {
  const sorted = holders.toSorted((left, right) => Buffer.compare(left.hash, right.hash));
  for (let start = 0; start < sorted.length; start += holdersAtOnce)
    await releaseSome(cell, spaceId, sorted.slice(start, start + holdersAtOnce), nowMicros);
}

const holdersAtOnce = 1000;

/**
 * Locks holders before blocks, in the order of their keys, as everywhere. The later of two releases sees that it was
 * the last.
 */
async function releaseSome(
  { db }: BlockCell,
  spaceId: SpaceId,
  holders: readonly ReleasedHolder[],
  nowMicros: number,
): Promise<void> {
  const hashes = byteaArray(holders.map(({ hash }) => hash));
  const stamps = int8Array(holders.map(({ stamp }) => stamp));
  await inTransaction(db, async (transaction) => {
    const { rows } = await sql<{ hash: Buffer }>`
      select holder.hash from cell.holders as holder
        join unnest(${hashes}, ${stamps}) as given (hash, stamp) on given.hash = holder.hash and given.stamp = holder.stamp
      where holder.space_id = ${spaceId} order by holder.hash for update of holder`.execute(transaction);
    if (rows.length === 0) return;
    const released = byteaArray(rows.map(({ hash }) => hash));
    await sql`delete from cell.holders where space_id = ${spaceId} and hash = any(${released})`.execute(transaction);
    await sql`select from cell.blocks where hash = any(${released}) order by hash, pack_id for no key update`.execute(
      transaction,
    );
    await sql`update cell.blocks as block set unreferenced_since = ${nowMicros}::int8
      where hash = any(${released}) and unreferenced_since is null and state <> 'doomed' and not ${isNeeded}`.execute(
      transaction,
    );
  });
}
