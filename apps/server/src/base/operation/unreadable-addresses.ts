import type { Clock } from "@holdfast/core/clock";
import type { Log } from "./log.ts";

/** Counts requests for which the proxy named no address. They share one limit, and the audit cannot distinguish them. */
export class UnreadableAddresses {
  readonly #world: { readonly log: Pick<Log, "warn">; readonly clock: Pick<Clock, "nowMs"> };
  #requests = 0;
  #entry = "";
  #lastMs = -Infinity;
  #loggedMs = -Infinity;

  constructor(world: { readonly log: Pick<Log, "warn">; readonly clock: Pick<Clock, "nowMs"> }) {
    this.#world = world;
  }

  readonly note = (entry: string): void => {
    const { log, clock } = this.#world;
    const nowMs = clock.nowMs();
    this.#requests += 1;
    this.#entry = entry.slice(0, entryCharsMax);
    this.#lastMs = nowMs;
    if (nowMs - this.#loggedMs < loggedEveryMs) return;
    this.#loggedMs = nowMs;
    const fields = { entry: this.#entry, requests: this.#requests };
    log.warn(fields, "the proxy in front sends no readable client address (logged once an hour)");
  };

  /** @returns the count since the start; undefined if the last one is more than a day old */
  readonly recent = (): { readonly requests: number; readonly entry: string } | undefined =>
    this.#world.clock.nowMs() - this.#lastMs > recentMs ? undefined : { requests: this.#requests, entry: this.#entry };
}

const loggedEveryMs = 3_600_000;
const recentMs = 24 * 3_600_000;
const entryCharsMax = 100;
