import type { Clock } from "@holdfast/core/clock";
import { limits } from "@holdfast/core/limits";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
import type { BlockCells } from "../../packs/cells/open-block-cells.ts";
import { isAnyUnseenSince, scrubOn, type ScrubPorts } from "../../packs/repair/scrub.ts";
import { beginScrubPass, readScrubPass, saveScrubPass } from "../../packs/repair/scrub-report.ts";
import type { KeepCopies } from "../../packs/copies/keep-copies.ts";
import { eachInTurn } from "./each-in-turn.ts";

export interface ScrubCellsPorts extends Omit<ScrubPorts, "cell" | "equalize"> {
  readonly cells: BlockCells;
  readonly keep: KeepCopies;
  readonly monotonicMs: () => number;
  /** Each pack is reread once in this period. */
  readonly periodMs: number;
}

/**
 * All cells are marked first, so that they count as one scrub.
 * @throws HoldfastError unavailable if a store is missing
 */
export async function askForScrub({ cells, clock }: { readonly cells: BlockCells; readonly clock: Clock }) {
  for (const { keyring } of cells.all()) await keyring.assertStoreThere();
  for (const { db } of cells.all()) await beginScrubPass(db, clock, true);
}

/**
 * A requested pass runs to its end. A scheduled pass works briefly and then rests, to limit its share of disk time.
 * With two stores, an empty one is filled first, and both have all keys at the end.
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
  // Limits the rest after very long work, such as filling a store.
  const restMs = Math.min(workedMs() * (1 / limits.scrubShareMax - 1), limits.scrubRetryMs);
  await saveScrubPass(cell.db, { ...left, next_at: clock.nowMs() + restMs });
}

/** A pass begins when a pack is due. A failed pass begins after its delay. @returns true if there is work */
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

/** Starts early enough to finish a slow pass within the period. */
const beginShare = 0.9;

/** Ignores times too far ahead, because the clock may have been set back. */
function isLater(atMs: number | undefined, nowMs: number): boolean {
  return atMs !== undefined && atMs > nowMs && atMs - nowMs <= limits.scrubRetryMs;
}
