import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { Sleep } from "./call-signal.ts";
import { inTime } from "./in-time.ts";
import type { ObjectStore } from "./object-store.ts";
import { probeKey } from "./store-copy.ts";

export interface BreakerOptions {
  /** Time without an answer to any call. A large put over a slow line takes longer, so the probe decides. */
  readonly quietMs: number;
  readonly probeTimeoutMs: number;
  /** Minimum interval between failed probes. */
  readonly probeEveryMs: number;
  /** Monotonic clock. */
  readonly nowMs: () => number;
  readonly sleep: Sleep;
  /** Called when calls begin to be rejected, and without a reason when they are accepted again. */
  readonly onChange?: ((reason: HoldfastError | undefined) => void) | undefined;
}

/**
 * Rejects calls to a store that does not answer, which would otherwise wait for its timeouts and retries, and keep
 * memory and places of others meanwhile. Calls in progress are not aborted: a put may be slow and still succeed.
 * @param plain the same store without retries and limits, whose queues a probe must not wait in
 * @throws HoldfastError unavailable with the seconds until the next probe
 */
export function withBreaker(store: ObjectStore, plain: ObjectStore, options: BreakerOptions): ObjectStore {
  const breaker = new Breaker(plain, options);
  return {
    put: (key, bytes, call) => breaker.run(() => store.put(key, bytes, call)),
    get: (key, call) => breaker.run(() => store.get(key, call)),
    stat: (key, call) => breaker.run(() => store.stat(key, call)),
    delete: (key, call) => breaker.run(() => store.delete(key, call)),
    async *list(prefix, call) {
      await breaker.assertAnswers();
      yield* store.list(prefix, call);
    },
  };
}

class Breaker {
  readonly #plain: ObjectStore;
  readonly #options: BreakerOptions;
  #callsInProgress = 0;
  /** Since then, calls were made, and none was answered. */
  #quietSinceMs: number | undefined;
  #isOpen = false;
  #probing: Promise<HoldfastError | undefined> | undefined;
  #failed: { readonly error: HoldfastError; readonly atMs: number } | undefined;

  constructor(plain: ObjectStore, options: BreakerOptions) {
    this.#plain = plain;
    this.#options = options;
  }

  async run<Result>(act: () => Promise<Result>): Promise<Result> {
    await this.assertAnswers();
    this.#quietSinceMs ??= this.#options.nowMs();
    this.#callsInProgress += 1;
    try {
      const result = await act();
      this.#callsInProgress -= 1;
      this.#answered();
      return result;
    } catch (error) {
      this.#callsInProgress -= 1;
      if (isAnswer(error)) this.#answered();
      throw error;
    }
  }

  async assertAnswers(): Promise<void> {
    const { nowMs, quietMs, probeEveryMs } = this.#options;
    if (this.#quietSinceMs === undefined || nowMs() - this.#quietSinceMs < quietMs) return;
    const isRecent = this.#failed !== undefined && nowMs() - this.#failed.atMs < probeEveryMs;
    const error = isRecent ? this.#failed?.error : await this.#probe();
    if (error !== undefined) throw error;
  }

  /** Concurrent callers share a probe. */
  #probe(): Promise<HoldfastError | undefined> {
    this.#probing ??= this.#probeOnce().finally(() => (this.#probing = undefined));
    return this.#probing;
  }

  async #probeOnce(): Promise<HoldfastError | undefined> {
    const { probeTimeoutMs, probeEveryMs, sleep, nowMs, onChange } = this.#options;
    try {
      await inTime({ patienceMs: probeTimeoutMs, sleep }, undefined, (signal) =>
        this.#plain.stat(probeKey, { signal }),
      );
    } catch (cause) {
      if (!isAnswer(cause)) {
        const error = awayError(probeEveryMs, cause);
        this.#failed = { error, atMs: nowMs() };
        if (!this.#isOpen) onChange?.(toHoldfastError(cause));
        this.#isOpen = true;
        return error;
      }
    }
    this.#answered();
    return undefined;
  }

  #answered(): void {
    this.#quietSinceMs = this.#callsInProgress === 0 ? undefined : this.#options.nowMs();
    this.#failed = undefined;
    if (this.#isOpen) this.#options.onChange?.(undefined);
    this.#isOpen = false;
  }
}

/** Errors such as a missing object or a full store prove that the store works. */
function isAnswer(thrown: unknown): boolean {
  const { code } = toHoldfastError(thrown);
  return code !== "unavailable" && code !== "request_timeout";
}

/** Users of the server see this, so the location is only in the cause. */
function awayError(waitMs: number, cause: unknown): HoldfastError {
  return new HoldfastError("unavailable", "The block store does not answer. Try again in a moment.", {
    retryAfterSeconds: Math.ceil(waitMs / 1000),
    cause,
  });
}
