import { OutageLog } from "../db/outage-log.ts";
import type { Log } from "../operation/log.ts";

/** Logs that the store is full when it begins, every few minutes with the number of refused requests, and once when it has ended. */
export class FullStoreLog {
  readonly #outage: OutageLog;
  /** Routes that were refused: one of them that succeeds shows that there is space again. */
  readonly #routes = new Set<string>();

  constructor(log: Pick<Log, "info" | "warn" | "error">, nowMs?: () => number) {
    const message = "requests are refused: the store is full";
    const over = "over: the store has space again, and requests are no longer refused";
    this.#outage = new OutageLog(log, { level: "warn", message, over }, nowMs);
  }

  /** @param cause names the disk; its sizes differ from request to request, so it is no reason to log again */
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
