const backoffSecondsMax = 30;
/** Answered polls per second without a wait; each further 1,000 add a second. */
const answersPerSecond = 1000;
/** Delay of the event loop without a wait; each further step adds a second. */
const latenessFreeMs = 200;
const latenessMsPerSecond = 100;

/**
 * Load of the process by polls, and the resulting wait for clients. Without this wait, a widely watched change or a
 * restart would bring all clients back at the same moment.
 */
export class Load {
  readonly #random: () => number;
  #latenessMs = 0;
  #answered = 0;
  #secondEndsMs = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  noteLateness(latenessMs: number): void {
    // Falls slowly, because one quiet tick in a busy second means little.
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

  /** Random wait in whole seconds, up to the maximum for the load; 0 without load. */
  backoffSeconds(): number {
    const asked =
      Math.max(0, Math.ceil(this.#answered / answersPerSecond) - 1) +
      Math.max(0, Math.ceil((this.#latenessMs - latenessFreeMs) / latenessMsPerSecond));
    return this.spread(Math.min(backoffSecondsMax, asked));
  }

  /** Uniformly random number from 1 to `seconds`; 0 for 0. */
  spread(seconds: number): number {
    return seconds === 0 ? 0 : 1 + Math.floor(this.#random() * seconds);
  }
}
