import { HoldfastError } from "@holdfast/core/errors";

/** Factor of all waits in tests: HOLDFAST_PATIENCE, default 1. A longer limit costs nothing if the wait succeeds. */
export const patience = readPatience(process.env["HOLDFAST_PATIENCE"]);

/** @throws HoldfastError invalid_field */
export function readPatience(text: string | undefined): number {
  if (text === undefined || text === "") return 1;
  const factor = Number(text);
  if (factor > 0 && factor < Infinity) return factor;
  throw new HoldfastError("invalid_field", `HOLDFAST_PATIENCE must be a positive number, not "${text}".`);
}

/** Far longer than any expected wait, and far shorter than a person's patience. */
const timeoutMsUsual = 60_000;

/**
 * Returns a check for each round of a loop that waits or retries. It throws after the time limit, so that an endless
 * test fails and names the awaited condition.
 */
export function bounded(what: string, timeoutMs: number = timeoutMsUsual): () => void {
  const patientMs = timeoutMs * patience;
  const endMs = performance.now() + patientMs;
  return () => {
    if (performance.now() > endMs) throw new HoldfastError("failed", `Waited ${patientMs} ms in vain: ${what}`);
  };
}

/**
 * Checks the condition after each of 100 turns of the event loop, then every 2 ms: an expensive condition would
 * otherwise keep one core busy.
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
