import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../db/cell-tables.ts";
import { collectionAlone } from "./collection-lock.ts";

/**
 * From when it returns no object of a pack is deleted, by whatever process, until `unpinPacks` or the time given: whoever read rows
 * since then finds their packs. Under the same name again it puts the end off, and never forward.
 * @param name of what needs it, such as `backup`: one that ran and died is replaced by the next
 * @param untilMicros microseconds since 1970. One that works longer than it said renews it in time.
 */
export async function pinPacks(cell: Kysely<CellTables>, name: string, untilMicros: number): Promise<void> {
  await sql`insert into cell.pins as known (name, until) select ${name}, ${untilMicros}::int8 from (${collectionAlone}) as alone
    on conflict (name) do update set until = greatest(known.until, excluded.until)`.execute(cell);
}

export async function unpinPacks(cell: Kysely<CellTables>, name: string): Promise<void> {
  await sql`delete from cell.pins where name = ${name}`.execute(cell);
}

/** Asked in the transaction that deletes, under `collectionShared`. */
export async function arePacksPinned(cell: Kysely<CellTables>, nowMicros: number): Promise<boolean> {
  const { rows } = await sql`select from cell.pins where until > ${nowMicros}::int8 limit 1`.execute(cell);
  return rows.length > 0;
}
