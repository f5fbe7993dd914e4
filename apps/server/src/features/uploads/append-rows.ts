import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { type Kysely, sql } from "kysely";
import type { SealedTail } from "../../packs/write/tails.ts";
import { hashArray, int8Array } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { lockBlocks, lockSpace } from "../../tree/commit/load.ts";
import { changeBlockRefs } from "../../tree/content/references.ts";
import { changeStoredBytes, countBlocks } from "../../tree/weight/stored-bytes.ts";
import { advance, type Session, type Writer } from "./session-rows.ts";

type Db = Kysely<ShardTables>;

export interface Progress {
  readonly blocksEnd: number;
  readonly durable: number;
}

/**
 * Adds stored blocks in one transaction: rows, references and the durable offset. Deletes the tail, whose bytes are now
 * in blocks. Locks the space first, as everywhere.
 * @throws HoldfastError superseded, not_found, quota; unavailable if a block is no longer held
 */
export async function appendBlocks(
  db: Db,
  writer: Writer,
  from: Progress,
  entries: readonly ManifestEntry[],
  nowMicros: number,
): Promise<Progress> {
  const { spaceId, id } = writer.session;
  const blocksEnd = entries.reduce((sum, { size }) => sum + size, from.blocksEnd);
  if (blocksEnd < from.durable) {
    throw new HoldfastError("internal", "The chunker found a cut where it found none before.");
  }
  return inTransaction(db, async (transaction) => {
    await lockSpace(transaction, spaceId);
    await advance(transaction, writer, { from, to: { blocksEnd, durable: blocksEnd } }, nowMicros);
    await holdBlocks(transaction, writer.session, entries, nowMicros);
    await sql`
      insert into shard.upload_blocks (space_id, session_id, "offset", hash, size)
      select ${spaceId}::uuid, ${id}::uuid, v."offset", v.hash, v.size
      from unnest(${int8Array(offsetsOf(from.blocksEnd, entries))},
        ${hashArray(entries.map(({ hash }) => hash))}, ${int8Array(entries.map(({ size }) => size))})
      as v ("offset", hash, size)`.execute(transaction);
    const tailBytes = await deleteTail(transaction, writer.session, 0);
    await changeStoredBytes(transaction, spaceId, -tailBytes);
    return { blocksEnd, durable: blocksEnd };
  });
}

export interface NewTail {
  readonly offset: number;
  readonly sizeBytes: number;
  readonly sealed: SealedTail;
}

/**
 * Adds bytes after the last block as one row.
 * @param tail begins at the durable offset, after existing rows, or at the last block, replacing them
 * @throws HoldfastError superseded, not_found, quota
 */
export async function appendTail(
  db: Db,
  writer: Writer,
  from: Progress,
  tail: NewTail,
  nowMicros: number,
): Promise<Progress> {
  const { generation, session } = writer;
  const to = { blocksEnd: from.blocksEnd, durable: tail.offset + tail.sizeBytes };
  return inTransaction(db, async (transaction) => {
    await lockSpace(transaction, session.spaceId);
    await advance(transaction, writer, { from, to }, nowMicros);
    const replacedBytes = await deleteTail(transaction, session, tail.offset);
    await changeStoredBytes(transaction, session.spaceId, tail.sizeBytes - replacedBytes);
    await sql`
      insert into shard.upload_tail (space_id, session_id, "offset", size, epoch, salt, generation, sealed)
      values (${session.spaceId}, ${session.id}, ${tail.offset}, ${tail.sizeBytes}, ${tail.sealed.epoch},
        ${tail.sealed.salt}, ${generation}, ${tail.sealed.sealed})`.execute(transaction);
    return to;
  });
}

/** @returns bytes of the deleted rows, which begin at or after `offset` */
async function deleteTail(transaction: Db, { spaceId, id }: Session, offset: number): Promise<number> {
  const { rows } = await sql<{ size: number }>`
    delete from shard.upload_tail where space_id = ${spaceId} and session_id = ${id} and "offset" >= ${offset}
    returning size`.execute(transaction);
  return rows.reduce((sum, { size }) => sum + size, 0);
}

export interface TailRow {
  readonly offset: number;
  readonly size: number;
  readonly epoch: number;
  readonly salt: Buffer;
  readonly generation: number;
  readonly sealed: Buffer;
}

/** Index: primary key. */
export async function readTailRows(db: Db, { spaceId, id }: Session): Promise<TailRow[]> {
  const { rows } = await sql<TailRow>`
    select "offset", size, epoch, salt, generation, sealed from shard.upload_tail
    where space_id = ${spaceId} and session_id = ${id} order by "offset"`.execute(db);
  return rows;
}

/** Index: primary key. */
export async function readEntries(db: Db, { spaceId, id }: Session): Promise<ManifestEntry[]> {
  const { rows } = await sql<{ hash: Buffer; size: number }>`
    select hash, size from shard.upload_blocks where space_id = ${spaceId} and session_id = ${id}
    order by "offset"`.execute(db);
  return rows.map(({ hash, size }) => ({ hash: hash.toString("hex") as HashHex, size }));
}

async function holdBlocks(
  transaction: Db,
  { spaceId }: Session,
  entries: readonly ManifestEntry[],
  nowMicros: number,
): Promise<void> {
  const counts = new Map<HashHex, number>();
  for (const { hash } of entries) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  const held = await lockBlocks(transaction, spaceId, [...counts.keys()]);
  // The blocks were just stored and are kept for days, but without the block's row a reference protects nothing.
  if (entries.some(({ hash, size }) => held.sizes.get(hash) !== size)) {
    throw new HoldfastError(
      "unavailable",
      "A block was removed before the upload could hold it. Send the piece again.",
    );
  }
  await countBlocks(
    transaction,
    spaceId,
    [...counts.keys()].filter((hash) => held.uncounted.has(hash)),
  );
  await changeBlockRefs(transaction, spaceId, counts, nowMicros);
}

function offsetsOf(start: number, entries: readonly ManifestEntry[]): number[] {
  let offset = start;
  return entries.map(({ size }) => {
    offset += size;
    return offset - size;
  });
}
