import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { PackId } from "../format/pack-format.ts";

export interface ShrunkPack {
  readonly id: PackId;
  readonly epoch: number;
  /** Stored bytes of records with a row. */
  readonly liveBytes: number;
  /** Stored bytes of all records. */
  readonly packedBytes: number;
}

/** A pack with this share of dead bytes is always rewritten; the gain exceeds the cost. */
const deadShareAlways = 1 / 2;
/**
 * While the total share of dead bytes is higher, packs with the most dead bytes are rewritten too, down to this share.
 */
const deadShareMax = 1 / 12;
const packsAtOnce = 1000;

/**
 * Largest dead share first. A damaged block's pack waits, because its readable parts should stay in place. Index:
 * packs_shrunk.
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

/**
 * Returns up to a thousand packs with any dead byte that existed at that time. Skips packs with a damaged block too.
 */
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
