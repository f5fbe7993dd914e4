import { OutageLog } from "../base/db/outage-log.ts";
import type { Log } from "../base/operation/log.ts";

/**
 * Logs when the store becomes full, every few minutes with the number of rejected requests, and once when space is
 * available again.
 */
export class FullStoreLog {
  readonly #outage: OutageLog;
  /** A later success of such a route shows that there is space. */
  readonly #routes = new Set<string>();

  constructor(log: Pick<Log, "info" | "warn" | "error">, nowMs?: () => number) {
    const message = "requests are rejected: the store is full";
    const over = "the store has space again; requests are accepted";
    this.#outage = new OutageLog(log, { level: "warn", message, over }, nowMs);
  }

  /** @param cause names the disk; its sizes vary by request and cause no new line */
  refused(route: string, cause: string): void {
    this.#routes.add(route);
    this.#outage.failed({ cause });
  }

  succeeded(route: string): void {
    if (!this.#routes.has(route)) return;
    this.#routes.clear();
    this.#outage.worked();
  }
}
