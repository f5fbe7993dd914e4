import { type Kysely, sql } from "kysely";
import { textArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";

/**
 * Reads all stores that this cell has had, with the time of their last comparison (microseconds since 1970; null:
 * never).
 */
export async function readKnownCopies(db: Kysely<CellTables>): Promise<Map<string, number | null>> {
  const { rows } = await sql<{ store: string; compared_at: number | null }>`
    select store, compared_at from cell.copies`.execute(db);
  return new Map(rows.map(({ store, compared_at }) => [store, compared_at]));
}

/** Marks stores that are not in use. They miss new objects, so they are compared when they are used again. */
export async function doubtOthers(db: Kysely<CellTables>, inUse: readonly string[]): Promise<void> {
  await sql`update cell.copies set compared_at = null
    where compared_at is not null and not store = any(${textArray(inUse)})`.execute(db);
}

/** Records a store. From then on, an empty one has lost its content. */
export async function noteCopy(db: Kysely<CellTables>, store: string, now: number): Promise<void> {
  await sql`insert into cell.copies (store, since) values (${store}, ${now}::int8) on conflict do nothing`.execute(db);
}

/** @param comparedAt null: the content is unknown */
export async function noteCompared(
  db: Kysely<CellTables>,
  stores: readonly string[],
  comparedAt: number | null,
): Promise<void> {
  await sql`update cell.copies set compared_at = ${comparedAt}::int8 where store = any(${textArray(stores)})`.execute(
    db,
  );
}
