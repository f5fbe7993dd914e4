import { backoffMs, withEqualJitter } from "@holdfast/core/backoff";
import { toHoldfastError } from "@holdfast/core/errors";
import { makeListeners } from "../browser/listeners.ts";
import type { LiveStatus } from "./live.ts";
import type { SessionState } from "./session-state.ts";

export interface ReachParts {
  readonly session: {
    start(): Promise<SessionState>;
    readonly getSnapshot: () => SessionState;
  };
  readonly live: {
    readonly subscribe: (listener: () => void) => () => void;
    readonly getSnapshot: () => Pick<LiveStatus, "state">;
    tryNow(): void;
  };
  /** Call `browserChanged` when it changes. */
  readonly isBrowserOnline: () => boolean;
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
  /** At least 0, below 1. */
  readonly jitter: () => number;
}

/** After this time the app starts without the server. */
const startMs = 3000;
/** Shorter interruptions are not shown, because a page that shifts is worse than a wait. */
const unnoticedMs = 2000;
const backoff = { firstMs: 1000, maxMs: 15_000 };

/**
 * Reports if the server is reachable. After a start without the server, it polls for the session; everything else
 * follows.
 */
export class Reach {
  readonly #parts: ReachParts;
  readonly #listeners = makeListeners();
  #isAway = false;
  #isUnknown = false;
  #isLiveLost = false;
  #noticing = new AbortController();
  #nudge = new AbortController();
  #asking: Promise<void> | undefined;

  constructor(parts: ReachParts) {
    this.#parts = parts;
    parts.live.subscribe(() => this.#hearLive());
    this.#show();
  }

  readonly subscribe = this.#listeners.add;

  /** @returns true if the server is unreachable */
  readonly getSnapshot = (): boolean => this.#isAway;

  /**
   * Checks for at most `startMs` if this browser is signed in.
   * @returns `starting` without an answer in time; polling continues
   * @throws HoldfastError any error that is not retryable
   */
  async start(): Promise<SessionState> {
    const { session, wait } = this.#parts;
    if (this.#asking !== undefined) return session.getSnapshot();
    const asked = session.start().catch((thrown: unknown) => {
      if (!toHoldfastError(thrown).retryable) throw thrown;
    });
    const late = new AbortController();
    await Promise.race([asked, wait(startMs, late.signal).catch(() => {})]);
    late.abort();
    if (session.getSnapshot() === "starting") this.#asking ??= this.#askOn(asked);
    return session.getSnapshot();
  }

  /** Call when the server may be reachable again. */
  tryNow(): void {
    this.#nudge.abort();
    this.#parts.live.tryNow();
  }

  browserChanged(): void {
    this.#show();
    if (this.#parts.isBrowserOnline()) this.tryNow();
  }

  async #askOn(asked: Promise<unknown>): Promise<void> {
    const { session, wait, jitter } = this.#parts;
    this.#isUnknown = true;
    this.#show();
    await asked.catch(() => {});
    for (let failures = 1; session.getSnapshot() === "starting"; failures += 1) {
      this.#nudge = new AbortController();
      await wait(withEqualJitter(backoffMs(backoff, failures), jitter()), this.#nudge.signal).catch(() => {});
      await session.start().catch(() => {});
    }
    this.#isUnknown = false;
    this.#asking = undefined;
    this.#show();
  }

  #hearLive(): void {
    const { live, wait } = this.#parts;
    const isLost = live.getSnapshot().state === "offline";
    if (!isLost) {
      this.#noticing.abort();
      this.#noticing = new AbortController();
      this.#isLiveLost = false;
      this.#show();
      return;
    }
    if (this.#isLiveLost) return;
    const { signal } = this.#noticing;
    const notice = (): void => {
      this.#isLiveLost = !signal.aborted;
      this.#show();
    };
    wait(unnoticedMs, signal).then(notice, () => {});
  }

  #show(): void {
    const isAway = !this.#parts.isBrowserOnline() || this.#isUnknown || this.#isLiveLost;
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.#listeners.call();
  }
}
