import { setImmediate } from "node:timers/promises";

/** A person's keystroke in the same process waits no longer. */
const turnMs = 10;

/**
 * Calls that take microseconds are done at once, without a thread, but never for long: whoever takes a turn lets all else
 * in the process go on first if 10 ms have gone since that was done last.
 */
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
