import { HoldfastError } from "@holdfast/core/errors";

/** Called between the steps of a call, so that an abandoned one ends. */
export function assertWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abandonedError(signal);
}

export function abandonedError(signal: AbortSignal): HoldfastError {
  return new HoldfastError("request_timeout", "The call to the store was canceled before it finished.", {
    cause: signal.reason,
  });
}

/** Ends early, in whatever way, when the signal is aborted. */
export type Sleep = (delayMs: number, signal?: AbortSignal) => Promise<void>;

export async function waitWhileWanted(sleep: Sleep, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(delayMs, signal);
  } catch (error) {
    // Whatever the sleep says of an abort, the caller gets our word for it.
    assertWanted(signal);
    throw error;
  }
  assertWanted(signal);
}
