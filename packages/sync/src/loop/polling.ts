import { HoldfastError } from "@holdfast/core/errors";
import { Backoff } from "./backoff.ts";
import { Interrupted } from "./gate.ts";

/** Held between 30 and 55 s: proxies cut at 60. */
const pollMs = { least: 30_000, most: 55_000, afterFailure: 1000 };
/** The server holds a poll, or says how long to wait; what answers sooner that nothing has changed may be something else. */
const soonMs = 500;

export interface PollingParts {
  readonly poll: (timeoutMs: number) => Promise<boolean>;
  readonly random: (sizeBytes: number) => Uint8Array;
  readonly nowMs: () => number;
  readonly sleep: (durationMs: number) => Promise<void>;
  readonly isWanted: () => boolean;
  /** What is told of the server is another by now. */
  readonly onTurn: () => void;
}

/** One poll at a time, as long as nothing changes. Its answer is only a wake-up: the journal is the truth. */
export class Polling {
  /** Of the last poll. While nothing changes here it alone tells that the server is away, or this device signed out. */
  failure: HoldfastError | undefined;
  readonly #parts: PollingParts;
  readonly #backoff = new Backoff();
  #underWay: Promise<void> | undefined;

  constructor(parts: PollingParts) {
    this.#parts = parts;
  }

  /** The server has answered something else. */
  forget(): void {
    this.failure = undefined;
    this.#backoff.forget();
  }

  /** Ends when something has changed. */
  listen(): Promise<void> {
    this.#underWay ??= this.#untilChanged().finally(() => (this.#underWay = undefined));
    return this.#underWay;
  }

  async #untilChanged(): Promise<void> {
    const { poll, random, nowMs, sleep, isWanted } = this.#parts;
    while (isWanted()) {
      const [byte = 0] = random(1);
      const longMs = pollMs.least + ((pollMs.most - pollMs.least) * byte) / 255;
      const beganMs = nowMs();
      try {
        const isChanged = await poll(this.failure === undefined ? longMs : pollMs.afterFailure);
        this.#note(undefined);
        this.#backoff.forget();
        if (isChanged) return;
        if (nowMs() - beganMs < soonMs) await sleep(pollMs.afterFailure);
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error;
        // What the cursor is worth is found out by the next cycle.
        if (error instanceof Interrupted || error.code === "reset") return;
        this.#note(error);
        this.#backoff.note(error, nowMs());
        await sleep(this.#backoff.delayMs(random, nowMs()));
      }
    }
  }

  #note(failure: HoldfastError | undefined): void {
    // Under one code the reason may change, as from a server that is away to one with another certificate.
    const isOther = failure?.code !== this.failure?.code || failure?.message !== this.failure?.message;
    this.failure = failure;
    if (isOther) this.#parts.onTurn();
  }
}
