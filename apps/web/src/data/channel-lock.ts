import { wait } from "../browser/wait.ts";

type Message =
  | { readonly kind: "claim"; readonly id: string }
  | { readonly kind: "held"; readonly to: string }
  | { readonly kind: "released" };

/** The lock's tab answers within this time, even in the background. */
const answerMs = 150;
/** A closed tab sends no message, so waiting tabs ask again at this interval. */
const askAgainMs = 5000;

/**
 * Runs in one tab at a time, for browsers without Web Locks. A tab gets the lock if no tab holds it and no tab with a
 * lower id claims it. Not exact: a tab frozen while holding the lock may resume while another one runs.
 * @param signal ends only the wait, with its reason
 */
export async function holdByChannel<Result>(
  name: string,
  run: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const channel = new BroadcastChannel(`lock ${name}`);
  const claim = new Claim(channel);
  try {
    while (!(await claim.wins(signal))) await claim.released(signal);
    return await run();
  } finally {
    claim.release();
    channel.close();
  }
}

class Claim {
  readonly #channel: BroadcastChannel;
  readonly #id = Array.from(crypto.getRandomValues(new Uint32Array(2)), (word) => word.toString(36)).join("-");
  #state: "idle" | "asking" | "held" = "idle";
  #released = new AbortController();

  constructor(channel: BroadcastChannel) {
    this.#channel = channel;
    channel.addEventListener("message", (event: MessageEvent<Message>) => this.#hear(event.data));
  }

  async wins(signal: AbortSignal | undefined): Promise<boolean> {
    this.#state = "asking";
    // The release may arrive before the answer that the lock is held.
    this.#released = new AbortController();
    this.#post({ kind: "claim", id: this.#id });
    await wait(answerMs, signal).finally(() => {
      if (signal?.aborted === true) this.#state = "idle";
    });
    if (this.#isLost()) return false;
    this.#state = "held";
    return true;
  }

  async released(signal: AbortSignal | undefined): Promise<void> {
    const either = signal === undefined ? this.#released.signal : AbortSignal.any([signal, this.#released.signal]);
    await wait(askAgainMs, either).catch(() => signal?.throwIfAborted());
  }

  release(): void {
    if (this.#state === "held") this.#post({ kind: "released" });
    this.#state = "idle";
  }

  #isLost(): boolean {
    return this.#state === "idle";
  }

  #hear(message: Message): void {
    if (message.kind === "released") this.#released.abort();
    else if (message.kind === "claim") this.#answer(message.id);
    else if (message.to === this.#id) this.#lose();
  }

  #answer(id: string): void {
    const hasIt = this.#state === "held" || (this.#state === "asking" && this.#id < id);
    // Answers later claims too, whose tabs did not exist when this tab claimed.
    if (hasIt) this.#post({ kind: "held", to: id });
    else this.#lose();
  }

  #lose(): void {
    if (this.#state === "asking") this.#state = "idle";
  }

  #post(message: Message): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no other origin
    this.#channel.postMessage(message);
  }
}
