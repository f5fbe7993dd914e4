import type { Clock } from "@holdfast/core/clock";
import { limits } from "@holdfast/core/limits";
import type { BlockCell } from "../blocks/block-cell.ts";
import type { BlockCells } from "../blocks/open-block-cells.ts";
import { isAnyUnseenSince, scrubOn, type ScrubPorts } from "../blocks/scrub.ts";
import { beginScrubPass, readScrubPass, saveScrubPass } from "../blocks/scrub-report.ts";
import type { KeepCopies } from "../copies/keep-copies.ts";
import { eachInTurn } from "./each-in-turn.ts";

export interface ScrubCellsPorts extends Omit<ScrubPorts, "cell" | "equalize"> {
  readonly cells: BlockCells;
  readonly keep: KeepCopies;
  readonly monotonicMs: () => number;
  /** Within which each pack is reread. */
  readonly periodMs: number;
}

/** Of all cells, before the first is scrubbed: so they count as one. @throws HoldfastError unavailable where a store is not there */
export async function askForScrub({ cells, clock }: { readonly cells: BlockCells; readonly clock: Clock }) {
  for (const { keyring } of cells.all()) await keyring.assertStoreThere();
  for (const { db } of cells.all()) await beginScrubPass(db, clock, true);
}

/**
 * One turn of each cell. A pass that somebody waits for goes on to its end; one by the calendar works for a moment and then rests, so that it
 * takes no more than its share of the disk's time. Where a cell has two stores, one that lost everything is filled first, and at the end both
 * have all keys.
 */
export async function scrubCells(ports: ScrubCellsPorts): Promise<void> {
  await eachInTurn(ports.cells.all(), (cell) => scrubInTurn(ports, cell));
}

async function scrubInTurn({ keep, periodMs, monotonicMs, ...ports }: ScrubCellsPorts, cell: BlockCell): Promise<void> {
  const { clock, signal } = ports;
  if (!(await isDue(cell, clock, periodMs))) return;
  const beganMs = monotonicMs();
  const workedMs = () => monotonicMs() - beganMs;
  const equalize = (when: "before" | "after") =>
    keep(cell, { signal, ...(when === "before" ? { fillsAtOnce: true } : { compares: true }) });
  const mayGoOn = ({ urgent = false }: { readonly urgent?: boolean }) => urgent || workedMs() < limits.scrubTurnMs;
  const left = await scrubOn({ ...ports, cell, equalize }, mayGoOn);
  if (left === undefined) return;
  // After what took very long, such as filling a store, no longer than anybody believes of a clock.
  const restMs = Math.min(workedMs() * (1 / limits.scrubShareMax - 1), limits.scrubRetryMs);
  await saveScrubPass(cell.db, { ...left, next_at: clock.nowMs() + restMs });
}

/** Whether there is a pass to go on with; one begins once a pack is due, and one that failed once it may be tried again. */
async function isDue({ db }: BlockCell, clock: Clock, periodMs: number): Promise<boolean> {
  const nowMs = clock.nowMs();
  const pass = await readScrubPass(db);
  if (pass?.state === "running") return pass.urgent === true || !isLater(pass.next_at, nowMs);
  if (pass?.state === "failed") {
    const failedAt = Date.parse(pass.finished_at ?? "");
    if (isLater(failedAt + limits.scrubRetryMs, nowMs)) return false;
    return saveScrubPass(db, { ...pass, state: "running", finished_at: null, urgent: false });
  }
  if (!(await isAnyUnseenSince(db, (nowMs - periodMs * beginShare) * 1000))) return false;
  await beginScrubPass(db, clock, false);
  return true;
}

/** Early enough that a pass that takes its time is over within the period. */
const beginShare = 0.9;

/** A clock that was put back makes nobody wait for it. */
function isLater(atMs: number | undefined, nowMs: number): boolean {
  return atMs !== undefined && atMs > nowMs && atMs - nowMs <= limits.scrubRetryMs;
}
