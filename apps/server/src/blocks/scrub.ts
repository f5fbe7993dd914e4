import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { assertWanted } from "@holdfast/object-store/call-signal";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../db/cell-tables.ts";
import type { Shards } from "../db/shards.ts";
import type { BlockCell, BlockLog } from "./block-cell.ts";
import { findPlaces, markDamaged } from "./block-rows.ts";
import { scrubPackInPool } from "./block-tasks.ts";
import type { BlockPool } from "./block-tasks.ts";
import { findFilesTouching } from "./files-touching.ts";
import { packKey } from "./pack-format.ts";
import type { PackId } from "./pack-format.ts";
import type { ScrubFinding, ScrubRow } from "./pack-check.ts";
import { markPackMissing } from "./rebuild-index.ts";
import { startScrubReport, writeScrubReport } from "./scrub-report.ts";
import type { CellScrubReport } from "./scrub-report.ts";
import { packKeyOf } from "./seal.ts";

export interface ScrubPorts {
  readonly cell: BlockCell;
  readonly shards: Shards;
  readonly pool: BlockPool;
  readonly clock: Clock;
  readonly log: BlockLog;
  readonly signal?: AbortSignal;
}

/**
 * Rereads every pack of a cell, those first that were not looked at for longest, and checks seal and hash of each block.
 * What fails twice in a row is marked as damaged, and stays so if it reads well later: a disk that lies once is not
 * to be trusted with the only copy, and whoever has the block heals it. The report is kept in `cell.facts`.
 */
export async function scrubCell(ports: ScrubPorts): Promise<CellScrubReport> {
  const { cell, clock, signal } = ports;
  const startedAt = clock.nowMicros();
  const report = startScrubReport(clock);
  await writeScrubReport(cell.db, report);
  for (;;) {
    const packs = await nextPacks(cell.db, startedAt);
    for (const pack of packs) {
      assertWanted(signal);
      await scrubPack(ports, pack, report);
      await sql`update cell.packs set scrubbed_at = ${Math.max(startedAt, clock.nowMicros())}::int8
        where id = ${pack.id}::uuid`.execute(cell.db);
      report.packs += 1;
    }
    if (packs.length === 0) break;
    await writeScrubReport(cell.db, report);
  }
  const done: CellScrubReport = { ...report, state: "done", finished_at: new Date(clock.nowMs()).toISOString() };
  await writeScrubReport(cell.db, done);
  ports.log.info({ packs: done.packs, blocks: done.blocks, damaged: done.damaged.length }, "all packs were reread");
  return done;
}

interface PackRow {
  readonly id: PackId;
  readonly epoch: number;
}

/** Index: packs_scrub. */
async function nextPacks(db: Kysely<CellTables>, startedAt: number): Promise<PackRow[]> {
  const { rows } = await sql<PackRow>`
    select id, epoch from cell.packs where state <> 'doomed' and (scrubbed_at is null or scrubbed_at < ${startedAt}::int8)
    order by scrubbed_at nulls first, id limit 20`.execute(db);
  return rows;
}

async function scrubPack(ports: ScrubPorts, { id, epoch }: PackRow, report: CellScrubReport): Promise<void> {
  const rows = await rowsOf(ports.cell.db, id);
  report.blocks += rows.length;
  const { key } = await ports.cell.keyring.keyOf(epoch);
  const check = () => checkOnce(ports, { id, epoch }, packKeyOf(key, id), rows);
  let found = await check();
  if (isWorse(found, rows)) found = await check();
  if (found.missing && !(await isStillWanted(ports.cell.db, id))) return;
  if (found.missing) await markPackMissing(ports.cell.db, id);
  const damaged: { hash: HashHex; reason: string }[] = [];
  for (const [index, { hash, damaged: known }] of rows.entries()) {
    const hex = Buffer.from(hash).toString("hex") as HashHex;
    const fault = found.faults[index];
    if (fault !== undefined) await markDamaged(ports.cell.db, { hash: hex, packId: id });
    if (fault !== undefined || known)
      damaged.push({ hash: hex, reason: fault ?? "was found damaged before, and reads well now" });
  }
  if (found.footer !== undefined)
    noteDamage(ports, report, { hash: null, packId: id, reason: found.footer, files: [] });
  if (damaged.length > 0) await noteBlocks(ports, report, id, damaged);
}

async function rowsOf(db: Kysely<CellTables>, packId: PackId): Promise<ScrubRow[]> {
  const { rows } = await sql<ScrubRow>`
    select hash, record_index as index, "offset" as start, stored_size as "storedSize", size as "sizeBytes", codec,
      state = 'damaged' as damaged
    from cell.blocks where pack_id = ${packId}::uuid order by record_index`.execute(db);
  return rows;
}

async function checkOnce(
  { cell, pool, signal }: ScrubPorts,
  { id: packId, epoch }: PackRow,
  key: Uint8Array,
  rows: readonly ScrubRow[],
): Promise<ScrubFinding & { readonly missing: boolean }> {
  const options = signal === undefined ? {} : { signal };
  const stat = await cell.store.stat(packKey(packId), options);
  const gone = (reason: string) => ({ missing: true, footer: reason, faults: rows.map(() => reason) });
  if (stat === undefined) return gone("the pack is missing");
  if (stat.sizeBytes > limits.packBytesMax) return { ...gone(`the pack has ${stat.sizeBytes} bytes`), missing: false };
  try {
    const pack = await cell.store.get(packKey(packId), options);
    return { ...(await scrubPackInPool(pool, { pack, packId, epoch, key, rows })), missing: false };
  } catch (error) {
    if (error instanceof HoldfastError && error.code === "not_found") return gone("the pack is missing");
    throw error;
  }
}

function isWorse({ footer, faults }: ScrubFinding, rows: readonly ScrubRow[]): boolean {
  return footer !== undefined || faults.some((fault, index) => fault !== undefined && rows[index]?.damaged === false);
}

/** A pack goes after its rows have gone, so one that is missing and has rows is lost. */
async function isStillWanted(db: Kysely<CellTables>, packId: PackId): Promise<boolean> {
  const { rows } = await sql`select from cell.packs where id = ${packId}::uuid and state <> 'doomed'`.execute(db);
  return rows.length > 0;
}

async function noteBlocks(
  ports: ScrubPorts,
  report: CellScrubReport,
  packId: PackId,
  damaged: readonly { hash: HashHex; reason: string }[],
): Promise<void> {
  const hashes = damaged.map(({ hash }) => hash);
  const whole = await findPlaces(ports.cell.db, hashes);
  const touched = await findFilesTouching(
    ports.shards,
    ports.cell.db,
    hashes.filter((hash) => !whole.has(hash)),
  );
  for (const { hash, reason } of damaged) {
    const healed = whole.has(hash) ? `${reason}; another copy is whole` : reason;
    noteDamage(ports, report, { hash, packId, reason: healed, files: touched.get(hash) ?? [] });
  }
}

function noteDamage(
  { log }: ScrubPorts,
  report: CellScrubReport,
  {
    hash,
    packId,
    reason,
    files,
  }: { hash: HashHex | null; packId: PackId; reason: string; files: CellScrubReport["damaged"][number]["files"] },
): void {
  log.error({ hash, pack_id: packId, reason, files }, "the scrubber found damage");
  if (report.damaged.length < damagedMax) report.damaged.push({ hash, pack_id: packId, reason, files });
}

/** Of a report: whoever has more damage than this restores from a backup and reads the log. */
const damagedMax = 1000;
