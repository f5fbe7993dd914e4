import { backoffMs, withEqualJitter } from "@holdfast/core/backoff";
import type { ApiClient } from "@holdfast/api-client/api-client";
import type { LooseRequest } from "@holdfast/api-client/request";
import { HoldfastError } from "@holdfast/core/errors";
import { bytesToHex } from "@holdfast/core/hex";
import { routeTable } from "@holdfast/protocol/route-table";
import type { RouteName } from "@holdfast/protocol/routes";
import { makeListeners } from "../browser/listeners.ts";
import type { Reach } from "./reach.ts";

export interface ActsParts {
  readonly reach: Pick<Reach, "getSnapshot" | "subscribe" | "tryNow">;
  readonly client: Pick<ApiClient, "call">;
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
  readonly nowMs: () => number;
  /** At least 0, below 1. */
  readonly jitter: () => number;
}

interface Act {
  readonly canceling: AbortController;
  failures: number;
}

const backoff = { firstMs: 250, maxMs: 10_000 };
/** A server that takes longer counts as unreachable before a change. */
const thereMsMax = 2000;
/** Later, somebody may have decided otherwise. */
const waitMsMax = 15 * 60_000;
/** Shorter interruptions are not shown, as by `Reach`. */
const failuresUnnoticed = 3;

/**
 * Changes without a result. If the connection breaks, the server may have made the change or not, so the same request
 * is sent again until the server answers, the person cancels, or `waitMsMax` has passed. Only for requests that have no
 * second effect.
 */
export class Acts {
  readonly #parts: ActsParts;
  readonly #acts = new Set<Act>();
  readonly #listeners = makeListeners();
  #nudge = new AbortController();
  #waitingCount = 0;
  #generation = 0;

  constructor(parts: ActsParts) {
    this.#parts = parts;
    parts.reach.subscribe(() => {
      if (!parts.reach.getSnapshot()) this.tryNow();
      this.#show();
    });
  }

  readonly subscribe = this.#listeners.add;

  /** @returns number of changes that wait for an unreachable server */
  readonly getSnapshot = (): number => this.#waitingCount;

  /**
   * Refuses a change while the server is away. Otherwise it waits for its result.
   * @param send sends the request with these additions
   * @throws HoldfastError unreachable if it was refused or canceled
   */
  async call<Answer>(
    name: RouteName,
    request: LooseRequest,
    send: (more: LooseRequest) => Promise<Answer>,
  ): Promise<Answer> {
    const { dry_run: isDry, link: isNewLink } = (request.body ?? {}) as { dry_run?: boolean; link?: boolean };
    if (isDry === true) return send(this.#parts.reach.getSnapshot() ? once : {});
    const generation = this.#generation;
    await this.assertHere();
    if (generation !== this.#generation) throw new HoldfastError("unauthenticated", "The account signed out.");
    // The server creates another link each time, regardless of the key.
    if (isNewLink === true) return send({ ...once, asksOnce: true });
    const keyed = routeTable[name].changes !== true || name === "syncDelta" ? {} : withKey(request);
    return this.run((canceled) => {
      const signal = request.signal === undefined ? canceled : AbortSignal.any([canceled, request.signal]);
      return send({ ...once, ...keyed, signal });
    });
  }

  /**
   * Checks before a change if the server answers after all.
   * @throws HoldfastError unreachable; nothing was sent
   */
  async assertHere(): Promise<void> {
    const { client, reach } = this.#parts;
    if (!reach.getSnapshot()) return;
    reach.tryNow();
    try {
      await client.call("live", { asksOnce: true, signal: AbortSignal.timeout(thereMsMax) });
    } catch (cause) {
      const message = "The server cannot be reached. Nothing was changed.";
      throw new HoldfastError("unreachable", message, { cause, body: { network: "AWAY" } });
    }
  }

  /** @param send sends the same request each time */
  async run<Answer>(send: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const { nowMs } = this.#parts;
    const startedMs = nowMs();
    const act: Act = { canceling: new AbortController(), failures: 0 };
    const { signal } = act.canceling;
    this.#acts.add(act);
    this.#show();
    try {
      for (;;) {
        try {
          return await send(signal);
        } catch (thrown) {
          signal.throwIfAborted();
          if (!isUnanswered(thrown) || nowMs() - startedMs > waitMsMax) throw thrown;
          // The client has already tried several times.
          act.failures += thrown.code === "unavailable" ? failuresUnnoticed : 1;
        }
        this.#show();
        await this.#pause(act.failures, signal);
      }
    } finally {
      this.#acts.delete(act);
      this.#show();
    }
  }

  /** Cancels the waiting changes. @param reason their error */
  cancel(reason: HoldfastError): void {
    for (const { canceling } of this.#waiting()) canceling.abort(reason);
  }

  /** Cancels all changes, also those that have not been sent. */
  end(reason: HoldfastError): void {
    this.#generation += 1;
    for (const { canceling } of this.#acts) canceling.abort(reason);
  }

  tryNow(): void {
    this.#nudge.abort();
    this.#nudge = new AbortController();
  }

  async #pause(failures: number, signal: AbortSignal): Promise<void> {
    const { wait, jitter } = this.#parts;
    const delayMs = withEqualJitter(backoffMs(backoff, failures), jitter());
    await wait(delayMs, AbortSignal.any([signal, this.#nudge.signal])).catch(() => {});
    signal.throwIfAborted();
  }

  #show(): void {
    const count = this.#waiting().length;
    if (count === this.#waitingCount) return;
    this.#waitingCount = count;
    this.#listeners.call();
  }

  #waiting(): Act[] {
    const isAway = this.#parts.reach.getSnapshot();
    return [...this.#acts].filter(({ failures }) => isAway || failures >= failuresUnnoticed);
  }
}

const once = { endsWithBreak: true };

/** `randomUUID` does not exist over plain http. */
function newOperationKey(): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(16)));
}

/** Repeated requests have the same key. A batch has ids of its own, and a star needs none. */
function withKey({ headers }: LooseRequest): LooseRequest {
  return { headers: { ...headers, "idempotency-key": newOperationKey() } };
}

/** An answer of something between, such as a proxy that blocks the request, is an answer. */
function isUnanswered(thrown: unknown): thrown is HoldfastError {
  if (!(thrown instanceof HoldfastError) || thrown.body?.["network"] === "FOREIGN") return false;
  return thrown.code === "unreachable" || thrown.code === "unavailable";
}
