import type { DatabaseLog } from "./database-log.ts";

export interface Outage {
  readonly level: "warn" | "error";
  readonly message: string;
  readonly over: string;
}

export const repeatedEveryMs = 5 * 60_000;
export const changedEveryMs = 10_000;

/**
 * Logs begin and end. Meanwhile a different reason is logged at most every ten seconds, and the same one every five
 * minutes.
 */
export class OutageLog {
  readonly #log: Pick<DatabaseLog, "info" | "warn" | "error">;
  readonly #outage: Outage;
  readonly #nowMs: () => number;
  #failures = 0;
  #loggedMs = -Infinity;
  #loggedReason: string | undefined;

  constructor(log: Pick<DatabaseLog, "info" | "warn" | "error">, outage: Outage, nowMs = () => performance.now()) {
    this.#log = log;
    this.#outage = outage;
    this.#nowMs = nowMs;
  }

  failed(fields: { readonly reason?: string; readonly [name: string]: unknown }): void {
    this.#failures += 1;
    const nowMs = this.#nowMs();
    const pauseMs = fields.reason === this.#loggedReason ? repeatedEveryMs : changedEveryMs;
    if (this.#failures > 1 && nowMs - this.#loggedMs < pauseMs) return;
    this.#loggedMs = nowMs;
    this.#loggedReason = fields.reason;
    this.#log[this.#outage.level]({ ...fields, failures: this.#failures }, this.#outage.message);
  }

  worked(): void {
    if (this.#failures === 0) return;
    this.#log.info({ failures: this.#failures }, this.#outage.over);
    this.#failures = 0;
  }
}
