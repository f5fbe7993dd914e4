import { toHoldfastError } from "@holdfast/core/errors";
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
  /** What the browser believes; it tells changes of it by `browserChanged`. */
  readonly isBrowserOnline: () => boolean;
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
  /** 0 up to 1. */
  readonly jitter: () => number;
}

/** Whoever opens the app waits no longer for the server before the app shows what it has without. */
const startMs = 3000;
/** A server that is back by then was never away: what moves on the page is worse than to wait. */
const unnoticedMs = 2000;
const delayMsFirst = 1000;
const delayMsMax = 15_000;

/** Whether the server answers. Where the app was opened without it, it is asked again and again who is signed in; all else follows from that. */
export class Reach {
  readonly #parts: ReachParts;
  readonly #listeners = new Set<() => void>();
  #isAway = false;
  /** Nobody knows yet who is signed in, since the server did not say. */
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

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Whether it is away. */
  readonly getSnapshot = (): boolean => this.#isAway;

  /**
   * Finds out whether this browser is signed in, and no longer than people wait.
   * @returns `starting` where the server does not answer: it is asked on
   * @throws HoldfastError what does not pass by itself
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

  /** There is reason to believe that it can be reached. */
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
    for (
      let delayMs = delayMsFirst;
      session.getSnapshot() === "starting";
      delayMs = Math.min(delayMs * 2, delayMsMax)
    ) {
      this.#nudge = new AbortController();
      await wait(delayMs * (0.5 + jitter() / 2), this.#nudge.signal).catch(() => {});
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
    for (const listener of this.#listeners) listener();
  }
}
