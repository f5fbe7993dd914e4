import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../db/cell-tables.ts";
import type { PackId } from "../pack-format.ts";

export interface ShrunkPack {
  readonly id: PackId;
  readonly epoch: number;
  /** Stored bytes of the records that have a row. */
  readonly liveBytes: number;
  /** Of all. */
  readonly packedBytes: number;
}

/** A pack of which this part is dead is rewritten in any case; it costs no more than it brings. */
const deadShareAlways = 1 / 2;
/** While more of all packs together is dead, those with the most dead bytes are rewritten too, down to this share. */
const deadShareMax = 1 / 12;
const packsAtOnce = 1000;

/**
 * Packs to be rewritten, those first of which the most is dead. One with a damaged block waits until that has been found whole, was sent
 * again or is needed no more: what can still be read of it is better left where it was found. Index: packs_shrunk.
 */
export async function chooseShrunk(db: Kysely<CellTables>): Promise<ShrunkPack[]> {
  const { rows: totals } = await sql<{ dead: number; packed: number }>`
    select coalesce(sum(packed_bytes - live_bytes), 0) as dead, coalesce(sum(packed_bytes), 0) as packed
    from cell.packs where state = 'live'`.execute(db);
  let { dead, packed } = totals[0] ?? { dead: 0, packed: 0 };
  const { rows } = await sql<ShrunkPack>`
    select id, epoch, live_bytes as "liveBytes", packed_bytes as "packedBytes" from cell.packs as pack
    where live_bytes < packed_bytes and state = 'live' and packed_bytes - live_bytes >= packed_bytes * ${deadShareMax}::float8
      and exists (select from cell.blocks as block
        where block.pack_id = pack.id and block.state = 'live' and block.unreferenced_since is null)
      and not exists (select from cell.blocks as block where block.pack_id = pack.id and block.state = 'damaged')
    order by live_bytes::float8 / packed_bytes, id limit ${packsAtOnce}`.execute(db);
  return rows.filter(({ liveBytes, packedBytes }) => {
    const own = packedBytes - liveBytes;
    if (own < packedBytes * deadShareAlways && dead <= packed * deadShareMax) return false;
    dead -= own;
    packed -= own;
    return true;
  });
}

/** Those with any dead byte that were there by then, a thousand at a time; one with a damaged block is left where it is, as above. */
export async function chooseDead(db: Kysely<CellTables>, createdBefore: number): Promise<ShrunkPack[]> {
  const { rows } = await sql<ShrunkPack>`
    select id, epoch, live_bytes as "liveBytes", packed_bytes as "packedBytes" from cell.packs as pack
    where live_bytes < packed_bytes and state = 'live' and created_at <= ${createdBefore}::int8
      and exists (select from cell.blocks as block
        where block.pack_id = pack.id and block.state = 'live' and block.unreferenced_since is null)
      and not exists (select from cell.blocks as block where block.pack_id = pack.id and block.state = 'damaged')
    order by id limit ${packsAtOnce}`.execute(db);
  return rows;
}
