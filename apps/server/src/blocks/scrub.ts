import type { Clock } from "@holdfast/core/clock";
import type { HashHex } from "@holdfast/core/ids";
import { assertWanted } from "@holdfast/object-store/call-signal";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../db/cell-tables.ts";
import type { Shards } from "../db/shards.ts";
import type { BlockCell, BlockLog } from "./block-cell.ts";
import { findPlaces } from "./block-rows.ts";
import type { BlockPool } from "./block-tasks.ts";
import { checkStoredPack } from "./check-stored-pack.ts";
import { findFilesTouching } from "./files-touching.ts";
import type { PackId } from "./pack-format.ts";
import { startScrubReport, writeScrubReport } from "./scrub-report.ts";
import type { CellScrubReport } from "./scrub-report.ts";

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
 * What fails twice in a row is marked as damaged, until it reads well again. The report is kept in `cell.facts`.
 * @throws HoldfastError unavailable while the store is not there: then nothing is marked
 */
export async function scrubCell(ports: ScrubPorts): Promise<CellScrubReport> {
  const { cell, clock } = ports;
  await cell.keyring.assertStoreThere();
  const startedAt = clock.nowMicros();
  const report = startScrubReport(clock);
  await writeScrubReport(cell.db, report);
  try {
    await scrubPacks(ports, report, startedAt);
  } catch (error) {
    await writeScrubReport(cell.db, { ...report, state: "failed", finished_at: new Date(clock.nowMs()).toISOString() });
    throw error;
  }
  const done: CellScrubReport = { ...report, state: "done", finished_at: new Date(clock.nowMs()).toISOString() };
  await writeScrubReport(cell.db, done);
  ports.log.info({ packs: done.packs, blocks: done.blocks, damaged: done.damaged.length }, "all packs were reread");
  return done;
}

async function scrubPacks(ports: ScrubPorts, report: CellScrubReport, startedAt: number): Promise<void> {
  const { cell, clock, signal } = ports;
  for (;;) {
    const packs = await nextPacks(cell.db, startedAt);
    for (const pack of packs) {
      assertWanted(signal);
      await scrubPack(ports, pack, report);
      await sql`update cell.packs set scrubbed_at = ${Math.max(startedAt, clock.nowMicros())}::int8
        where id = ${pack.id}::uuid`.execute(cell.db);
      report.packs += 1;
    }
    if (packs.length === 0) return;
    await writeScrubReport(cell.db, report);
  }
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

async function scrubPack(ports: ScrubPorts, pack: PackRow, report: CellScrubReport): Promise<void> {
  const found = await checkStoredPack(ports, pack);
  if (found === undefined) return;
  const { rows, faults, footer } = found;
  report.blocks += rows.length;
  const damaged = rows.flatMap(({ hex }, index) => {
    const reason = faults[index];
    return reason === undefined ? [] : [{ hash: hex, reason }];
  });
  if (footer !== undefined) noteDamage(ports, report, { hash: null, packId: pack.id, reason: footer, files: [] });
  if (damaged.length > 0) await noteBlocks(ports, report, pack.id, damaged);
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
