/** How late a poll's time may be noticed. */
const tickMs = 250;

/**
 * When held polls run out, kept by one interval for all of them: a timer of its own for each of many thousand would
 * cost more than the poll. The interval runs only while something is kept.
 */
export class Deadlines<Item> {
  readonly #slots = new Map<number, Set<Item>>();
  readonly #onDue: (item: Item) => void;
  readonly #onTick: (latenessMs: number) => void;
  #interval: NodeJS.Timeout | undefined;
  #tick = 0;
  #tickedAtMs = 0;
  #size = 0;

  /** @param onTick told how much later than planned the process came to each tick: that is how long everything waits in it */
  constructor(onDue: (item: Item) => void, onTick: (latenessMs: number) => void) {
    this.#onDue = onDue;
    this.#onTick = onTick;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns the slot, by which `remove` finds the item again */
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

  /** @returns how long ago: whatever the clock says by then would make the first item due a tick later */
  #start(): 0 {
    this.#tickedAtMs = performance.now();
    this.#interval = setInterval(() => this.#turn(), tickMs).unref();
    return 0;
  }

  #stop(): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
  }

  /** As many ticks as have passed: a process that was busy for long must not fall behind. */
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
