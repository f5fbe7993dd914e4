import { type Host, hostName } from "./database-url.ts";
import type { ServerState } from "./server-state.ts";

export interface Answered {
  readonly host: Host | undefined;
  readonly state?: ServerState;
}

/** A failover inside a region takes less. */
const missingMsMin = 10_000;
/** Maximum lag of a standby when its primary was last seen. */
const lagMsMax = 60_000;

/**
 * Chooses the standby that answers reads while no primary is found. Only a standby whose lag this process has seen is
 * used, because another may have been disconnected for days and still grant permissions that were revoked since.
 */
export class StandbyChoice {
  /** 0: no standby is ever used. */
  readonly #readsMsMax: number;
  /** Ends of the primary's log. */
  #ends: { readonly atMs: number; readonly bytes: number }[] = [];
  /** By server: the last moment whose changes it certainly had, and the end of the log that it had replayed. */
  readonly #known = new Map<string, { readonly currentMs: number; readonly replayedBytes: number }>();
  #primary: ServerState | undefined;
  /** When the primary was last seen. */
  #seenMs = 0;
  #roundMs = 0;

  constructor(readsMsMax: number) {
    this.#readsMsMax = readsMsMax;
  }

  /** @param nowMs by `Date.now()`, because the other clock stops while a virtual machine is suspended */
  note(primary: ServerState, answers: readonly Answered[], nowMs: number): void {
    if (this.#readsMsMax === 0 || primary.timeline === 0) return;
    if (nowMs < this.#seenMs || primary.timeline !== this.#primary?.timeline) {
      this.#ends = [];
      this.#known.clear();
    }
    this.#primary = primary;
    this.#seenMs = nowMs;
    this.#roundMs = nowMs;
    this.#ends = [
      ...this.#ends.filter(({ atMs }) => atMs >= nowMs - lagMsMax),
      { atMs: nowMs, bytes: primary.endBytes },
    ];
    for (const { host, state } of answers) {
      if (host === undefined || !this.#isStandby(state)) continue;
      const reached = this.#ends.findLast(({ bytes }) => bytes <= state.replayedBytes);
      const { replayedBytes } = state;
      if (reached !== undefined) this.#known.set(hostName(host), { currentMs: reached.atMs, replayedBytes });
    }
  }

  /**
   * @param former stays, because a change ends connections
   * @returns undefined: none may be used
   */
  choose(answers: readonly Answered[], nowMs: number, former?: Host): Host | undefined {
    const missingMs = nowMs - this.#seenMs;
    // The process was suspended or had no connections, so it does not know how long the primary went on.
    if (nowMs - this.#roundMs > lagMsMax) this.#primary = undefined;
    this.#roundMs = nowMs;
    if (this.#primary === undefined || missingMs < missingMsMin || missingMs > this.#readsMsMax) return undefined;
    const usable = answers.filter(({ host, state }) => {
      const known = host === undefined ? undefined : this.#known.get(hostName(host));
      if (known === undefined || !this.#isStandby(state) || known.currentMs < this.#seenMs - lagMsMax) return false;
      // After a restart, it replays from an earlier position.
      return state.replayedBytes >= known.replayedBytes;
    });
    if (usable.some(({ host }) => host === former)) return former;
    const replayed = Math.max(...usable.map(({ state }) => state?.replayedBytes ?? 0));
    return usable.find(({ state }) => state?.replayedBytes === replayed)?.host;
  }

  #isStandby(state: ServerState | undefined): state is ServerState {
    return state !== undefined && !state.isPrimary && state.system !== "" && state.system === this.#primary?.system;
  }
}
