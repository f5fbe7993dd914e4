import { HoldfastError } from "@holdfast/core/errors";

export function assertWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abandonedError(signal);
}

export function abandonedError(signal: AbortSignal): HoldfastError {
  return new HoldfastError("request_timeout", "The call to the store was canceled before it finished.", {
    cause: signal.reason,
  });
}

/** Ends early, resolved or rejected, when the signal aborts. */
export type Sleep = (delayMs: number, signal?: AbortSignal) => Promise<void>;

export async function waitWhileWanted(sleep: Sleep, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(delayMs, signal);
  } catch (error) {
    // An abort always gives the caller the same error.
    assertWanted(signal);
    throw error;
  }
  assertWanted(signal);
}
