import type { Clock } from "@holdfast/core/clock";
import type { ScrubReportJson } from "@holdfast/protocol/account-routes";
import type { Kysely } from "kysely";
import type { CellTables } from "../db/cell-tables.ts";
import type { BlockCells } from "./block-cell.ts";
import { readFact, writeFact } from "./cell-facts.ts";

/** What one cell found; of the shape that the API shows. */
export type CellScrubReport = ScrubReportJson;

export function startScrubReport(clock: Clock): CellScrubReport {
  const started_at = new Date(clock.nowMs()).toISOString();
  const counts = { packs: 0, blocks: 0, revived: 0, healed: 0, without_rows: 0 };
  return { state: "running", started_at, finished_at: null, ...counts, repaired: [], damaged: [] };
}

export async function writeScrubReport(db: Kysely<CellTables>, report: CellScrubReport): Promise<void> {
  await writeFact(db, factName, report);
  if (report.state === "done") await writeFact(db, lastDoneName, report);
}

/** What the last scrub of this cell that came to its end had found. */
export async function readLastDone(db: Kysely<CellTables>): Promise<CellScrubReport | undefined> {
  return (await readFact(db, lastDoneName)) as CellScrubReport | undefined;
}

/** What the last scrub of all cells found, or has found so far. */
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
    damaged: reports.flatMap(({ damaged }) => damaged),
  };
}

function sumOf(reports: readonly CellScrubReport[]) {
  // One that an earlier version wrote lacks some.
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
