import type { SyncState } from "../../state/sync-state.ts";

/** Time at which nothing was left to do, as far as this device knows. It survives restarts. */
export class LastSync {
  readonly #state: SyncState;
  readonly #nowMs: () => number;
  #atMs: number | undefined;
  #isKept = false;

  constructor(state: SyncState, nowMs: () => number) {
    this.#state = state;
    this.#nowMs = nowMs;
    const kept = state.setting("last sync");
    this.#atMs = kept === undefined ? undefined : Number(kept);
  }

  /** Unix milliseconds; undefined: never. */
  get atMs(): number | undefined {
    return this.#atMs;
  }

  noteProgress(): void {
    this.#isKept = false;
  }

  /** Written once after a change, so that an idle sync writes nothing. */
  noteRest(): void {
    this.#atMs = this.#nowMs();
    if (!this.#isKept) this.#state.commit({ settings: [["last sync", String(this.#atMs)]] });
    this.#isKept = true;
  }
}
