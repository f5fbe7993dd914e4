import { setImmediate } from "node:timers/promises";

/** Longest delay of other work in the process. */
const turnMs = 10;

/** Runs microsecond calls synchronously, but lets other work run after 10 ms. */
export class Turns {
  #since = 0;
  #others: Promise<unknown> | undefined;

  async take(): Promise<void> {
    if (this.#others === undefined && performance.now() - this.#since < turnMs) return;
    this.#others ??= this.#letOthersGo();
    await this.#others;
  }

  async #letOthersGo(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
    this.#others = undefined;
  }
}
