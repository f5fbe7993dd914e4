import type { DatabaseLog } from "./database-log.ts";

export interface Outage {
  readonly level: "warn" | "error";
  /** Logged while it lasts. */
  readonly message: string;
  /** Logged once it has ended. */
  readonly over: string;
}

export const repeatedEveryMs = 5 * 60_000;

/** Logs an outage when it begins, at most every five minutes while it lasts, and once when it has ended, however often work is retried. */
export class OutageLog {
  readonly #log: Pick<DatabaseLog, "info" | "warn" | "error">;
  readonly #outage: Outage;
  readonly #nowMs: () => number;
  #failures = 0;
  #loggedMs = -Infinity;

  constructor(log: Pick<DatabaseLog, "info" | "warn" | "error">, outage: Outage, nowMs = () => performance.now()) {
    this.#log = log;
    this.#outage = outage;
    this.#nowMs = nowMs;
  }

  failed(fields: object): void {
    this.#failures += 1;
    const nowMs = this.#nowMs();
    if (this.#failures > 1 && nowMs - this.#loggedMs < repeatedEveryMs) return;
    this.#loggedMs = nowMs;
    this.#log[this.#outage.level]({ ...fields, failures: this.#failures }, this.#outage.message);
  }

  worked(): void {
    if (this.#failures === 0) return;
    this.#log.info({ failures: this.#failures }, this.#outage.over);
    this.#failures = 0;
  }
}
