import { HoldfastError } from "@holdfast/core/errors";

/** Called between the steps of a call, so that an abandoned one ends. */
export function assertWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abandonedError(signal);
}

export function abandonedError(signal: AbortSignal): HoldfastError {
  return new HoldfastError("request_timeout", "The call to the store was given up before it was done.", {
    cause: signal.reason,
  });
}
