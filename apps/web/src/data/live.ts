import { backoffMs, withEqualJitter } from "@holdfast/core/backoff";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { readByIds, readText } from "@holdfast/api-client/answer";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { makeListeners } from "../browser/listeners.ts";
import type { Tabs } from "./tabs.ts";

type Wake = NonNullable<RouteAnswer<(typeof routes)["pollChanges"]>>;

/** reread: the journal cannot report what changed, so read all cached data again. */
export type News =
  | { readonly kind: "changes"; readonly changes: readonly ChangeJson[] }
  | { readonly kind: "reread" }
  | { readonly kind: "notified" };

export interface LiveStatus {
  readonly state: "connecting" | "live" | "offline";
  /** Unix milliseconds of the next attempt, while offline. */
  readonly nextTryMs: number | undefined;
}

export interface LiveParts {
  readonly client: ApiClient;
  readonly tabs: Tabs;
  readonly nowMs: () => number;
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
  /** At least 0, below 1. */
  readonly jitter: () => number;
}

type TabMessage =
  | { readonly kind: "hello" }
  /** Sent by a tab that does not poll. */
  | { readonly kind: "try" }
  | { readonly kind: "news"; readonly news: News; readonly token: string }
  | { readonly kind: "status"; readonly status: LiveStatus; readonly token: string | undefined };

const lockName = "holdfast-live";
/** Time for which the server holds an idle poll. */
const pollSeconds = 55;
/** The first poll after an interruption is answered soon, because only an answer shows that the server is back. */
const pollSecondsBack = 1;
const backoffSecondsMax = 300;
/** After this time, `ready` resolves without a start token. A `reread` follows once there is one. */
const readyMsMax = 3000;
/** With more pages of changes, reading everything again is cheaper. */
const changePagesMax = 5;
const backoff = { firstMs: 1000, maxMs: 30_000 };

/**
 * Long polling for changes. One tab polls for all tabs, because browsers open only six connections per server. When it
 * closes, another tab continues from its token.
 */
