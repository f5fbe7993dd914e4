import type { SpaceId } from "@holdfast/core/ids";

/**
 * Passes a space's first wake immediately and merges those of the next `mergeMs`, so that a single change has no delay,
 * and a stream of changes causes a few answers per second.
 */
export class WakeGate {
  readonly #open: (spaceId: SpaceId) => void;
  readonly #mergeMs: number;
  /** true: another wake came meanwhile. */
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
