import type { Log } from "../base/operation/log.ts";

const everyMs = 10_000;

/** Logs the number of requests that a busy server rejects. One line for each would cost more than the rejection. */
export class RejectionLog {
  readonly #log: Pick<Log, "warn">;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Pick<Log, "warn">) {
    this.#log = log;
  }

  /** Logs the first one immediately, and those after it together. */
  add(): void {
    this.#count += 1;
    if (this.#timer === undefined) this.#write();
  }

  #write(): void {
    this.#timer = undefined;
    if (this.#count === 0) return;
    this.#log.warn({ requests: this.#count }, "requests are rejected: the server is busy");
    this.#count = 0;
    this.#timer = setTimeout(() => this.#write(), everyMs).unref();
  }
}
