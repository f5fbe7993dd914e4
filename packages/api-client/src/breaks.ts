import type { HoldfastError } from "@holdfast/core/errors";

/** After so many breaks in a row without anything new the connection is no use. */
const barrenBreaksMax = 5;

/** Counts how often a connection broke that is asked again for the rest. */
export class Breaks {
  #barren = 0;

  /** @throws the failure itself when it is not worth another attempt */
  count(failure: HoldfastError, hasBrought: boolean): void {
    this.#barren = hasBrought ? 0 : this.#barren + 1;
    if (this.#barren === barrenBreaksMax) throw failure;
  }
}
