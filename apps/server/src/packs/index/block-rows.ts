import type { HashHex, SpaceId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { hashArray, textArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import type { PackId } from "../format/pack-format.ts";
import { isOwed, owedPacks } from "./owed-copies.ts";

export interface BlockPlace {
  readonly hash: HashHex;
  readonly packId: PackId;
  readonly epoch: number;
  readonly recordIndex: number;
  readonly offset: number;
  readonly storedSize: number;
  readonly sizeBytes: number;
  readonly codec: "raw" | "zstd";
  /** The reading space stored this copy itself. */
  readonly isOwn: boolean;
}

type BlockState = CellTables["cell.blocks"]["state"];

/**
 * Returns every readable copy, the best first: the space's own, then live ones before doomed ones, which stay readable
 * until their pack is deleted. The codec of another space's copy would reveal that the other space has the block.
 * @param spaceId undefined if only existence matters
 * @param hashes each once
 * @param states damaged: copies that could not be read may be readable again
 */
export async function findPlaces(
  cell: Kysely<CellTables>,
  spaceId: SpaceId | undefined,
  hashes: readonly HashHex[],
  states: readonly BlockState[] = ["live", "doomed"],
): Promise<Map<HashHex, BlockPlace[]>> {
  const { rows } = await sql<Omit<BlockPlace, "hash"> & { hash: Buffer }>`
    select block.hash, block.pack_id as "packId", pack.epoch, block.record_index as "recordIndex", block."offset",
      block.stored_size as "storedSize", block.size as "sizeBytes", block.codec,
      holder.hash is not null as "isOwn"
    from cell.blocks as block join cell.packs as pack on pack.id = block.pack_id
      left join cell.holders as holder
        on holder.space_id = ${spaceId ?? null}::uuid and holder.hash = block.hash and holder.pack_id = block.pack_id
    where block.hash = any(${hashArray(hashes)}) and block.state = any(${textArray(states)})
    order by holder.hash is not null desc, block.state = 'live' desc, pack.state = 'live' desc, pack.created_at desc`.execute(
    cell,
  );
  const places = new Map<HashHex, BlockPlace[]>();
  for (const row of rows) {
    const place = { ...row, hash: row.hash.toString("hex") as HashHex };
    const known = places.get(place.hash);
    if (known === undefined) places.set(place.hash, [place]);
    else known.push(place);
  }
  return places;
}

export async function findStored(
  shard: Kysely<ShardTables>,
  spaceId: SpaceId,
  hashes: readonly HashHex[],
): Promise<Set<HashHex>> {
  const { rows } = await sql<{ hash: Buffer }>`
    select hash from shard.space_blocks
    where space_id = ${spaceId} and hash = any(${hashArray(hashes)})`.execute(shard);
  return new Set(rows.map(({ hash }) => hash.toString("hex") as HashHex));
}

/**
 * @param now microseconds since 1970
 * @returns true if the copy was whole before
 */
export async function markDamaged(
  cell: Kysely<CellTables>,
  { hash, packId }: { hash: HashHex; packId: PackId },
  now: number,
): Promise<boolean> {
  const { rows } = await sql`update cell.blocks set state = 'damaged', damaged_at = ${now}::int8
    where hash = ${Buffer.from(hash, "hex")} and pack_id = ${packId}::uuid and state <> 'damaged' returning 1`.execute(
    cell,
  );
  return rows.length > 0;
}

/**
 * Marks all blocks of a missing pack as damaged. Readers then try other copies, and a device with the block can repair
 * it.
 */
export async function markPackMissing(cell: Kysely<CellTables>, packId: PackId, now: number): Promise<void> {
  await sql`
    with pack as (update cell.packs set state = 'unreadable' where id = ${packId}::uuid and state <> 'doomed')
    update cell.blocks set state = 'damaged', damaged_at = ${now}::int8 where pack_id = ${packId}::uuid and state <> 'damaged'`.execute(
    cell,
  );
}

/** Marks copies as whole that were read and verified. */
export async function markWhole(cell: Kysely<CellTables>, packId: PackId, hashes: readonly HashHex[]): Promise<void> {
  await sql`
    with pack as (update cell.packs set state = 'live' where id = ${packId}::uuid and state = 'unreadable')
    update cell.blocks set state = 'live', damaged_at = null
    where pack_id = ${packId}::uuid and hash = any(${hashArray(hashes)}) and state = 'damaged'`.execute(cell);
}

export async function findWholeElsewhere(
  cell: Kysely<CellTables>,
  packId: PackId,
  hashes: readonly HashHex[],
): Promise<Set<HashHex>> {
  const places = await findPlaces(cell, undefined, hashes, ["live"]);
  return new Set(hashes.filter((hash) => places.get(hash)?.some((place) => place.packId !== packId) === true));
}

/**
 * Index: `blocks_damaged`.
 * @param debtors stores whose debts count as damage
 */
export async function hasDamaged(cell: Kysely<CellTables>, debtors: readonly string[] = []): Promise<boolean> {
  const { rows } = await sql`select from cell.blocks where state = 'damaged' order by hash limit 1`.execute(cell);
  if (rows.length > 0 || debtors.length === 0) return rows.length > 0;
  const { rows: owed } = await sql`${owedPacks(debtors)} limit 1`.execute(cell);
  return owed.length > 0;
}

/**
 * Returns the hashes with a damaged copy and no whole one. Index: `blocks_damaged`, and the primary key for each of the
 * few matches. Without statistics a join would read the whole table.
 * @param debtors stores whose debts count as damage
 */
export async function findLost(
  cell: Kysely<CellTables>,
  hashes: readonly HashHex[],
  debtors: readonly string[] = [],
): Promise<Set<HashHex>> {
  const { rows } = await sql<{ hash: HashHex }>`
    select distinct encode(block.hash, 'hex') as hash from cell.blocks as block
    where (block.state = 'damaged' or ${isOwed(debtors)}) and block.hash = any(${hashArray(hashes)})
      and not exists (select from cell.blocks as other
        where other.hash = block.hash and other.state = 'live' and not ${isOwed(debtors, "other")} offset 0)`.execute(
    cell,
  );
  return new Set(rows.map(({ hash }) => hash));
}
