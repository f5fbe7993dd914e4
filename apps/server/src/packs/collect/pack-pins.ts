import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { collectionAlone } from "../facts/collection-lock.ts";

/**
 * When this returns, no process deletes a pack's object until `unpinPacks` or the given time, so packs of rows read
 * since then exist. Repeated with the same name, it can only extend the time. Long work must renew its pin in time.
 * @param name of the work, such as `backup`; a pin left by a killed run is replaced by the next
 * @param untilMicros microseconds since 1970
 */
export async function pinPacks(cell: Kysely<CellTables>, name: string, untilMicros: number): Promise<void> {
  await sql`insert into cell.pins as known (name, until) select ${name}, ${untilMicros}::int8 from (${collectionAlone}) as alone
    on conflict (name) do update set until = greatest(known.until, excluded.until)`.execute(cell);
}

export async function unpinPacks(cell: Kysely<CellTables>, name: string): Promise<void> {
  await sql`delete from cell.pins where name = ${name}`.execute(cell);
}

/** Must be called in the deleting transaction, inside `whileCollecting`. */
export async function arePacksPinned(cell: Kysely<CellTables>, nowMicros: number): Promise<boolean> {
  const { rows } = await sql`select from cell.pins where until > ${nowMicros}::int8 limit 1`.execute(cell);
  return rows.length > 0;
}