export class Live {
  readonly #parts: LiveParts;
  #ending: AbortController | undefined;
  readonly #hearers = makeListeners<[news: News]>();
  readonly #listeners = makeListeners();
  #ready = Promise.withResolvers<void>();
  #status: LiveStatus = { state: "connecting", nextTryMs: undefined };
  #token: string | undefined;
  /** Data read so far may miss changes. */
  #mustReread = false;
  #leads = false;
  #failures = 0;
  #nudge = new AbortController();

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  /** Requires a signed-in account. Has no effect while started. */
  start(): void {
    if (this.#ending !== undefined) return;
    const { tabs } = this.#parts;
    this.#ending = new AbortController();
    const { signal } = this.#ending;
    const stop = tabs.listen((message) => this.#hear(message as TabMessage));
    signal.addEventListener("abort", stop, { once: true });
    this.#parts.wait(readyMsMax, signal).then(
      () => this.#letRead(),
      () => {},
    );
    tabs.post({ kind: "hello" } satisfies TabMessage);
    tabs
      .alone(lockName, () => this.#lead(signal), signal)
      .catch((thrown: unknown) => {
        if (!signal.aborted) throw thrown;
      });
  }

  /** Forgets the token, because the next account has another view. */
  stop(): void {
    this.#ending?.abort(new DOMException("The page no longer receives changes.", "AbortError"));
    this.#ending = undefined;
    this.#token = undefined;
    this.#mustReread = false;
    this.#leads = false;
    this.#failures = 0;
    this.#ready = Promise.withResolvers();
    this.#show({ state: "connecting", nextTryMs: undefined });
  }

  /**
   * Resolves when every later change will be reported. Without an answer in time, it resolves anyway and a `reread`
   * follows.
   */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** @returns removes the listener */
  readonly listen = this.#hearers.add;

  readonly subscribe = this.#listeners.add;

  readonly getSnapshot = (): LiveStatus => this.#status;

  /** Call when the server may be reachable again. */
  tryNow(): void {
    this.#nudge.abort();
    if (!this.#leads) this.#parts.tabs.post({ kind: "try" } satisfies TabMessage);
  }

  async #lead(signal: AbortSignal): Promise<void> {
    this.#leads = true;
    while (!signal.aborted) {
      try {
        await this.#listenOnce(signal);
      } catch (thrown) {
        if (signal.aborted) return;
        if (!(thrown instanceof HoldfastError)) throw thrown;
        if (thrown.code === "unauthenticated") return;
        if (thrown.code === "reset") this.#forgetToken();
        else await this.#waitAfter(thrown, signal);
      }
    }
  }

  async #listenOnce(signal: AbortSignal): Promise<void> {
    const { client } = this.#parts;
    if (this.#token === undefined) {
      const { token } = await client.call("getStartToken", { signal, ...once });
      signal.throwIfAborted();
      this.#stand(token, this.#mustReread ? { kind: "reread" } : undefined);
      this.#mustReread = false;
    }
    const timeout = String(this.#status.state === "offline" ? pollSecondsBack : pollSeconds);
    const request = { query: { since_token: this.#token }, headers: { timeout }, signal, ...once };
    const answer = await client.open("pollChanges", request);
    const text = await readText(answer);
    this.#failures = 0;
    this.#setStatus({ state: "live", nextTryMs: undefined });
    const woken = readByIds("pollChanges", answer, text) as Wake | undefined;
    if (woken !== undefined) {
      await this.#readChanges(signal);
      // A wake-up reports only the newest event, which may hide a notification.
      this.#pass({ kind: "notified" });
    }
    // The server is busy or shutting down.
    const backoffSeconds = woken === undefined ? Number(answer.header("retry-after") ?? 0) : (woken.backoff ?? 0);
    if (backoffSeconds > 0) await this.#parts.wait(Math.min(backoffSeconds, backoffSecondsMax) * 1000, signal);
  }

  async #readChanges(signal: AbortSignal): Promise<void> {
    for (let pages = 0; pages < changePagesMax; pages += 1) {
      const query = { since_token: this.#token, limit: limits.listItemsMax };
      const answer = await this.#parts.client.call("listChanges", { query, signal, ...once });
      this.#stand(answer.next_token, { kind: "changes", changes: answer.changes });
      if (!answer.has_more) return;
    }
    this.#forgetToken();
  }

  async #waitAfter(failure: HoldfastError, signal: AbortSignal): Promise<void> {
    const { wait, jitter, nowMs } = this.#parts;
    this.#failures += 1;
    const spreadMs = withEqualJitter(backoffMs(backoff, this.#failures), jitter());
    const delayMs = Math.max(spreadMs, (failure.retryAfterSeconds ?? 0) * 1000);
    this.#setStatus({ state: "offline", nextTryMs: nowMs() + delayMs });
    this.#letRead();
    this.#nudge = new AbortController();
    await wait(delayMs, AbortSignal.any([signal, this.#nudge.signal])).catch(() => {});
  }

  #stand(token: string, news: News | undefined): void {
    this.#token = token;
    this.#ready.resolve();
    if (this.#status.state === "connecting") this.#setStatus({ state: "live", nextTryMs: undefined });
    if (news !== undefined) this.#pass(news);
  }

  /** Data read before there is a token must be read again. */
  #letRead(): void {
    if (this.#token === undefined) this.#mustReread = true;
    this.#ready.resolve();
  }

  #forgetToken(): void {
    this.#token = undefined;
    this.#mustReread = true;
  }

  #pass(news: News): void {
    this.#parts.tabs.post({ kind: "news", news, token: this.#token ?? "" } satisfies TabMessage);
    this.#deliver(news);
  }

  #deliver(news: News): void {
    this.#hearers.call(news);
  }

  #hear(message: TabMessage): void {
    if (message.kind === "hello") {
      if (this.#leads) this.#postStatus();
    } else if (message.kind === "try") this.#nudge.abort();
    else if (message.kind === "news") {
      this.#token = message.token;
      if (message.news.kind === "reread") this.#mustReread = false;
      this.#deliver(message.news);
    } else {
      this.#hearStatus(message.status, message.token);
    }
  }

  #hearStatus(status: LiveStatus, token: string | undefined): void {
    if (token !== undefined) {
      this.#token = token;
      this.#ready.resolve();
      if (this.#mustReread) this.#deliver({ kind: "reread" });
      this.#mustReread = false;
    } else if (status.state === "offline") this.#letRead();
    this.#show(status);
  }

  #setStatus(status: LiveStatus): void {
    if (status.state === this.#status.state && status.nextTryMs === this.#status.nextTryMs) return;
    this.#show(status);
    this.#postStatus();
  }

  #show(status: LiveStatus): void {
    this.#status = status;
    this.#listeners.call();
  }

  #postStatus(): void {
    this.#parts.tabs.post({ kind: "status", status: this.#status, token: this.#token } satisfies TabMessage);
  }
}

/** This file decides about retries. */
const once = { asksOnce: true, endsWithBreak: true } as const;
