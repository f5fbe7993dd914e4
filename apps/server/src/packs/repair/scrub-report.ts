import type { Clock } from "@holdfast/core/clock";
import type { ScrubReportJson } from "@holdfast/protocol/scrub-routes";
import { type Kysely, sql } from "kysely";
import { inTransaction } from "../../base/db/database.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { BlockCells } from "../cells/open-block-cells.ts";
import { readFact, writeFact } from "../facts/cell-facts.ts";

export type CellScrubReport = ScrubReportJson;

/** Identified by its start time. */
export interface ScrubPass extends CellScrubReport {
  /** Somebody waits for the result, so the pass runs without pauses. */
  readonly urgent?: boolean;
  /** Pauses until this time in all processes, in milliseconds since 1970. */
  readonly next_at?: number;
}

/**
 * Replaces a running pass. Its process then continues with the new pass, which rereads everything that the old one has
 * not recorded.
 */
export function beginScrubPass(db: Kysely<CellTables>, clock: Clock, urgent: boolean): Promise<void> {
  return inTransaction(db, async (transaction) => {
    // Locks first: the start time is after everything that the old pass has recorded.
    await sql`insert into cell.facts (name, value) values (${factName}, '{}') on conflict (name)
      do update set value = cell.facts.value`.execute(transaction);
    await writeFact(transaction, factName, newPass(clock, urgent));
  });
}

function newPass(clock: Clock, urgent: boolean): ScrubPass {
  const started_at = new Date(clock.nowMs()).toISOString();
  const counts = { packs: 0, blocks: 0, revived: 0, healed: 0, without_rows: 0 };
  const found = { repaired: [], mended: [], damaged: [] };
  return { state: "running", started_at, finished_at: null, ...counts, ...found, urgent };
}

export async function readScrubPass(db: Kysely<CellTables>): Promise<ScrubPass | undefined> {
  return (await readFact(db, factName)) as ScrubPass | undefined;
}

/** @returns false, with nothing written, if another pass has started */
export async function saveScrubPass(db: Kysely<CellTables>, pass: ScrubPass): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("cell.facts")
    .set({ value: JSON.stringify(pass) })
    .where("name", "=", factName)
    .where(sql<boolean>`value ->> 'started_at' = ${pass.started_at}`)
    .executeTakeFirst();
  const isKept = numUpdatedRows > 0n;
  if (isKept && pass.state === "done") await writeFact(db, lastDoneName, pass);
  return isKept;
}

export async function readLastDone(db: Kysely<CellTables>): Promise<CellScrubReport | undefined> {
  return (await readFact(db, lastDoneName)) as CellScrubReport | undefined;
}

export async function isUrgentScrub(cells: BlockCells): Promise<boolean> {
  for (const { db } of cells.all()) {
    const pass = await readScrubPass(db);
    if (pass?.state === "running" && pass.urgent === true) return true;
  }
  return false;
}

export async function readScrubReport(cells: BlockCells): Promise<ScrubReportJson> {
  const reports: CellScrubReport[] = [];
  for (const { db } of cells.all()) {
    const report = (await readFact(db, factName)) as CellScrubReport | undefined;
    if (report !== undefined) reports.push(report);
  }
  const state = stateOf(reports, cells.all().length);
  const started = reports
    .map(({ started_at }) => started_at)
    .filter((time) => time !== null)
    .toSorted();
  const finished = reports
    .map(({ finished_at }) => finished_at)
    .filter((time) => time !== null)
    .toSorted();
  return {
    state,
    started_at: started[0] ?? null,
    finished_at: state === "done" || state === "failed" ? (finished.at(-1) ?? null) : null,
    ...sumOf(reports),
    repaired: reports.flatMap(({ repaired }) => repaired ?? []),
    mended: reports.flatMap(({ mended }) => mended ?? []),
    damaged: reports.flatMap(({ damaged }) => damaged),
  };
}

function sumOf(reports: readonly CellScrubReport[]) {
  // Earlier versions lack some members.
  const sum = (pick: (report: CellScrubReport) => number | undefined) =>
    reports.reduce((total, report) => total + (pick(report) ?? 0), 0);
  return {
    packs: sum(({ packs }) => packs),
    blocks: sum(({ blocks }) => blocks),
    revived: sum(({ revived }) => revived),
    healed: sum(({ healed }) => healed),
    without_rows: sum(({ without_rows }) => without_rows),
  };
}

function stateOf(reports: readonly CellScrubReport[], cellCount: number): CellScrubReport["state"] {
  if (reports.some(({ state }) => state === "running")) return "running";
  if (reports.some(({ state }) => state === "failed")) return "failed";
  return reports.length === cellCount ? "done" : "never";
}

const factName = "scrub";
const lastDoneName = "scrub_done";
