import type { Clock, Random } from "@holdfast/core/clock";
import { assertWanted } from "@holdfast/object-store/call-signal";
import { type Kysely, sql } from "kysely";
import { inTransaction } from "../../base/db/database.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import type { BlockLog } from "../facts/block-log.ts";
import type { BlockPool } from "../format/block-tasks.ts";
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
  /** Makes both stores of the cell equal, if it has two. */
  readonly equalize?: (when: "before" | "after") => Promise<void>;
}

/**
 * Checks seal and hash of each block, starting with the pack not checked for longest. A block that fails twice in a row
 * is marked damaged until it is readable again. A pack with a damaged index is repaired. The report is stored in
 * `cell.facts`.
 * @throws HoldfastError unavailable while the store is not available; nothing is marked then
 */
export async function scrubCell(ports: ScrubPorts): Promise<CellScrubReport> {
  await ports.cell.keyring.assertStoreThere();
  await beginScrubPass(ports.cell.db, ports.clock, true);
  await scrubOn(ports, () => true);
  const { urgent: _, next_at: __, ...report } = (await readScrubPass(ports.cell.db)) ?? {};
  return report as CellScrubReport;
}

/**
 * Continues the running pass, if any, and passes that start meanwhile.
 * @param mayGoOn called before each pack
 * @returns the pass if it is not complete
 * @throws HoldfastError the error that failed the pass; a pass that was stopped stays running
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
    // A stopped pass continues after the next start.
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
      // Time before the check, so that a pass that starts meanwhile checks the pack again.
      const lookedAt = Math.max(startedAt + 1, clock.nowMicros());
      await scrubPack(ports, pack, findings);
      pass.packs += 1;
      // One transaction, so that findings are also reported after a crash.
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

/** Omits packs written since the pass started, in milliseconds, so that it ends. Index: packs_scrub. */
async function nextPacks(db: Kysely<CellTables>, startedAt: number): Promise<CheckedPack[]> {
  const { rows } = await sql<CheckedPack>`
    select id, epoch from cell.packs where state <> 'doomed' and created_at < ${startedAt + 1000}::int8
      and (scrubbed_at is null or scrubbed_at <= ${startedAt}::int8)
    order by scrubbed_at nulls first, id limit 20`.execute(db);
  return rows;
}

/** Index: packs_scrub. @param before microseconds since 1970 */
export async function isAnyUnseenSince(db: Kysely<CellTables>, before: number): Promise<boolean> {
  // Two queries, because the index does not support "or".
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
