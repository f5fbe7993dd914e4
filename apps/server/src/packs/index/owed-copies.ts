import { type RawBuilder, sql } from "kysely";
import { textArray } from "../../base/db/array-parameters.ts";
import { packKeyPattern, packPrefix } from "../format/pack-format.ts";

/**
 * True for a row of cell.blocks whose pack is out of reach, because one of these stores owes it. Index: the primary key.
 * @param debtors see `debtorsOf`; nearly always empty, so that the planner drops the condition
 */
export function isOwed(debtors: readonly string[], row: "block" | "other" = "block"): RawBuilder<unknown> {
  if (debtors.length === 0) return sql`false`;
  const packId = sql`${sql.ref(`${row}.pack_id`)}::text`;
  return sql`exists (select from cell.owed where store = any(${textArray(debtors)}) and deed = 'copy'
    and key = ${packPrefix} || left(${packId}, 2) || '/' || ${packId})`;
}

/** Returns the ids of all packs that these stores owe. */
export function owedPacks(debtors: readonly string[]): RawBuilder<unknown> {
  return sql`select case when key ~ ${packKeyPattern.source} then right(key, 36)::uuid end as id from cell.owed
    where store = any(${textArray(debtors)}) and deed = 'copy' and key ~ ${packKeyPattern.source}`;
}
