import type { Suspects } from "../scan/scope.ts";

/** Where the disk may be otherwise than it is known: everywhere at first, then what was hinted at or did not hold still. */
export class Suspicion {
  #suspects: Suspects = "all";

  add(suspects: Suspects): void {
    this.#suspects = this.#suspects === "all" || suspects === "all" ? "all" : new Set([...this.#suspects, ...suspects]);
  }

  get isEverywhere(): boolean {
    return this.#suspects === "all";
  }

  /** Whoever takes it looks there, or adds it again. */
  take(): Suspects {
    const taken = this.#suspects;
    this.#suspects = new Set();
    return taken;
  }
}
