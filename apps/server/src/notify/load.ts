const backoffSecondsMax = 30;
/** Answers of polls in one second that bring no wait; each as many more ask for a second of it. */
const answersPerSecond = 1000;
/** Lateness of the event loop that brings no wait, and how much more of it asks for a second. */
const latenessFreeMs = 200;
const latenessMsPerSecond = 100;

/**
 * How busy the process is with polls, and so how long those that it answers should wait before they ask again. Without
 * it a change that many watch, or a restart, would bring all of them back at the same instant.
 */
export class Load {
  readonly #random: () => number;
  #latenessMs = 0;
  #answered = 0;
  #secondEndsMs = 0;

  /** @param random 0 to 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  noteLateness(latenessMs: number): void {
    // Up at once, down slowly: one quiet tick in a busy second says little.
    this.#latenessMs = Math.max(latenessMs, this.#latenessMs * 0.7);
  }

  noteAnswers(count: number): void {
    const nowMs = performance.now();
    if (nowMs >= this.#secondEndsMs) {
      this.#answered = 0;
      this.#secondEndsMs = nowMs + 1000;
    }
    this.#answered += count;
  }

  /** Whole seconds, spread evenly up to what the load asks for; 0 while there is nothing to spread. */
  backoffSeconds(): number {
    const asked =
      Math.max(0, Math.ceil(this.#answered / answersPerSecond) - 1) +
      Math.max(0, Math.ceil((this.#latenessMs - latenessFreeMs) / latenessMsPerSecond));
    return this.spread(Math.min(backoffSecondsMax, asked));
  }

  /** 1 to `seconds`, each as likely; 0 for 0. */
  spread(seconds: number): number {
    return seconds === 0 ? 0 : 1 + Math.floor(this.#random() * seconds);
  }
}
