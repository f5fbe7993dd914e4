import { type Kysely, sql } from "kysely";
import { int8Array, uuidArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";

export interface GoneCopy {
  readonly packId: string;
  readonly storedSize: number;
}

/**
 * Updates the live bytes of packs in the transaction that removed rows, and the time since when a pack is empty.
 * @param also packs that may be empty although none of their rows was removed
 */
export async function shrinkPacks(
  transaction: Kysely<CellTables>,
  gone: readonly GoneCopy[],
  nowMicros: number,
  also: readonly string[] = [],
): Promise<void> {
  const bytes = new Map(also.map((id) => [id, 0]));
  for (const { packId, storedSize } of gone) bytes.set(packId, (bytes.get(packId) ?? 0) + storedSize);
  if (bytes.size === 0) return;
  const ids = uuidArray([...bytes.keys()]);
  await sql`select from cell.packs where id = any(${ids}) order by id for update`.execute(transaction);
  await sql`update cell.packs as pack set live_bytes = pack.live_bytes - gone.bytes
    from unnest(${ids}, ${int8Array([...bytes.values()])}) as gone (id, bytes) where pack.id = gone.id`.execute(
    transaction,
  );
  await sql`update cell.packs as pack set state = 'doomed', emptied_at = ${nowMicros}::int8
    where id = any(${ids}) and state <> 'doomed'
      and not exists (select from cell.blocks as block where block.pack_id = pack.id)`.execute(transaction);
}
