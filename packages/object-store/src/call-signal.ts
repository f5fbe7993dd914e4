import { HoldfastError } from "@holdfast/core/errors";

/** Called between the steps of a call to end an abandoned one. */
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
    // The caller always gets the same error for an abort.
    assertWanted(signal);
    throw error;
  }
  assertWanted(signal);
}
