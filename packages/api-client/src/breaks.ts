import type { HoldfastError } from "@holdfast/core/errors";

/** After this many consecutive breaks without progress, the connection is unusable. */
const barrenBreaksMax = 5;

/** Counts breaks of a connection whose rest is requested again. */
export class Breaks {
  #barren = 0;

  /** @throws the failure if another attempt is useless */
  count(failure: HoldfastError, hasBrought: boolean): void {
    this.#barren = hasBrought ? 0 : this.#barren + 1;
    if (this.#barren === barrenBreaksMax) throw failure;
  }
}
