import type { SpaceId } from "@holdfast/core/ids";

/**
 * Lets the first wake of a space through at once and merges those of the next `mergeMs` into one at their end, so that
 * a device sees a single change without delay and a stream of changes costs a few answers a second.
 */
export class WakeGate {
  readonly #open: (spaceId: SpaceId) => void;
  readonly #mergeMs: number;
  /** Whether another wake has come since the gate of the space closed. */
  readonly #closed = new Map<SpaceId, boolean>();

  constructor(open: (spaceId: SpaceId) => void, mergeMs: number) {
    this.#open = open;
    this.#mergeMs = mergeMs;
  }

  wake(spaceId: SpaceId): void {
    if (this.#closed.has(spaceId)) {
      this.#closed.set(spaceId, true);
      return;
    }
    this.#closed.set(spaceId, false);
    setTimeout(() => {
      const again = this.#closed.get(spaceId) === true;
      this.#closed.delete(spaceId);
      if (again) this.wake(spaceId);
    }, this.#mergeMs).unref();
    this.#open(spaceId);
  }
}
