import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { type CopyKey, givenCopies, isGiven } from "./copy-keys.ts";
import { isNeeded } from "./needed-copies.ts";

/**
 * Makes those locked copies live again that are needed, whether they wait or are doomed.
 * @returns copies that were doomed
 */
export async function keepNeeded(transaction: Kysely<CellTables>, copies: readonly CopyKey[]): Promise<CopyKey[]> {
  const { rows } = await sql<CopyKey & { wasDoomed: boolean }>`
    with needed as (
      select block.hash, block.pack_id, doomed_at is not null as was_doomed
      from cell.blocks as block join ${givenCopies(copies)} on ${isGiven} where ${isNeeded}
    )
    update cell.blocks as block set unreferenced_since = null, doomed_at = null,
      state = case when state <> 'doomed' then state when damaged_at is null then 'live' else 'damaged' end
    from needed where block.hash = needed.hash and block.pack_id = needed.pack_id
    returning block.hash, block.pack_id as "packId", was_doomed as "wasDoomed"`.execute(transaction);
  return rows.filter(({ wasDoomed }) => wasDoomed);
}
