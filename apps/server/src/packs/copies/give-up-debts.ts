import { assertWanted } from "@holdfast/object-store/call-signal";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { sql } from "kysely";
import type { BlockCell } from "../cells/block-cell.ts";
import type { BlockLog } from "../facts/block-log.ts";
import { packIdOfKey } from "../format/pack-format.ts";
import { markPackMissing } from "../index/block-rows.ts";
import { type OwedRow, settleDebt } from "./debts.ts";

export interface Debtor {
  readonly name: string;
  readonly store: ObjectStore;
}

export interface GivingUp {
  readonly nowMicros: number;
  readonly log: BlockLog;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ends the debts of a store whose other store is lost or no longer used. Marks missing packs, so that devices are asked
 * for their blocks. A debt may be wrong, so each pack is looked up.
 * @throws HoldfastError unavailable if the store is not available; it marks nothing then
 */
export async function giveUpDebts(
  cell: BlockCell,
  { name, store }: Debtor,
  { nowMicros, log, signal }: GivingUp,
): Promise<void> {
  let [count, last] = [0, ""];
  for (;;) {
    const { rows } = await sql<OwedRow>`
      select store, key, since from cell.owed where store = ${name} and deed = 'copy' and key > ${last}
      order by key limit ${debtsAtOnce}`.execute(cell.db);
    if (rows.length === 0) break;
    assertWanted(signal);
    const stats = await Promise.all(rows.map(({ key }) => store.stat(key, signal === undefined ? {} : { signal })));
    // Checked afterwards, so that a store that disappears meanwhile lacks nothing.
    await cell.keyring.assertStoreThere(store);
    for (const [index, debt] of rows.entries()) {
      const packId = packIdOfKey(debt.key);
      if (packId !== undefined && stats[index] === undefined) {
        await markPackMissing(cell.db, packId, nowMicros);
        count += 1;
      }
      await settleDebt(cell.db, debt);
      last = debt.key;
    }
  }
  if (count > 0)
    log.error({ packs: count }, "packs were lost with one of two stores; devices are asked for their blocks");
}

const debtsAtOnce = 50;
