import { HoldfastError } from "@holdfast/core/errors";
import type { Random } from "@holdfast/core/clock";
import { isOpen } from "@holdfast/protocol/route";
import { routeTable } from "@holdfast/protocol/route-table";
import type { RouteFacts } from "@holdfast/protocol/route-table";
import type { RouteAnswer, RouteName, routes } from "@holdfast/protocol/routes";
import type { AccessTokens } from "./access-tokens.ts";
import { encodeRequest } from "./request.ts";
import type { CallRequest, EncodedRequest, LooseRequest } from "./request.ts";
import { foreignOf, readProblem, readText, upTo } from "./answer.ts";
import type { AnswerReader } from "./answer.ts";
import { RetryTimer } from "./retry.ts";
import type { RetryOptions } from "./retry.ts";
import type { Transport, TransportAnswer } from "./transport.ts";

export interface ApiClientOptions {
  readonly transport: Transport;
  readonly tokens: AccessTokens;
  /** For Idempotency-Keys and the jitter of retries. */
  readonly random: Random;
  readonly retry: RetryOptions;
  /** `readBySchemas`; in a page of the same server, `readByIds`. */
  readonly readAnswer: AnswerReader;
  /**
   * Asks the person to prove their identity if a call requires it; the call is then repeated. undefined: no person is
   * available.
   * @throws the call's final error, for example if the person refuses
   */
  readonly prove?: ((client: ApiClient, refusal: HoldfastError) => Promise<void>) | undefined;
}

/**
 * Calls routes by name. Every failure is a HoldfastError: the server's with code and body, or `unreachable`. Calls are
 * repeated if possible. A changing call has an Idempotency-Key, so a lost response causes no double execution.
 */
