import type { Clock } from "@holdfast/core/clock";
import type { ScrubReportJson } from "@holdfast/protocol/scrub-routes";
import { type Kysely, sql } from "kysely";
import { inTransaction } from "../db/database.ts";
import type { CellTables } from "../db/cell-tables.ts";
import type { BlockCells } from "./open-block-cells.ts";
import { readFact, writeFact } from "./cell-facts.ts";

/** What one cell found; of the shape that the API shows. */
export type CellScrubReport = ScrubReportJson;

/** One reading of all packs of a cell: what it has found so far, and how it goes on. It is known by its beginning. */
export interface ScrubPass extends CellScrubReport {
  /** Somebody waits for it, so that it takes the time it needs. */
  readonly urgent?: boolean;
  /** Milliseconds since 1970: it rests until then, in all processes. */
  readonly next_at?: number;
}

/** The place of one that is under way is taken: whoever is at it finds the new one, which looks at all that it has not told of. */
export function beginScrubPass(db: Kysely<CellTables>, clock: Clock, urgent: boolean): Promise<void> {
  return inTransaction(db, async (transaction) => {
    // Locked first, so that its time is after each look that the one before has still told of.
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

/** @returns false once another one was begun: then nothing was written */
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

/** What the last scrub of this cell that came to its end had found. */
export async function readLastDone(db: Kysely<CellTables>): Promise<CellScrubReport | undefined> {
  return (await readFact(db, lastDoneName)) as CellScrubReport | undefined;
}

/** Whether somebody waits for what is under way. */
export async function isUrgentScrub(cells: BlockCells): Promise<boolean> {
  for (const { db } of cells.all()) {
    const pass = await readScrubPass(db);
    if (pass?.state === "running" && pass.urgent === true) return true;
  }
  return false;
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
    mended: reports.flatMap(({ mended }) => mended ?? []),
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
