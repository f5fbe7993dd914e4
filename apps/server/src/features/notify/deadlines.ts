/** Maximum delay of a timeout. */
const tickMs = 250;

/**
 * Timeouts of held polls. They share one interval, because thousands of timers would cost more than the polls. It runs
 * only while there are items.
 */
export class Deadlines<Item> {
  readonly #slots = new Map<number, Set<Item>>();
  readonly #onDue: (item: Item) => void;
  readonly #onTick: (latenessMs: number) => void;
  #interval: NodeJS.Timeout | undefined;
  #tick = 0;
  #tickedAtMs = 0;
  #size = 0;

  /** @param onTick receives the delay of each tick, which is that of the event loop */
  constructor(onDue: (item: Item) => void, onTick: (latenessMs: number) => void) {
    this.#onDue = onDue;
    this.#onTick = onTick;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns the slot for `remove` */
  add(item: Item, afterMs: number): number {
    const sinceTickMs = this.#interval === undefined ? this.#start() : performance.now() - this.#tickedAtMs;
    const slot = this.#tick + Math.max(1, Math.ceil((sinceTickMs + afterMs) / tickMs));
    const items = this.#slots.get(slot);
    if (items === undefined) this.#slots.set(slot, new Set([item]));
    else items.add(item);
    this.#size += 1;
    return slot;
  }

  remove(item: Item, slot: number): void {
    const items = this.#slots.get(slot);
    if (items?.delete(item) !== true) return;
    if (items.size === 0) this.#slots.delete(slot);
    this.#size -= 1;
    if (this.#size === 0) this.#stop();
  }

  /** @returns 0 as elapsed time; a later clock reading would add a tick to the first item */
  #start(): 0 {
    this.#tickedAtMs = performance.now();
    this.#interval = setInterval(() => this.#turn(), tickMs).unref();
    return 0;
  }

  #stop(): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
  }

  /** Processes all elapsed ticks, so that a busy process catches up. */
  #turn(): void {
    const passedMs = performance.now() - this.#tickedAtMs;
    const ticks = Math.max(1, Math.floor(passedMs / tickMs));
    this.#onTick(Math.max(0, passedMs - tickMs));
    this.#tickedAtMs += ticks * tickMs;
    for (let count = 0; count < ticks; count++) {
      this.#tick += 1;
      for (const item of this.#slots.get(this.#tick) ?? []) this.#onDue(item);
    }
  }
}
