import { HoldfastError } from "@holdfast/core/errors";

/** Far beyond what anything takes that a test waits for, and far below what a person waits for a test. */
const timeoutMsUsual = 60_000;

/**
 * For a loop that waits, or tries again: called in each round, it throws once the time is over, so that a test that can come to no
 * end fails instead, and says what it waited for.
 */
export function bounded(what: string, timeoutMs: number = timeoutMsUsual): () => void {
  const endMs = performance.now() + timeoutMs;
  return () => {
    if (performance.now() > endMs) throw new HoldfastError("failed", `Waited ${timeoutMs} ms in vain: ${what}`);
  };
}

/** Looks again after each turn of the event loop. */
export async function until(what: string, isMet: () => boolean, timeoutMs?: number): Promise<void> {
  const stillInTime = bounded(what, timeoutMs);
  while (!isMet()) {
    stillInTime();
    await new Promise(setImmediate);
  }
}
