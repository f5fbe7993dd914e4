import type { Refusal } from "../model/trees.ts";

/** Refused as often as that takes, an operation does not end by itself, whatever it is refused for. */
const lastingAfterMs = 90_000;
/** Not refused for so long, it is another one that is refused then. */
const overAfterMs = 120_000;

/** Operations that rest on the same and are refused again and again, under whatever id. */
export class LastingRefusals {
  readonly #times = new Map<string, { readonly firstMs: number; readonly lastMs: number }>();

  /** Told in each cycle of those that are not to be tried again yet. */
  note(refusals: readonly Refusal[], nowMs: number): void {
    for (const [digest, { lastMs }] of this.#times) {
      // What lies in the future was seen before the clock was set back.
      if (lastMs > nowMs || lastMs <= nowMs - overAfterMs) this.#times.delete(digest);
    }
    for (const { digest } of refusals) {
      this.#times.set(digest, { firstMs: this.#times.get(digest)?.firstMs ?? nowMs, lastMs: nowMs });
    }
  }

  has({ digest }: Refusal): boolean {
    const times = this.#times.get(digest);
    return times !== undefined && times.lastMs - times.firstMs >= lastingAfterMs;
  }
}
