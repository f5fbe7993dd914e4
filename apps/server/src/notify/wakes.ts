import { isId, type SpaceId } from "@holdfast/core/ids";

/**
 * Wake-ups between the server processes of one installation. A lost one costs a poll's time and nothing else, so
 * nothing here is acknowledged, and what could not be sent is kept in memory only.
 */
export interface WakeBus {
  /** Tells the other processes that something was committed in the space. Never throws, never waits. */
  publish(spaceId: SpaceId): void;
  close(): Promise<void>;
}

export interface WakeListener {
  /** Another process committed something in the space. */
  wake(spaceId: SpaceId): void;
  /** The connection stands (again): what was told before it did was not heard. */
  connected(): void;
}

/** Below the 8,000 bytes that a notification of PostgreSQL may have. */
const spacesPerMessage = 200;

/** @returns texts that name the sending process, whose own wake-ups come back to it, and the spaces */
export function encodeWakes(origin: string, spaceIds: readonly SpaceId[]): string[] {
  const messages: string[] = [];
  for (let start = 0; start < spaceIds.length; start += spacesPerMessage)
    messages.push([origin, ...spaceIds.slice(start, start + spacesPerMessage)].join(" "));
  return messages;
}

/** Whoever may write to the bus can wake polls for nothing at worst: what is no id is passed over. */
export function decodeWakes(origin: string, message: string): SpaceId[] {
  const [from, ...ids] = message.split(" ", spacesPerMessage + 1);
  return from === origin ? [] : ids.filter((id): id is SpaceId => isId(id));
}

/** While the connection is away, so many spaces are remembered at most; what is beyond costs its polls their time. */
const spacesKeptMax = 10_000;

/**
 * Sends one message at a time; what gathers meanwhile goes with the next, each space once. What could not be sent goes once the
 * connection stands again: another process may have heard of its own return, and looked at its journals, before the commit.
 */
export class WakeOutbox {
  readonly #send: (spaceIds: readonly SpaceId[]) => Promise<boolean>;
  readonly #waiting = new Set<SpaceId>();
  #sending = false;
  #away = false;
  #resumed = false;

  /** @param send resolves with false where the connection is away, and `resume` is going to be called; must not reject */
  constructor(send: (spaceIds: readonly SpaceId[]) => Promise<boolean>) {
    this.#send = send;
  }

  add(spaceId: SpaceId): void {
    if (this.#away && this.#waiting.size >= spacesKeptMax) return;
    this.#waiting.add(spaceId);
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
      const spaceIds = [...this.#waiting];
      this.#waiting.clear();
      this.#resumed = false;
      if (await this.#send(spaceIds)) continue;
      for (const spaceId of spaceIds) this.#waiting.add(spaceId);
      // A connection that has returned meanwhile has not seen the message that failed.
      this.#away = !this.#resumed;
    }
    this.#sending = false;
  }
}
