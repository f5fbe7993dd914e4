import type { Refusal } from "../../model/trees.ts";

/** After this long, a refusal counts as persistent, whatever the reason. */
const lastingAfterMs = 90_000;
/** After this long without a refusal, the next one starts a new count. */
const overAfterMs = 120_000;

/** Operations on the same basis that are refused repeatedly, under any id. */
export class PersistentRefusals {
  readonly #times = new Map<string, { readonly firstMs: number; readonly lastMs: number }>();

  /** Called in each cycle with the refusals that must not be retried yet. */
  note(refusals: readonly Refusal[], nowMs: number): void {
    for (const [digest, { lastMs }] of this.#times) {
      // A future time means that the clock was set back.
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
