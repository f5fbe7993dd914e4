import { isId, type SpaceId } from "@holdfast/core/ids";

/**
 * Wake-ups between the server processes of one installation. A lost one costs a poll's time and nothing else, so
 * nothing here is retried, kept or acknowledged.
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

/** Sends one message at a time; what gathers meanwhile goes with the next, each space once. */
export class WakeOutbox {
  readonly #send: (spaceIds: readonly SpaceId[]) => Promise<void>;
  readonly #waiting = new Set<SpaceId>();
  #sending = false;

  /** @param send must not reject */
  constructor(send: (spaceIds: readonly SpaceId[]) => Promise<void>) {
    this.#send = send;
  }

  add(spaceId: SpaceId): void {
    this.#waiting.add(spaceId);
    if (!this.#sending) void this.#run();
  }

  async #run(): Promise<void> {
    this.#sending = true;
    while (this.#waiting.size > 0) {
      const spaceIds = [...this.#waiting];
      this.#waiting.clear();
      await this.#send(spaceIds);
    }
    this.#sending = false;
  }
}
