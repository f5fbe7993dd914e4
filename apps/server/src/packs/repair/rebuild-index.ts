import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { assertWanted } from "@holdfast/object-store/call-signal";
import type { RebuildReportJson } from "@holdfast/protocol/scrub-routes";
import { type Kysely, sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import type { BlockCells } from "../cells/open-block-cells.ts";
import type { BlockLog } from "../facts/block-log.ts";
import { findWholeElsewhere } from "../index/block-rows.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import { assertRebuilding, noteRebuilt, requireRebuild } from "../facts/cell-facts.ts";
import { type CheckedPack, checkStoredPack } from "./check-stored-pack.ts";
import { type ListedPack, listPacks } from "../index/list-packs.ts";
import { lostPackId, type PackId } from "../format/pack-format.ts";
import { readPackIndex, rowsOfIndex } from "../index/pack-index.ts";
import { insertPackRows } from "../index/pack-rows.ts";
import { restoreHolders } from "../index/restore-holders.ts";
import { settleCopies } from "../index/settle-copies.ts";

export interface RebuildPorts {
  readonly cells: BlockCells;
  readonly shards: Shards;
  readonly pool: BlockPool;
  readonly clock: Clock;
  readonly log: BlockLog;
  /** Stops between two packs or pages. The cells then wait for another rebuild. */
  readonly signal?: AbortSignal;
}

/**
 * Recreates blocks and packs from the stores, then holders from every shard's stored blocks. Can be repeated, and run
 * beside a server: existing rows stay, damaged blocks are read again, and no cell deletes anything until the end. The
 * newest of several rebuilds continues, and the others stop: cells may delete again while they would still add rows.
 * @throws HoldfastError unavailable if a store is not available; nothing is marked missing then
 * @throws HoldfastError conflict if another rebuild began
 */
export async function rebuildIndex(ports: RebuildPorts): Promise<RebuildReportJson> {
  const { cells, shards, clock, log, signal } = ports;
  const report: RebuildReportJson = { packs: 0, blocks: 0, holders: 0, unreadable_packs: [] };
  for (const { keyring } of cells.all()) await keyring.assertStoreThere();
  const required: { readonly db: BlockCell["db"]; readonly id: string }[] = [];
  for (const { db } of cells.all()) required.push({ db, id: await requireRebuild(db) });
  const assertMayGoOn = async () => {
    assertWanted(signal);
    for (const { db, id } of required) await assertRebuilding(db, id);
  };
  for (const cell of cells.all()) await rebuildPacks({ ...ports, cell, now: clock.nowMicros(), assertMayGoOn }, report);
  for (const shard of shards.all())
    report.holders += await restoreHolders(cells, shard, clock.nowMicros(), assertMayGoOn);
  for (const { db } of cells.all()) {
    await settleOwnCopies(db);
    await settleCopies(db, {
      nowMicros: clock.nowMicros(),
      damagedBefore: 0,
      signal,
      inStep: (work) => inTransaction(db, work),
    });
  }
  for (const { db, id } of required) await noteRebuilt(db, id);
  log.info({ ...report, unreadable_packs: report.unreadable_packs.length }, "the block index was rebuilt");
  return report;
}

interface CellRebuild extends Pick<RebuildPorts, "pool" | "clock" | "log" | "signal"> {
  readonly cell: BlockCell;
  readonly now: number;
  readonly assertMayGoOn: () => Promise<void>;
}

async function rebuildPacks(rebuild: CellRebuild, report: RebuildReportJson): Promise<void> {
  let after: string = lostPackId;
  for await (const page of listPacks(rebuild.cell.store, undefined)) {
    const last = page.at(-1)?.packId ?? after;
    await checkDoubtful(rebuild, { after, upTo: last }, page);
    for (const pack of page) await rebuildPack(rebuild, pack, report);
    after = last;
  }
  await checkDoubtful(rebuild, { after, upTo: highestId }, []);
}

const highestId = "ffffffff-ffff-ffff-ffff-ffffffffffff";

async function rebuildPack(
  { cell, now, log, assertMayGoOn }: CellRebuild,
  pack: ListedPack,
  report: RebuildReportJson,
): Promise<void> {
  try {
    const rows = rowsOfIndex(await readPackIndex(cell, pack), pack.sizeBytes);
    await assertMayGoOn();
    const createdAt = Math.min(now, pack.modifiedAtMs * 1000);
    report.blocks += await insertPackRows(cell.db, rows, { now, createdAt, unreferencedSince: now });
    report.packs += 1;
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== "damaged") throw error;
    if (await isNeededNoMore(cell.db, pack.packId)) return;
    report.unreadable_packs.push(pack.packId);
    log.error({ pack_id: pack.packId, reason: error.message }, "a pack cannot be read");
  }
}

/** Blocks that a scrub moved or devices sent again are in other packs. */
async function isNeededNoMore(db: Kysely<CellTables>, packId: PackId): Promise<boolean> {
  const { rows } = await sql<{ hash: HashHex }>`
    select encode(hash, 'hex') as hash from cell.blocks where pack_id = ${packId}::uuid`.execute(db);
  const hashes = rows.map(({ hash }) => hash);
  return hashes.length > 0 && (await findWholeElsewhere(db, packId, hashes)).size === hashes.length;
}

/**
 * Reads packs again that a page lacks, or in which something is damaged. Packs are listed in the order of their ids, so
 * it is known which rows the page should cover.
 */
async function checkDoubtful(
  { cell, pool, clock, now, signal, assertMayGoOn }: CellRebuild,
  { after, upTo }: { readonly after: string; readonly upTo: string },
  page: readonly ListedPack[],
): Promise<void> {
  const { rows } = await sql<CheckedPack>`
    select id, epoch from cell.packs as pack where id > ${after}::uuid and id <= ${upTo}::uuid and state <> 'doomed'
      and created_at < ${now}::int8 and (
        not id = any(${uuidArray(page.map(({ packId }) => packId))})
        or state = 'unreadable'
        or exists (select from cell.blocks as block where block.pack_id = pack.id and block.state = 'damaged')
      )`.execute(cell.db);
  for (const pack of rows) {
    await assertMayGoOn();
    await checkStoredPack({ cell, pool, clock, signal }, pack);
  }
}

/** A space's stamp was set right after its pack was stored, so the pack with the closest time has its own copy. */
async function settleOwnCopies(db: Kysely<CellTables>): Promise<void> {
  await sql`
    with nearest as (
      select distinct on (holder.hash, holder.space_id) holder.hash, holder.space_id, block.pack_id
      from cell.holders as holder join cell.blocks as block on block.hash = holder.hash
        join cell.packs as pack on pack.id = block.pack_id
      where holder.pack_id is null and pack.id <> ${lostPackId}::uuid
      order by holder.hash, holder.space_id, abs(pack.created_at - holder.stamp)
    )
    update cell.holders as holder set pack_id = nearest.pack_id
    from nearest where nearest.hash = holder.hash and nearest.space_id = holder.space_id`.execute(db);
}
