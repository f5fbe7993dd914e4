import type { Chances } from "./chances.ts";

/** Limit of a story, far beyond any that ends. */
const stepsMax = 300_000;
/** With small portions there are many more scans and plans. Some stories that end have half a million steps. */
const stepsMaxInPortions = 1_500_000;

/** Lives until killed; its waits never end after that. */
export interface Life {
  isAlive: boolean;
  readonly name: string;
}

interface Wait {
  readonly atMicros: number;
  readonly order: number;
  readonly life: Life;
  readonly resolve: () => void;
}

/**
 * Simulated time. Each actor waits here before acting, and exactly one continues at a time, the earliest. Equal random
 * numbers therefore give equal runs.
 */
export class Scheduler {
  nowMicros = 1_800_000_000_000_000;
  steps = 0;
  readonly #chances: Chances;
  readonly #stepsMax: number;
  #waits: Wait[] = [];
  #count = 0;

  constructor(chances: Chances, hasPortions = false) {
    this.#chances = chances;
    this.#stepsMax = hasPortions ? stepsMaxInPortions : stepsMax;
  }

  nowMs(): number {
    return Math.floor(this.nowMicros / 1000);
  }

  /** Takes 0.5 to 1.5 times as long. */
  work(life: Life, micros: number): Promise<void> {
    return this.sleep(life, Math.ceil(micros * (0.5 + this.#chances.tape(`order of ${life.name}`)())));
  }

  sleep(life: Life, micros: number): Promise<void> {
    return new Promise((resolve) => {
      if (!life.isAlive) return;
      this.#count += 1;
      this.#insert({ atMicros: this.nowMicros + Math.max(1, Math.ceil(micros)), order: this.#count, life, resolve });
    });
  }

  kill(life: Life): void {
    Object.assign(life, { isAlive: false });
    this.#waits = this.#waits.filter((wait) => wait.life !== life);
  }

  /** Resumes actors one by one until the time or `isDone`. @returns true if done */
  async runUntil(untilMicros: number, isDone: () => boolean): Promise<boolean> {
    for (;;) {
      await macrotask();
      if (isDone()) return true;
      const next = this.#waits[0];
      if (this.steps > this.#stepsMax) return false;
      if (next === undefined || next.atMicros > untilMicros) {
        this.nowMicros = Math.max(this.nowMicros, untilMicros);
        return false;
      }
      this.#waits.shift();
      this.nowMicros = Math.max(this.nowMicros, next.atMicros);
      this.steps += 1;
      next.resolve();
    }
  }

  #insert(wait: Wait): void {
    let low = 0;
    let high = this.#waits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#waits[middle];
      if (other !== undefined && other.atMicros <= wait.atMicros) low = middle + 1;
      else high = middle;
    }
    this.#waits.splice(low, 0, wait);
  }
}

/** Returns after all consequences of the last resumed actor. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
