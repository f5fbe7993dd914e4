import type { Debt } from "@holdfast/object-store/two-stores";
import { type Kysely, sql } from "kysely";
import { int8Array, textArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";

export interface OwedRow extends Debt {
  /** Microseconds since 1970. */
  readonly since: number;
}

/**
 * Records debts. The latest debt of an object replaces earlier ones. Durable on return.
 * @param now microseconds since 1970
 */
export async function owe(db: Kysely<CellTables>, debts: readonly Debt[], now: number): Promise<void> {
  await sql`
    insert into cell.owed as known (store, key, deed, size, since, due_at)
    select store, key, deed, size, ${now}::int8, ${now}::int8 from ${unnested(debts)}
    on conflict (store, key) do update set deed = excluded.deed, size = excluded.size,
      since = greatest(known.since + 1, excluded.since), due_at = excluded.due_at`.execute(db);
}

/**
 * Records differences that were found. Changes no known debt, and restores no object that is being deleted.
 * @returns number of new debts
 */
export async function oweFound(db: Kysely<CellTables>, debts: readonly Debt[], now: number): Promise<number> {
  if (debts.length === 0) return 0;
  const { rows } = await sql`
    insert into cell.owed (store, key, deed, size, since, due_at)
    select store, key, deed, size, ${now}::int8, ${now}::int8 from ${unnested(debts)}
    where not exists (select from cell.owed as other where other.key = given.key and other.deed = 'delete')
    on conflict do nothing returning 1`.execute(db);
  return rows.length;
}

/** Reads debts in the order in which they are due. Index: owed_due. */
export async function dueDebts(db: Kysely<CellTables>, now: number, limit: number): Promise<OwedRow[]> {
  const { rows } = await sql<OwedRow>`
    select store, key, deed, size as "sizeBytes", since from cell.owed where due_at <= ${now}::int8
    order by due_at, store, key limit ${limit}`.execute(db);
  return rows;
}

/** Deletes a debt unless it was recorded again meanwhile. */
export async function settleDebt(db: Kysely<CellTables>, { store, key, since }: OwedRow): Promise<void> {
  await sql`delete from cell.owed where store = ${store} and key = ${key} and since = ${since}::int8`.execute(db);
}

export async function postponeDebt(
  db: Kysely<CellTables>,
  { store, key, since }: OwedRow,
  dueAt: number,
): Promise<void> {
  await sql`update cell.owed set due_at = ${dueAt}::int8
    where store = ${store} and key = ${key} and since = ${since}::int8`.execute(db);
}

export interface Lag {
  readonly objects: number;
  readonly bytes: number;
}

export async function readLag(db: Kysely<CellTables>): Promise<Map<string, Lag>> {
  const { rows } = await sql<Lag & { store: string }>`
    select store, count(*) as objects, coalesce(sum(size), 0)::int8 as bytes from cell.owed group by store`.execute(db);
  return new Map(rows.map(({ store, objects, bytes }) => [store, { objects, bytes }]));
}

function unnested(debts: readonly Debt[]) {
  return sql`unnest(
      ${textArray(debts.map(({ store }) => store))}, ${textArray(debts.map(({ key }) => key))},
      ${textArray(debts.map(({ deed }) => deed))}, ${int8Array(debts.map(({ sizeBytes }) => sizeBytes))}
    ) as given (store, key, deed, size)`;
}
