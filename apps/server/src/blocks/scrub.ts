import type { Clock, Random } from "@holdfast/core/clock";
import { assertWanted } from "@holdfast/object-store/call-signal";
import { type Kysely, sql } from "kysely";
import { inTransaction } from "../db/database.ts";
import type { CellTables } from "../db/cell-tables.ts";
import type { Shards } from "../db/shards.ts";
import type { BlockCell } from "./block-cell.ts";
import type { BlockLog } from "./block-log.ts";
import type { BlockPool } from "./block-tasks.ts";
import { type CheckedPack, checkStoredPack } from "./check-stored-pack.ts";
import { repairPack } from "./repair-pack.ts";
import { ScrubFindings } from "./scrub-findings.ts";
import {
  beginScrubPass,
  type CellScrubReport,
  readLastDone,
  readScrubPass,
  saveScrubPass,
  type ScrubPass,
} from "./scrub-report.ts";
import { scrubUnknownPacks } from "./scrub-unknown-packs.ts";

export interface ScrubPorts {
  readonly cell: BlockCell;
  readonly shards: Shards;
  readonly pool: BlockPool;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: BlockLog;
  readonly signal?: AbortSignal;
  /** Makes the stores of the cell equal, where it has two. */
  readonly equalize?: (when: "before" | "after") => Promise<void>;
}

/**
 * Rereads every pack of a cell, those first that were not looked at for longest, and checks seal and hash of each block.
 * What fails twice in a row is marked as damaged, until it reads well again; a pack that does not describe itself is repaired. The
 * report is kept in `cell.facts`.
 * @throws HoldfastError unavailable while the store is not there: then nothing is marked
 */
export async function scrubCell(ports: ScrubPorts): Promise<CellScrubReport> {
  await ports.cell.keyring.assertStoreThere();
  await beginScrubPass(ports.cell.db, ports.clock, true);
  await scrubOn(ports, () => true);
  const { urgent: _, next_at: __, ...report } = (await readScrubPass(ports.cell.db)) ?? {};
  return report as CellScrubReport;
}

/**
 * Goes on with the pass that is under way, if there is one, and with one that is begun meanwhile.
 * @param mayGoOn asked before each pack
 * @returns the pass that is not over, at the last pack that was looked at
 * @throws HoldfastError what it failed with; a pass that is told to stop is still under way
 */
export async function scrubOn(
  ports: ScrubPorts,
  mayGoOn: (pass: ScrubPass) => boolean,
): Promise<ScrubPass | undefined> {
  const { db } = ports.cell;
  for (;;) {
    const pass = await readScrubPass(db);
    if (pass?.state !== "running") return undefined;
    const turn = await takeTurn(ports, pass, () => mayGoOn(pass));
    if (turn === "rests") return pass;
  }
}

/** "replaced": another pass was begun, and this one is of no interest any more. */
type Turn = "over" | "rests" | "replaced";

async function takeTurn(ports: ScrubPorts, pass: ScrubPass, mayGoOn: () => boolean): Promise<Turn> {
  const { cell, clock, equalize, signal } = ports;
  const finished = () => ({ finished_at: new Date(clock.nowMs()).toISOString() });
  try {
    await cell.keyring.assertStoreThere();
    const findings = new ScrubFindings(ports, pass, await readLastDone(cell.db));
    if (pass.packs === 0) await equalize?.("before");
    const turn = await scrubPacks(ports, findings, pass, mayGoOn);
    if (turn !== "over") return turn;
    await scrubUnknownPacks(ports, findings);
    await equalize?.("after");
  } catch (error) {
    // Of a server that stops it goes on where it was after the next start.
    if (signal?.aborted !== true) await saveScrubPass(cell.db, { ...pass, state: "failed", ...finished() });
    throw error;
  }
  const isKept = await saveScrubPass(cell.db, { ...pass, state: "done", ...finished() });
  if (!isKept) return "replaced";
  ports.log.info(
    { packs: pass.packs, blocks: pass.blocks, damaged: pass.damaged.length },
    "the scrub reread all packs",
  );
  return "over";
}

async function scrubPacks(
  ports: ScrubPorts,
  findings: ScrubFindings,
  pass: ScrubPass,
  mayGoOn: () => boolean,
): Promise<Turn> {
  const { cell, clock, signal } = ports;
  const startedAt = Date.parse(pass.started_at ?? "") * 1000;
  for (;;) {
    const packs = await nextPacks(cell.db, startedAt);
    if (packs.length === 0) return "over";
    for (const pack of packs) {
      assertWanted(signal);
      if (!mayGoOn()) return (await saveScrubPass(cell.db, pass)) ? "rests" : "replaced";
      // Not that of its end: a pass that begins meanwhile reads it again.
      const lookedAt = Math.max(startedAt + 1, clock.nowMicros());
      await scrubPack(ports, pack, findings);
      pass.packs += 1;
      // Together: what was found is told also after a crash.
      const isKept = await inTransaction(cell.db, async (transaction) => {
        await sql`update cell.packs set scrubbed_at = ${lookedAt}::int8 where id = ${pack.id}::uuid`.execute(
          transaction,
        );
        return saveScrubPass(transaction, pass);
      });
      if (!isKept) return "replaced";
    }
  }
}

/** Those that were there when the pass began, whose time is in milliseconds: it would come to no end while others are written. Index: packs_scrub. */
async function nextPacks(db: Kysely<CellTables>, startedAt: number): Promise<CheckedPack[]> {
  const { rows } = await sql<CheckedPack>`
    select id, epoch from cell.packs where state <> 'doomed' and created_at < ${startedAt + 1000}::int8
      and (scrubbed_at is null or scrubbed_at <= ${startedAt}::int8)
    order by scrubbed_at nulls first, id limit 20`.execute(db);
  return rows;
}

/** Whether a pack was not looked at since then. By packs_scrub. @param before microseconds since 1970 */
export async function isAnyUnseenSince(db: Kysely<CellTables>, before: number): Promise<boolean> {
  // Apart, since an index serves no "or".
  const { rows } = await sql`
    (select from cell.packs where state <> 'doomed' and scrubbed_at < ${before}::int8 limit 1)
    union all
    (select from cell.packs where state <> 'doomed' and scrubbed_at is null and created_at < ${before}::int8 limit 1)`.execute(
    db,
  );
  return rows.length > 0;
}

async function scrubPack(ports: ScrubPorts, pack: CheckedPack, findings: ScrubFindings): Promise<void> {
  const found = await checkStoredPack(ports, pack);
  if (found === undefined) return;
  const isBroken = found.footer !== undefined && !found.unread;
  await findings.addPack(pack.id, found, isBroken ? await repairPack(ports, pack, found) : "impossible");
}
