import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { collectionAlone } from "./collection-lock.ts";

/**
 * Returns true if blocks, packs and holders of the cell are complete. Until then a block without a holder may have one
 * that is not known yet, so nothing is adopted, doomed or deleted.
 */
export async function isIndexComplete(db: Kysely<CellTables>): Promise<boolean> {
  return (await readFact(db, rebuildFact)) === undefined;
}

/** Returns when no transaction that dooms or deletes is running anymore. */
export async function requireRebuild(db: Kysely<CellTables>): Promise<void> {
  await sql`insert into cell.facts (name, value) select ${rebuildFact}, 'true'::json from (${collectionAlone}) as alone
    on conflict (name) do update set value = excluded.value`.execute(db);
}

export async function noteRebuilt(db: Kysely<CellTables>): Promise<void> {
  await sql`delete from cell.facts where name = ${rebuildFact}`.execute(db);
}

export async function readFact(db: Kysely<CellTables>, name: string): Promise<unknown> {
  const { rows } = await sql<{ value: unknown }>`select value from cell.facts where name = ${name}`.execute(db);
  return rows[0]?.value;
}

export async function writeFact(db: Kysely<CellTables>, name: string, value: unknown): Promise<void> {
  await sql`insert into cell.facts (name, value) values (${name}, ${JSON.stringify(value)}::json)
    on conflict (name) do update set value = excluded.value`.execute(db);
}

const rebuildFact = "rebuild_required";
