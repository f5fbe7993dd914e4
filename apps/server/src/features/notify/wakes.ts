import { isId, type SpaceId } from "@holdfast/core/ids";
import type { Shard } from "../../base/db/shards.ts";

/**
 * Wake-ups between server processes. A lost one only delays a poll until its timeout, so nothing is acknowledged, and
 * unsent ones are only in memory.
 */
export interface WakeBus {
  /** Notifies other processes of a commit in the space. Never throws or waits. */
  publish(spaceId: SpaceId): void;
  /** Notifies processes that work the queue of a message on the shard. Never throws or waits. */
  ring(shard: Shard): void;
  close(): Promise<void>;
}

export interface WakeListener {
  wake(spaceId: SpaceId): void;
  /** A process that works no messages has committed one on this shard. */
  rung(shardId: string): void;
  /** The connection is established. Earlier wake-ups were lost. */
  connected(): void;
}

/** A space with a new commit, or the queue of a shard. Older servers ignore the latter. */
export type Wake = SpaceId | QueueWake;
type QueueWake = `queue:${string}`;

export const queueWake = (shardId: string): QueueWake => `queue:${shardId}`;

/** Keeps messages below the 8,000 bytes of a PostgreSQL notification. */
const wakesPerMessage = 100;
/** Older servers send up to 200. */
const wakesReadMax = 200;

/** Messages name the sender, which also receives them. */
export function encodeWakes(origin: string, wakes: readonly Wake[]): string[] {
  const messages: string[] = [];
  for (let start = 0; start < wakes.length; start += wakesPerMessage)
    messages.push([origin, ...wakes.slice(start, start + wakesPerMessage)].join(" "));
  return messages;
}

/** Ignores unknown words. Anyone who can write to the bus can only cause useless reads. */
export function dispatchWakes(origin: string, message: string, listener: WakeListener): void {
  const [from, ...wakes] = message.split(" ", wakesReadMax + 1);
  if (from === origin) return;
  for (const wake of wakes) {
    if (isId(wake)) listener.wake(wake as SpaceId);
    else if (wake.startsWith("queue:")) listener.rung(wake.slice("queue:".length));
  }
}

/** Maximum number of wake-ups kept while the connection is down. Polls of dropped ones wait for their timeout. */
const wakesKeptMax = 10_000;

/**
 * Sends one message at a time; later wake-ups go into the next, without duplicates. Unsent ones are sent after a
 * reconnect, because another process may have reconnected and read its journals before the commit.
 */
export class WakeOutbox {
  readonly #send: (wakes: readonly Wake[]) => Promise<boolean>;
  readonly #waiting = new Set<Wake>();
  #sending = false;
  #away = false;
  #resumed = false;

  /** @param send must not reject; resolves to false without a connection, and `resume` is called later */
  constructor(send: (wakes: readonly Wake[]) => Promise<boolean>) {
    this.#send = send;
  }

  add(wake: Wake): void {
    if (this.#away && this.#waiting.size >= wakesKeptMax) return;
    this.#waiting.add(wake);
    if (!this.#sending && !this.#away) void this.#run();
  }

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
      // The connection was restored meanwhile, so the message can be sent again.
      this.#away = !this.#resumed;
    }
    this.#sending = false;
  }
}
