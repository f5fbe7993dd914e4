import { backoffMs, withEqualJitter } from "@holdfast/core/backoff";
import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";
import { remedyFor } from "./remedies.ts";

/** Reason and end of a wait, in Unix milliseconds. */
export interface Waiting {
  readonly code: ErrorCode;
  readonly untilMs: number;
}

export interface PatienceParts {
  readonly nowMs: () => number;
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
  readonly random: Random;
  readonly onChange: () => void;
}

const backoff = { firstMs: 500, maxMs: 30_000 };
/** Internal errors this often will continue. */
const internalMax = 6;

/** Retries while the server is unreachable or overloaded. All calls share one delay. */
export class Patience {
  readonly #parts: PatienceParts;
  #waiting: Waiting | undefined;
  #failures = 0;
  #wake = new AbortController();

  constructor(parts: PatienceParts) {
    this.#parts = parts;
  }

  get waiting(): Waiting | undefined {
    return this.#waiting;
  }

  /** Call when the browser is online again. */
  wakeUp(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  /** @throws HoldfastError that a retry cannot fix, or the signal's reason */
  async run<Result>(signal: AbortSignal, call: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#pass(signal);
      try {
        const result = await call();
        this.#succeeded();
        return result;
      } catch (thrown) {
        signal.throwIfAborted();
        if (!(thrown instanceof HoldfastError) || remedyFor(thrown.code) !== "wait") throw thrown;
        if (thrown.code === "internal" && attempt >= internalMax) throw thrown;
        this.failed(thrown);
      }
    }
  }

  failed(failure: HoldfastError): void {
    const { nowMs, onChange } = this.#parts;
    const askedMs = (failure.retryAfterSeconds ?? 0) * 1000;
    const longestMs = backoffMs(backoff, this.#failures + 1);
    // Concurrent failures count as one.
    if (this.#waiting === undefined || nowMs() >= this.#waiting.untilMs) this.#failures += 1;
    const untilMs = nowMs() + askedMs + Math.ceil(withEqualJitter(longestMs, this.#fraction()));
    if (untilMs <= (this.#waiting?.untilMs ?? 0)) return;
    this.#waiting = { code: failure.code, untilMs };
    onChange();
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { nowMs, wait } = this.#parts;
    for (;;) {
      const delayMs = (this.#waiting?.untilMs ?? 0) - nowMs();
      if (delayMs <= 0) return;
      const woken = this.#wake.signal;
      try {
        await wait(delayMs, AbortSignal.any([signal, woken]));
      } catch (thrown) {
        signal.throwIfAborted();
        if (!woken.aborted) throw thrown;
        return;
      }
    }
  }

  #succeeded(): void {
    this.#failures = 0;
    if (this.#waiting === undefined) return;
    this.#waiting = undefined;
    this.#parts.onChange();
  }

  /** At least 0, below 1. */
  #fraction(): number {
    const [high = 0, low = 0] = this.#parts.random(2);
    return (high * 256 + low) / 65_536;
  }
}
