import type { AccessTokens } from "@holdfast/api-client/access-tokens";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { makeListeners } from "../browser/listeners.ts";

/** open: calls succeed. asks: calls wait for the password. ended: the link is invalid; the server gives no reason. */
export type LinkState = "open" | "asks" | "ended";

export interface LinkSessionParts {
  /** Authenticates with the token only. */
  readonly client: ApiClient;
  readonly token: string;
  readonly state: LinkState;
  readonly nowMs: () => number;
}

interface Access {
  readonly text: string;
  /** Unix milliseconds. */
  readonly endsMs: number;
}

/**
 * Session of a link's visitor, in memory only and independent of a signed-in account. Access by password is not
 * renewed: after 15 minutes, calls wait for the password.
 */
export class LinkSession implements AccessTokens {
  readonly #parts: LinkSessionParts;
  #state: LinkState;
  #hasPassword: boolean;
  #access: Access | undefined;
  #finding: Promise<void> | undefined;
  readonly #listeners = makeListeners();

  constructor(parts: LinkSessionParts) {
    this.#parts = parts;
    this.#state = parts.state;
    this.#hasPassword = parts.state === "asks";
  }

  readonly subscribe = this.#listeners.add;

  readonly getSnapshot = (): LinkState => this.#state;

  /** @throws HoldfastError unauthenticated for a wrong password, rate_limited after too many attempts */
  async enter(password: string): Promise<void> {
    const { client, token, nowMs } = this.#parts;
    const opened = await client.call("startLinkSession", { body: { token, password }, asksOnce: true });
    this.#access = { text: opened.access_token, endsMs: nowMs() + opened.expires_in * 1000 };
    this.#step("open");
  }

  async current(): Promise<string> {
    for (;;) {
      if (this.#state === "ended") throw ended();
      if (!this.#hasPassword) return this.#parts.token;
      if (this.#access !== undefined && this.#parts.nowMs() < this.#access.endsMs) return this.#access.text;
      this.#step("asks");
      await this.#nextStep();
    }
  }

  async renew(refused: string): Promise<string | undefined> {
    if (refused === this.#access?.text) this.#access = undefined;
    if (this.#access === undefined) await this.#findOnce();
    return this.getSnapshot() === "ended" ? undefined : this.current();
  }

  /** Concurrent refusals share one request. */
  #findOnce(): Promise<void> {
    this.#finding ??= this.#find().finally(() => {
      this.#finding = undefined;
    });
    return this.#finding;
  }

  /** A refused call means a new password or the end of the link. */
  async #find(): Promise<void> {
    try {
      await this.#parts.client.call("getCurrentLink");
      this.#hasPassword = false;
      this.#step("open");
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError) || thrown.code !== "unauthenticated") throw thrown;
      this.#hasPassword = thrown.field === "password";
      this.#step(this.#hasPassword ? "asks" : "ended");
    }
  }

  #step(next: LinkState): void {
    if (next === this.#state) return;
    this.#state = next;
    this.#listeners.call();
  }

  #nextStep(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.subscribe(() => {
        stop();
        resolve();
      });
    });
  }
}

function ended(): HoldfastError {
  return new HoldfastError("unauthenticated", "This link does not exist or has expired.");
}
