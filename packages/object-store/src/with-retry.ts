import { type BackoffLimits, backoffMs } from "@holdfast/core/backoff";
import { toHoldfastError } from "@holdfast/core/errors";
import type { HoldfastError } from "@holdfast/core/errors";
import { waitWhileWanted } from "./call-signal.ts";
import type { Sleep } from "./call-signal.ts";
import type { CallOptions, ObjectEntry, ObjectStore } from "./object-store.ts";

export interface RetryOptions {
  /** Attempts per call, including the first. */
  readonly attemptsMax: number;
  /** Longest delays; the real ones are uniform between 0 and these ("full jitter", AWS Architecture Blog, 2015). */
  readonly backoff: BackoffLimits;
  /** Returns 0 to below 1. */
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly onRetry?: (error: HoldfastError, delayMs: number) => void;
}

/** Retries temporary failures. All calls of a store can be repeated. */
export function withRetry(store: ObjectStore, options: RetryOptions): ObjectStore {
  return {
    put: (key, bytes, call) => repeat(options, call, () => store.put(key, bytes, call)),
    get: (key, call) => repeat(options, call, () => store.get(key, call)),
    stat: (key, call) => repeat(options, call, () => store.stat(key, call)),
    delete: (key, call) => repeat(options, call, () => store.delete(key, call)),
    list: (prefix, call) => relist(store, prefix, options, call),
  };
}

async function repeat<Result>(
  options: RetryOptions,
  call: CallOptions | undefined,
  act: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      await waitOrThrow(error, attempt, options, call);
    }
  }
}

/** Restarts a broken list, and skips entries already returned, because lists are ordered. */
async function* relist(
  store: ObjectStore,
  prefix: string,
  options: RetryOptions,
  call: CallOptions | undefined,
): AsyncIterable<ObjectEntry> {
  let last = "";
  for (let attempt = 1; ; attempt += 1) {
    try {
      for await (const entry of store.list(prefix, call)) {
        if (entry.key <= last) continue;
        last = entry.key;
        attempt = 1;
        yield entry;
      }
      return;
    } catch (error) {
      await waitOrThrow(error, attempt, options, call);
    }
  }
}

async function waitOrThrow(
  thrown: unknown,
  attempt: number,
  options: RetryOptions,
  call: CallOptions | undefined,
): Promise<void> {
  const error = toHoldfastError(thrown);
  if (!isPassing(error) || attempt >= options.attemptsMax || call?.signal?.aborted === true) throw thrown;
  const ceilingMs = backoffMs(options.backoff, attempt);
  const delayMs = Math.max(options.random() * ceilingMs, (error.retryAfterSeconds ?? 0) * 1000);
  options.onRetry?.(error, delayMs);
  await waitWhileWanted(options.sleep, delayMs, call?.signal);
}

/** A full disk does not resolve within one call. */
function isPassing(error: HoldfastError): boolean {
  return error.retryable && error.code !== "store_full";
}