export class ApiClient {
  readonly #options: ApiClientOptions;
  readonly #closing = new AbortController();
  #answered = false;
  #proving: Promise<void> | undefined;
  /** Server's clock minus the monotonic one; undefined before any response with a date. */
  #serverAheadMs: number | undefined;

  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  /** @returns JSON, undefined if empty */
  async call<Name extends RouteName>(
    name: Name,
    ...[request]: CallArguments<Name>
  ): Promise<RouteAnswer<(typeof routes)[Name]>> {
    const { readAnswer } = this.#options;
    const answer = await this.#repeat(name, request ?? {}, async (sent) =>
      readAnswer(name, sent, await readText(sent)),
    );
    return answer as RouteAnswer<(typeof routes)[Name]>;
  }

  /**
   * For a body known to be small. A broken body is requested again.
   * @throws HoldfastError failed if it is longer
   */
  bytes<Name extends RouteName>(name: Name, request: CallRequest<Name>, bytesMax: number): Promise<Uint8Array[]> {
    return this.#repeat(name, request, async (answer) => {
      const slices: Uint8Array[] = [];
      for await (const slice of upTo(bytesMax, answer.body)) slices.push(slice);
      return slices;
    });
  }

  /**
   * Writes the body to a buffer that threads may share. A broken body is not requested again, because its complete part
   * is useful.
   * @param targetOf buffer for a status
   * @returns status, number of bytes and the error, if any
   * @throws HoldfastError failed for a body longer than its buffer
   */
  async bytesUntilBreak<Name extends RouteName>(
    name: Name,
    request: CallRequest<Name>,
    targetOf: (status: number) => Uint8Array,
  ): Promise<{ readonly status: number; readonly bytes: number; readonly failure: HoldfastError | undefined }> {
    const answer = await this.open(name, request);
    const { status } = answer;
    const into = { target: targetOf(status), end: 0 };
    try {
      await fill(into, answer, routeTable[name]);
      return { status, bytes: into.end, failure: undefined };
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError) || !thrown.retryable) throw thrown;
      return { status, bytes: into.end, failure: thrown };
    }
  }

  /** Streams a body. The caller reads it completely or ends the iteration, and requests the rest if it breaks. */
  open<Name extends RouteName>(name: Name, request: CallRequest<Name>): Promise<TransportAnswer> {
    return this.#repeat(name, request, (answer) => Promise.resolve(answer));
  }

  /**
   * Unix milliseconds by the server's last response, up to a second early. Sends a request if there was none. Without a
   * date, the local clock is used.
   */
  async serverNowMs(): Promise<number> {
    // A proxy may forward the API only.
    if (this.#serverAheadMs === undefined) await this.call("live").catch(() => undefined);
    return this.#serverAheadMs === undefined ? Date.now() : performance.now() + this.#serverAheadMs;
  }

  /** Aborts pending calls, which fail without a retry. */
  close(): Promise<void> {
    this.#closing.abort();
    return this.#options.transport.close();
  }

  async #repeat<Result>(
    name: RouteName,
    request: LooseRequest,
    take: (answer: TransportAnswer) => Promise<Result>,
  ): Promise<Result> {
    const encoded = encodeRequest(name, request, this.#options.random);
    const timer = new RetryTimer(this.#options.retry, this.#options.random);
    for (;;) {
      try {
        return await take(await this.#sendProven(routeTable[name], encoded));
      } catch (thrown) {
        if (!(thrown instanceof HoldfastError)) throw thrown;
        if (!encoded.repeatable && thrown.code !== "rate_limited") throw thrown;
        if (encoded.asksOnce && (thrown.code !== "unreachable" || isAnswer(thrown))) throw thrown;
        if (encoded.endsWithBreak && thrown.code === "unreachable") throw thrown;
        await this.#retryLater(timer, thrown, encoded.signal);
      }
    }
  }

  /** @throws the failure if the client is closed, because nobody waits */
  async #retryLater(timer: RetryTimer, failure: HoldfastError, signal: AbortSignal | undefined): Promise<void> {
    const closing = this.#closing.signal;
    try {
      await timer.waitAfter(
        failure,
        this.#answered,
        signal === undefined ? closing : AbortSignal.any([closing, signal]),
      );
    } catch (thrown) {
      throw closing.aborted ? failure : thrown;
    }
  }

  /**
   * Repeats a call after a proof of identity; the rejected call had no effect. Calls rejected at the same time ask
   * once.
   */
  async #sendProven(route: RouteFacts, request: EncodedRequest): Promise<TransportAnswer> {
    try {
      return await this.#sendSignedIn(route, request);
    } catch (thrown) {
      const { prove } = this.#options;
      const isWanted = thrown instanceof HoldfastError && thrown.code === "proof_required" && request.replayable;
      if (!isWanted || prove === undefined) throw thrown;
      this.#proving ??= prove(this, thrown).finally(() => {
        this.#proving = undefined;
      });
      await this.#proving;
      return this.#sendSignedIn(route, request);
    }
  }

  /** Renews a rejected access token once: it may have expired, or another process may have renewed it. */
  async #sendSignedIn(route: RouteFacts, request: EncodedRequest): Promise<TransportAnswer> {
    const { tokens } = this.#options;
    const token = isOpen(route) ? undefined : await tokens.current();
    try {
      return await this.#send(route, request, token);
    } catch (thrown) {
      if (token === undefined || !(thrown instanceof HoldfastError) || thrown.code !== "unauthenticated") throw thrown;
      const renewed = await tokens.renew(token);
      if (renewed === undefined || !request.replayable) throw thrown;
      return this.#send(route, request, renewed);
    }
  }

  async #send(route: RouteFacts, request: EncodedRequest, token: string | undefined): Promise<TransportAnswer> {
    const headers = token === undefined ? request.headers : { ...request.headers, authorization: `Bearer ${token}` };
    const answer = await this.#options.transport.send({ ...request, headers });
    const problem = answer.status < 400 ? await foreignOf(route, answer) : await readProblem(route, answer);
    const isServers = problem?.code !== "unreachable";
    this.#answered ||= isServers;
    const serverMs = isServers ? Date.parse(answer.header("date") ?? "") : NaN;
    if (!Number.isNaN(serverMs)) this.#serverAheadMs = serverMs - performance.now();
    if (problem !== undefined) throw problem;
    return answer;
  }
}

/** True for a proxy's response, false for a broken connection. */
function isAnswer({ body }: HoldfastError): boolean {
  return String(body["network"]).startsWith("FOREIGN");
}

/**
 * Frees the buffer of a slice if nothing else uses it. Otherwise a large body's 64 KiB buffers caused 26 full garbage
 * collections per GiB, which cost more than receiving it.
 */
function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && !buffer.resizable) buffer.transfer(0);
}

async function fill(into: { readonly target: Uint8Array; end: number }, answer: TransportAnswer, route: RouteFacts) {
  for await (const slice of answer.body) {
    if (into.end + slice.length > into.target.length) throw tooLong(route);
    into.target.set(slice, into.end);
    into.end += slice.length;
    giveBack(slice);
  }
}

function tooLong({ method, path }: RouteFacts): HoldfastError {
  return new HoldfastError("failed", `The server's response to ${method} ${path} is longer than requested.`);
}

export type CallArguments<Name extends RouteName> =
  Pick<LooseRequest, "signal"> extends CallRequest<Name> ? [request?: CallRequest<Name>] : [request: CallRequest<Name>];
