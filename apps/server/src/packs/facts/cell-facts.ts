import { HoldfastError } from "@holdfast/core/errors";
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

/**
 * Returns when no transaction that dooms or deletes is running anymore.
 * @returns identifies this requirement, which replaces an earlier one: only a rebuild that begins with it ends it
 */
export async function requireRebuild(db: Kysely<CellTables>): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into cell.facts (name, value) select ${rebuildFact}, to_json(gen_random_uuid()) from (${collectionAlone}) as alone
    on conflict (name) do update set value = excluded.value returning value #>> '{}' as id`.execute(db);
  return rows[0]?.id ?? "";
}

/** @throws HoldfastError conflict if a rebuild was required again since, so another one may be running */
export async function assertRebuilding(db: Kysely<CellTables>, id: string): Promise<void> {
  if ((await readFact(db, rebuildFact)) !== id) throw superseded();
}

/** @throws HoldfastError conflict as above */
export async function noteRebuilt(db: Kysely<CellTables>, id: string): Promise<void> {
  const { rows } = await sql`
    delete from cell.facts where name = ${rebuildFact} and value #>> '{}' = ${id} returning name`.execute(db);
  if (rows.length === 0) throw superseded();
}

function superseded(): HoldfastError {
  return new HoldfastError("conflict", "Another rebuild of the block index began, so this one stopped.");
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
