import type { SpaceId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { byteaArray, int8Array, textArray, uuidArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { PackId } from "../format/pack-format.ts";

export interface PackRows {
  readonly packId: PackId;
  readonly epoch: number;
  readonly sizeBytes: number;
  /** In the order of the records. A repeated hash's first record gets the row. */
  readonly blocks: readonly BlockRow[];
  /** Includes records without a row. */
  readonly packedBytes?: number;
}

export interface BlockRow {
  readonly hash: Uint8Array;
  readonly recordIndex: number;
  readonly offset: number;
  readonly storedSize: number;
  readonly sizeBytes: number;
  readonly codec: "raw" | "zstd";
}

export interface Holder {
  readonly hash: Uint8Array;
  readonly spaceId: SpaceId;
}

/** Stamps of the holders: usually `stamp`, or a later one for a holder that already had it. */
export interface Stamps {
  readonly stamp: number;
  readonly later: readonly { readonly hash: Buffer; readonly spaceId: SpaceId; readonly stamp: number }[];
}

/**
 * Inserts the rows of a durable pack, and its holders, in one transaction.
 * @param holders each once, in the order of `compareHolders` for all callers, to avoid deadlocks
 * @param stamp microseconds since 1970; a holder's stamp never decreases
 */
export async function insertPack(
  db: Kysely<CellTables>,
  pack: PackRows,
  holders: readonly Holder[],
  stamp: number,
): Promise<Stamps> {
  return inTransaction(db, async (transaction) => {
    await insertPackRows(transaction, pack, { now: stamp, unreferencedSince: null });
    const { rows } = await sql<{ hash: Buffer; space_id: SpaceId; stamp: number }>`
      with held as (
        insert into cell.holders as known (hash, space_id, stamp, pack_id)
        select hash, space_id, ${stamp}::int8, ${pack.packId}::uuid
        from unnest(${byteaArray(holders.map(({ hash }) => hash))}, ${uuidArray(holders.map(({ spaceId }) => spaceId))})
          as given (hash, space_id)
        on conflict (hash, space_id) do update
          set stamp = greatest(known.stamp + 1, excluded.stamp), pack_id = excluded.pack_id
        returning hash, space_id, stamp
      )
      select hash, space_id, stamp from held where stamp <> ${stamp}::int8`.execute(transaction);
    return { stamp, later: rows.map((row) => ({ hash: row.hash, spaceId: row.space_id, stamp: row.stamp })) };
  });
}

export function compareHolders(left: Holder, right: Holder): number {
  return Buffer.compare(left.hash, right.hash) || (left.spaceId < right.spaceId ? -1 : 1);
}

export interface NewRows {
  readonly now: number;
  readonly createdAt?: number;
  readonly unreferencedSince: number | null;
}

/** Existing rows keep known damage. A pack without rows becomes live again. @returns number of new rows */
export async function insertPackRows(
  db: Kysely<CellTables>,
  { packId, epoch, sizeBytes, blocks, packedBytes = storedBytesOf(blocks) }: PackRows,
  { now, createdAt = now, unreferencedSince }: NewRows,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with made as (
      insert into cell.blocks (hash, pack_id, record_index, "offset", stored_size, size, codec, unreferenced_since)
      select hash, ${packId}::uuid, record_index, "offset", stored_size, size, codec, ${unreferencedSince}::int8
      from unnest(
        ${byteaArray(blocks.map(({ hash }) => hash))}, ${int8Array(blocks.map(({ recordIndex }) => recordIndex))},
        ${int8Array(blocks.map(({ offset }) => offset))}, ${int8Array(blocks.map(({ storedSize }) => storedSize))},
        ${int8Array(blocks.map((block) => block.sizeBytes))}, ${textArray(blocks.map(({ codec }) => codec))}
      ) as given (hash, record_index, "offset", stored_size, size, codec)
      on conflict do nothing
      returning stored_size
    ), pack as (
      insert into cell.packs as known (id, epoch, size, live_bytes, packed_bytes, created_at)
      select ${packId}::uuid, ${epoch}::int8, ${sizeBytes}::int8, coalesce(sum(stored_size), 0), ${packedBytes}::int8, ${createdAt}::int8
      from made
      on conflict (id) do update set live_bytes = known.live_bytes + excluded.live_bytes,
        packed_bytes = greatest(known.packed_bytes, excluded.packed_bytes),
        state = case when known.state = 'doomed' and excluded.live_bytes > 0 then 'live' else known.state end,
        emptied_at = case when excluded.live_bytes > 0 then null else known.emptied_at end
    )
    select count(*) as count from made`.execute(db);
  return rows[0]?.count ?? 0;
}

function storedBytesOf(blocks: readonly BlockRow[]): number {
  return blocks.reduce((sum, { storedSize }) => sum + storedSize, 0);
}
