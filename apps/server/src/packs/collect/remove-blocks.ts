import { assertWanted } from "@holdfast/object-store/call-signal";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { isIndexComplete } from "../facts/cell-facts.ts";
import { keepNeeded } from "../index/keep-needed.ts";
import { isNeeded } from "../index/needed-copies.ts";
import { lostPackId } from "../format/pack-format.ts";
import { agoMicros, type CollectPorts } from "./collect-ports.ts";
import { whileCollecting } from "../facts/collection-lock.ts";
import { type CopyKey, givenCopies, isGiven, lockCopies } from "../index/copy-keys.ts";
import { type GoneCopy, shrinkPacks } from "./shrink-packs.ts";

interface Doomed extends CopyKey {
  readonly doomedAt: number;
}

const copiesAtOnce = 500;

/** @returns number of removed rows */
export async function removeBlocks(ports: CollectPorts): Promise<number> {
  const { cell, retention, crashPoint } = ports;
  const before = agoMicros(ports, retention.doomedMs);
  let last: Doomed = { doomedAt: -1, hash: Buffer.alloc(0), packId: lostPackId };
  let count = 0;
  for (;;) {
    assertWanted(ports.signal);
    const doomed = await nextDoomed(cell.db, before, last);
    count += await removeSome(ports, doomed, before);
    if (doomed.length > 0) crashPoint?.("rows gone");
    const end = doomed.at(-1);
    if (end === undefined || doomed.length < copiesAtOnce) return count;
    last = end;
  }
}

/** Index: blocks_doomed. */
async function nextDoomed(db: Kysely<CellTables>, before: number, last: Doomed): Promise<Doomed[]> {
  const { rows } = await sql<Doomed>`
    select doomed_at as "doomedAt", hash, pack_id as "packId" from cell.blocks
    where state = 'doomed' and doomed_at <= ${before}::int8
      and (doomed_at, hash, pack_id) > (${last.doomedAt}::int8, ${last.hash}, ${last.packId}::uuid)
    order by doomed_at, hash, pack_id limit ${copiesAtOnce}`.execute(db);
  return rows;
}

/** Makes a copy live again that is needed after all, for example after an index rebuild or damage of another copy. */
async function removeSome(ports: CollectPorts, copies: readonly CopyKey[], before: number): Promise<number> {
  if (copies.length === 0) return 0;
  const given = givenCopies(copies);
  const now = ports.clock.nowMicros();
  const removed = await whileCollecting(ports.cell.db, isIndexComplete, async (transaction) => {
    await lockCopies(transaction, copies);
    const revived = await keepNeeded(transaction, copies);
    const { rows: gone } = await sql<GoneCopy>`
      delete from cell.blocks as block using ${given}
      where ${isGiven} and state = 'doomed' and doomed_at <= ${before}::int8 and not ${isNeeded}
      returning block.pack_id as "packId", stored_size as "storedSize"`.execute(transaction);
    await shrinkPacks(transaction, gone, now);
    return { count: gone.length, revived };
  });
  for (const { hash, packId } of removed?.revived ?? [])
    ports.log.warn(
      { hash: hash.toString("hex"), pack_id: packId },
      "a block that was marked for deletion is needed again and kept",
    );
  return removed?.count ?? 0;
}
