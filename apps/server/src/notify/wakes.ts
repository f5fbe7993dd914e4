import { isId, type SpaceId } from "@holdfast/core/ids";
import type { Shard } from "../db/shards.ts";

/**
 * Wake-ups between the server processes of one installation. A lost one costs a poll's time and nothing else, so
 * nothing here is acknowledged, and what could not be sent is kept in memory only.
 */
export interface WakeBus {
  /** Tells the other processes that something was committed in the space. Never throws, never waits. */
  publish(spaceId: SpaceId): void;
  /** Tells the processes that work the queue that a message was committed on the shard. Never throws, never waits. */
  ring(shard: Shard): void;
  close(): Promise<void>;
}

export interface WakeListener {
  /** Another process committed something in the space. */
  wake(spaceId: SpaceId): void;
  /** A process that works no messages has committed one on this shard. */
  rung(shardId: string): void;
  /** The connection stands (again): what was told before it did was not heard. */
  connected(): void;
}

/** A space with a new commit, or the queue of a shard. An older server ignores the latter. */
export type Wake = SpaceId | QueueWake;
type QueueWake = `queue:${string}`;

export const queueWake = (shardId: string): QueueWake => `queue:${shardId}`;

/** Below the 8,000 bytes that a notification of PostgreSQL may have. */
const wakesPerMessage = 100;
/** Servers before the split of the roles sent up to 200. */
const wakesReadMax = 200;

/** @returns texts that name the sending process, whose own wake-ups come back to it, and what is woken */
export function encodeWakes(origin: string, wakes: readonly Wake[]): string[] {
  const messages: string[] = [];
  for (let start = 0; start < wakes.length; start += wakesPerMessage)
    messages.push([origin, ...wakes.slice(start, start + wakesPerMessage)].join(" "));
  return messages;
}

/** Whoever may write to the bus can cause a look for nothing at worst: other words are ignored. */
export function heedWakes(origin: string, message: string, listener: WakeListener): void {
  const [from, ...wakes] = message.split(" ", wakesReadMax + 1);
  if (from === origin) return;
  for (const wake of wakes) {
    if (isId(wake)) listener.wake(wake as SpaceId);
    else if (wake.startsWith("queue:")) listener.rung(wake.slice("queue:".length));
  }
}

/** While the connection is away, so many are remembered at most; what is beyond costs its polls their time. */
const wakesKeptMax = 10_000;

/**
 * Sends one message at a time; what gathers meanwhile goes with the next, each once. What could not be sent goes once the
 * connection stands again: another process may have heard of its own return, and looked at its journals, before the commit.
 */
export class WakeOutbox {
  readonly #send: (wakes: readonly Wake[]) => Promise<boolean>;
  readonly #waiting = new Set<Wake>();
  #sending = false;
  #away = false;
  #resumed = false;

  /** @param send resolves with false where the connection is away, and `resume` is going to be called; must not reject */
  constructor(send: (wakes: readonly Wake[]) => Promise<boolean>) {
    this.#send = send;
  }

  add(wake: Wake): void {
    if (this.#away && this.#waiting.size >= wakesKeptMax) return;
    this.#waiting.add(wake);
    if (!this.#sending && !this.#away) void this.#run();
  }

  /** The connection stands. */
  resume(): void {
    this.#away = false;
    this.#resumed = true;
    if (!this.#sending) void this.#run();
  }

  async #run(): Promise<void> {
    this.#sending = true;
    while (this.#waiting.size > 0 && !this.#away) {
      const wakes = [...this.#waiting];
      this.#waiting.clear();
      this.#resumed = false;
      if (await this.#send(wakes)) continue;
      for (const wake of wakes) this.#waiting.add(wake);
      // A connection that has returned meanwhile has not seen the message that failed.
      this.#away = !this.#resumed;
    }
    this.#sending = false;
  }
}
