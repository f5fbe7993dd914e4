import type { Clock, Random } from "@holdfast/core/clock";
import { assertWanted } from "@holdfast/object-store/call-signal";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../db/cell-tables.ts";
import type { Shards } from "../db/shards.ts";
import type { BlockCell, BlockLog } from "./block-cell.ts";
import type { BlockPool } from "./block-tasks.ts";
import { checkStoredPack } from "./check-stored-pack.ts";
import type { CheckedPack } from "./check-stored-pack.ts";
import { repairPack } from "./repair-pack.ts";
import { ScrubFindings } from "./scrub-findings.ts";
import { readLastDone, startScrubReport, writeScrubReport } from "./scrub-report.ts";
import type { CellScrubReport } from "./scrub-report.ts";
import { scrubUnknownPacks } from "./scrub-unknown-packs.ts";

export interface ScrubPorts {
  readonly cell: BlockCell;
  readonly shards: Shards;
  readonly pool: BlockPool;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: BlockLog;
  readonly signal?: AbortSignal;
}

/**
 * Rereads every pack of a cell, those first that were not looked at for longest, and checks seal and hash of each block.
 * What fails twice in a row is marked as damaged, until it reads well again; a pack that does not describe itself is repaired. The
 * report is kept in `cell.facts`.
 * @throws HoldfastError unavailable while the store is not there: then nothing is marked
 */
export async function scrubCell(ports: ScrubPorts): Promise<CellScrubReport> {
  const { cell, clock } = ports;
  await cell.keyring.assertStoreThere();
  const startedAt = clock.nowMicros();
  const report = startScrubReport(clock);
  const findings = new ScrubFindings(ports, report, await readLastDone(cell.db));
  await writeScrubReport(cell.db, report);
  try {
    await scrubPacks(ports, findings, startedAt);
    await scrubUnknownPacks(ports, findings);
  } catch (error) {
    await writeScrubReport(cell.db, { ...report, state: "failed", finished_at: new Date(clock.nowMs()).toISOString() });
    throw error;
  }
  const done: CellScrubReport = { ...report, state: "done", finished_at: new Date(clock.nowMs()).toISOString() };
  await writeScrubReport(cell.db, done);
  ports.log.info({ packs: done.packs, blocks: done.blocks, damaged: done.damaged.length }, "all packs were reread");
  return done;
}

async function scrubPacks(ports: ScrubPorts, findings: ScrubFindings, startedAt: number): Promise<void> {
  const { cell, clock, signal } = ports;
  for (;;) {
    const packs = await nextPacks(cell.db, startedAt);
    for (const pack of packs) {
      assertWanted(signal);
      await scrubPack(ports, pack, findings);
      await sql`update cell.packs set scrubbed_at = ${Math.max(startedAt, clock.nowMicros())}::int8
        where id = ${pack.id}::uuid`.execute(cell.db);
      findings.report.packs += 1;
    }
    if (packs.length === 0) return;
    await writeScrubReport(cell.db, findings.report);
  }
}

/** Index: packs_scrub. */
async function nextPacks(db: Kysely<CellTables>, startedAt: number): Promise<CheckedPack[]> {
  const { rows } = await sql<CheckedPack>`
    select id, epoch from cell.packs where state <> 'doomed' and (scrubbed_at is null or scrubbed_at < ${startedAt}::int8)
    order by scrubbed_at nulls first, id limit 20`.execute(db);
  return rows;
}

async function scrubPack(ports: ScrubPorts, pack: CheckedPack, findings: ScrubFindings): Promise<void> {
  const found = await checkStoredPack(ports, pack);
  if (found === undefined) return;
  const isBroken = found.footer !== undefined && !found.unread;
  await findings.addPack(pack.id, found, isBroken ? await repairPack(ports, pack, found) : "impossible");
}
