import { HoldfastError } from "@holdfast/core/errors";
import { ServerBackoff } from "../delays/server-backoff.ts";
import { Interrupted } from "../access/abortable.ts";

/** Proxies close connections after 60 s. */
const pollMs = { least: 30_000, most: 55_000, afterFailure: 1000 };
/** The server holds a poll or states a wait. A faster answer without changes may come from something else. */
const soonMs = 500;

export interface PollingParts {
  readonly poll: (timeoutMs: number) => Promise<boolean>;
  readonly random: (sizeBytes: number) => Uint8Array;
  readonly nowMs: () => number;
  readonly sleep: (durationMs: number) => Promise<void>;
  readonly isWanted: () => boolean;
  /** Called when the server became available or unavailable. */
  readonly onTurn: () => void;
}

/** One poll at a time. Its response is only a wake-up; the journal is authoritative. */
export class Polling {
  /** While nothing changes here, only a poll shows that the server is unreachable or the device is signed out. */
  failure: HoldfastError | undefined;
  readonly #parts: PollingParts;
  readonly #backoff = new ServerBackoff();
  #underWay: Promise<void> | undefined;

  constructor(parts: PollingParts) {
    this.#parts = parts;
  }

  forget(): void {
    this.failure = undefined;
    this.#backoff.forget();
  }

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
        // The next cycle checks the cursor.
        if (error instanceof Interrupted || error.code === "reset") return;
        this.#note(error);
        this.#backoff.note(error, nowMs());
        await sleep(this.#backoff.delayMs(random, nowMs()));
      }
    }
  }

  #note(failure: HoldfastError | undefined): void {
    // The reason may change under the same code, for example to a wrong certificate.
    const isOther = failure?.code !== this.failure?.code || failure?.message !== this.failure?.message;
    this.failure = failure;
    if (isOther) this.#parts.onTurn();
  }
}
