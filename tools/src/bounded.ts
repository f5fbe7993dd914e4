import { HoldfastError } from "@holdfast/core/errors";

/** Multiplies every wait of the tests: HOLDFAST_PATIENCE, 1 by default. A longer wait costs nothing where it succeeds. */
export const patience = readPatience(process.env["HOLDFAST_PATIENCE"]);

/** @throws HoldfastError invalid_field */
export function readPatience(text: string | undefined): number {
  if (text === undefined || text === "") return 1;
  const factor = Number(text);
  if (factor > 0 && factor < Infinity) return factor;
  throw new HoldfastError("invalid_field", `HOLDFAST_PATIENCE must be a positive number, not "${text}".`);
}

/** Far beyond what anything takes that a test waits for, and far below what a person waits for a test. */
const timeoutMsUsual = 60_000;

/**
 * For a loop that waits, or tries again: called in each round, it throws once the time is over, so that a test that can come to no
 * end fails instead, and says what it waited for.
 */
export function bounded(what: string, timeoutMs: number = timeoutMsUsual): () => void {
  const patientMs = timeoutMs * patience;
  const endMs = performance.now() + patientMs;
  return () => {
    if (performance.now() > endMs) throw new HoldfastError("failed", `Waited ${patientMs} ms in vain: ${what}`);
  };
}

/**
 * Checks the condition after each of 100 turns of the event loop, then every 2 ms: an expensive condition would otherwise keep one core busy.
 */
export async function until(what: string, isMet: () => boolean, timeoutMs?: number): Promise<void> {
  const stillInTime = bounded(what, timeoutMs);
  for (let turn = 0; !isMet(); turn += 1) {
    stillInTime();
    await new Promise<void>((resolve) => void (turn < turnsFirst ? setImmediate(resolve) : later(resolve, 2)));
  }
}

const turnsFirst = 100;
/** Captured when the module loads, because a test may mock `setTimeout`. */
const later = setTimeout;
