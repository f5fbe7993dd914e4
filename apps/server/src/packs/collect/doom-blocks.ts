import type { HashHex } from "@holdfast/core/ids";
import { assertWanted } from "@holdfast/object-store/call-signal";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { findPlaces } from "../index/block-rows.ts";
import { isIndexComplete } from "../facts/cell-facts.ts";
import { keepNeeded } from "../index/keep-needed.ts";
import { isNeeded } from "../index/needed-copies.ts";
import { lostPackId } from "../format/pack-format.ts";
import type { PackId } from "../format/pack-format.ts";
import { agoMicros, type CollectPorts } from "./collect-ports.ts";
import { whileCollecting } from "../facts/collection-lock.ts";
import { type CopyKey, givenCopies, isGiven, lockCopies } from "../index/copy-keys.ts";
import { readCopy } from "./read-copy.ts";

interface Waiting extends CopyKey {
  readonly since: number;
}

const copiesAtOnce = 500;

/**
 * Dooms copies that have waited long enough and that no space needs. A copy whose hash no space holds is doomed
 * immediately. If spaces hold the hash in other copies, those are read first. A locked copy that is unneeded stays
 * unneeded: a later holder either brought its own bytes (`insertPack`), or locked a holder that existed all the time
 * (`holdAlso`), and neither depends on this copy.
 */
export async function doomBlocks(ports: CollectPorts): Promise<void> {
  const { cell, retention, crashPoint } = ports;
  const before = agoMicros(ports, retention.blocksMs);
  let last: Waiting = { since: -1, hash: Buffer.alloc(0), packId: lostPackId };
  for (;;) {
    assertWanted(ports.signal);
    const waiting = await nextWaiting(cell.db, before, last);
    const surplus = await doomUnheld(ports, waiting, before);
    await doomSurplus(ports, surplus, before);
    if (waiting.length > 0) crashPoint?.("blocks doomed");
    const end = waiting.at(-1);
    if (end === undefined || waiting.length < copiesAtOnce) return;
    last = end;
  }
}

/** Index: blocks_waiting. */
async function nextWaiting(db: Kysely<CellTables>, before: number, last: Waiting): Promise<Waiting[]> {
  const { rows } = await sql<Waiting>`
    select unreferenced_since as since, hash, pack_id as "packId" from cell.blocks
    where unreferenced_since is not null and state <> 'doomed' and unreferenced_since <= ${before}::int8
      and (unreferenced_since, hash, pack_id) > (${last.since}::int8, ${last.hash}, ${last.packId}::uuid)
    order by unreferenced_since, hash, pack_id limit ${copiesAtOnce}`.execute(db);
  return rows;
}

/** Copies that are needed again stop waiting. @returns unneeded copies whose hash some space holds */
async function doomUnheld(ports: CollectPorts, copies: readonly CopyKey[], before: number): Promise<CopyKey[]> {
  if (copies.length === 0) return [];
  const given = givenCopies(copies);
  const surplus = await whileCollecting(ports.cell.db, isIndexComplete, async (transaction) => {
    await lockCopies(transaction, copies);
    await sql`update cell.blocks as block set state = 'doomed', doomed_at = ${ports.clock.nowMicros()}::int8
      from ${given} where ${isGiven} and state <> 'doomed' and unreferenced_since <= ${before}::int8
        and not exists (select from cell.holders as holder where holder.hash = block.hash)`.execute(transaction);
    await keepNeeded(transaction, copies);
    const { rows } = await sql<CopyKey>`
      select block.hash, block.pack_id as "packId" from cell.blocks as block join ${given} on ${isGiven}
      where state <> 'doomed' and unreferenced_since <= ${before}::int8`.execute(transaction);
    return rows;
  });
  return surplus ?? [];
}

/** Dooms surplus copies only after the other copies were read from the store. */
async function doomSurplus(ports: CollectPorts, copies: readonly CopyKey[], before: number): Promise<void> {
  const sure: CopyKey[] = [];
  for (const copy of copies) if (await areOwnCopiesWhole(ports, copy)) sure.push(copy);
  if (sure.length === 0) return;
  await whileCollecting(ports.cell.db, isIndexComplete, async (transaction) => {
    await lockCopies(transaction, sure);
    await sql`update cell.blocks as block set state = 'doomed', doomed_at = ${ports.clock.nowMicros()}::int8
      from ${givenCopies(sure)} where ${isGiven} and state <> 'doomed' and unreferenced_since <= ${before}::int8
        and not ${isNeeded}`.execute(transaction);
  });
}

async function areOwnCopiesWhole(ports: CollectPorts, { hash, packId }: CopyKey): Promise<boolean> {
  const { db } = ports.cell;
  const { rows } = await sql<{ packId: PackId | null }>`
    select distinct pack_id as "packId" from cell.holders where hash = ${hash}`.execute(db);
  const hex = hash.toString("hex") as HashHex;
  const places = new Map(
    (await findPlaces(db, undefined, [hex], ["live"])).get(hex)?.map((each) => [each.packId, each]),
  );
  for (const own of rows) {
    const place = own.packId === null ? undefined : places.get(own.packId);
    if (place !== undefined && place.packId !== packId && (await readCopy(ports, place)) !== undefined) continue;
    ports.log.warn(
      { hash: hex, pack_id: own.packId },
      "a duplicate block is kept, because the other copy cannot be read",
    );
    return false;
  }
  return true;
}
