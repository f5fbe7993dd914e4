import { assertWanted } from "@holdfast/object-store/call-signal";
import { type Kysely, sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { isIndexComplete } from "../facts/cell-facts.ts";
import { packKey } from "../format/pack-format.ts";
import type { PackId } from "../format/pack-format.ts";
import { agoMicros, type CollectPorts } from "./collect-ports.ts";
import { whileCollecting } from "../facts/collection-lock.ts";
import { arePacksPinned } from "./pack-pins.ts";

export interface DeletedPacks {
  readonly packs: number;
  readonly bytes: number;
}

const packsAtOnce = 16;

/**
 * Deletes the objects of packs that have had no rows for long enough. The row of the pack is deleted last. So an object
 * whose deletion is uncertain is deleted again, and none is mistaken for an orphan.
 */
export async function deletePacks(ports: CollectPorts): Promise<DeletedPacks> {
  await ports.cell.keyring.assertStoreThere();
  const total = { packs: 0, bytes: 0 };
  for (;;) {
    assertWanted(ports.signal);
    const deleted = await deleteSome(ports);
    total.packs += deleted?.packs ?? 0;
    total.bytes += deleted?.bytes ?? 0;
    if (deleted === undefined || deleted.packs === 0) return total;
  }
}

/** The transaction stays open while the store deletes, so that pins and index rebuilds wait for its end. */
async function deleteSome(ports: CollectPorts): Promise<DeletedPacks | undefined> {
  const before = agoMicros(ports, ports.retention.packsMs);
  const mayDelete = async (transaction: Kysely<CellTables>) =>
    (await isIndexComplete(transaction)) && !(await arePacksPinned(transaction, ports.clock.nowMicros()));
  return whileCollecting(ports.cell.db, mayDelete, async (transaction) => {
    const { rows } = await sql<{ id: PackId; size: number }>`
      select id, size from cell.packs as pack where state = 'doomed' and emptied_at <= ${before}::int8
        and not exists (select from cell.blocks as block where block.pack_id = pack.id)
      order by emptied_at limit ${packsAtOnce} for update`.execute(transaction);
    await deleteObjects(
      ports,
      rows.map(({ id }) => id),
    );
    if (rows.length > 0) ports.crashPoint?.("object deleted");
    await sql`delete from cell.packs where id = any(${uuidArray(rows.map(({ id }) => id))})`.execute(transaction);
    return { packs: rows.length, bytes: rows.reduce((sum, { size }) => sum + size, 0) };
  });
}

/** @throws the first error, after all deletions have ended */
async function deleteObjects({ cell: { store } }: CollectPorts, ids: readonly PackId[]): Promise<void> {
  const signal = AbortSignal.timeout(deleteMsMax);
  const outcomes = await Promise.allSettled(ids.map((id) => store.delete(packKey(id), { signal })));
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

/** Below the database's limit for idle transactions. */
const deleteMsMax = 30_000;
