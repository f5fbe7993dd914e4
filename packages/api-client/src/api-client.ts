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
  /** `readBySchemas`; in a page, which is of one version with its server, `readByIds`. */
  readonly readAnswer: AnswerReader;
  /**
   * Has the person prove who they are, where a call is refused until they have: it goes out once more then. Undefined: nobody is there to ask.
   * @throws what the call ends with in place of that, as where the person does not want to
   */
  readonly prove?: ((client: ApiClient, refusal: HoldfastError) => Promise<void>) | undefined;
}

/**
 * Calls the routes of the table by name. Every failure is a HoldfastError: the server's with its code and body,
 * `unreachable` for the network's. What may be repeated is repeated: a changing call carries an Idempotency-Key, made
 * here unless the caller brings one, so an answer that was lost is asked for again and nothing happens twice.
 */
export class ApiClient {
  readonly #options: ApiClientOptions;
  readonly #closing = new AbortController();
  #answered = false;
  #proving: Promise<void> | undefined;
  /** Offset of the server's clock from the monotonic one; undefined before any answer with a date. */
  #serverAheadMs: number | undefined;

  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  /** @returns the JSON of the answer, undefined for an empty one */
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

  /** The whole body, which must be known to be small. A body that breaks off is asked for again. @throws HoldfastError failed for a longer one */
  bytes<Name extends RouteName>(name: Name, request: CallRequest<Name>, bytesMax: number): Promise<Uint8Array[]> {
    return this.#repeat(name, request, async (answer) => {
      const slices: Uint8Array[] = [];
      for await (const slice of upTo(bytesMax, answer.body)) slices.push(slice);
      return slices;
    });
  }

  /**
   * The body, written to the beginning of a buffer that threads may share. One that breaks off is not asked for again: what is whole of
   * it need not come twice.
   * @param targetOf a status
   * @returns the status, how many bytes came, and why not all
   * @throws HoldfastError failed for a body that is longer than its target
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

  /** The body as it comes; the caller reads it to its end or ends the iteration, and asks for the rest if it breaks off. */
  open<Name extends RouteName>(name: Name, request: CallRequest<Name>): Promise<TransportAnswer> {
    return this.#repeat(name, request, (answer) => Promise.resolve(answer));
  }

  /**
   * Present time of the server by its last answer, in Unix milliseconds, up to a second early. Asks the server if there was no answer yet.
   * A server that says no time has the clock of this machine.
   */
  async serverNowMs(): Promise<number> {
    // A proxy may forward the API alone.
    if (this.#serverAheadMs === undefined) await this.call("live").catch(() => undefined);
    return this.#serverAheadMs === undefined ? Date.now() : performance.now() + this.#serverAheadMs;
  }

  /** Ends calls that are in progress: they fail and are not retried. */
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
        if (encoded.asksOnce && thrown.code !== "unreachable") throw thrown;
        if (encoded.endsWithBreak && thrown.code === "unreachable") throw thrown;
        await this.#retryLater(timer, thrown, encoded.signal);
      }
    }
  }

  /** @throws the failure itself if the client is closed: then nobody waits for the call */
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

  /** Nothing was done of what is refused for want of proof, so it may always go out again. Calls that are refused together ask once. */
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

  /** A refused access token is renewed once: it may have run out, or another process may have renewed it already. */
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

/**
 * Frees what a slice stood on where nothing else stands there. Left to the collector, 64 KiB after 64 KiB of a large body
 * made it collect the whole heap 26 times for each GiB, which cost more than to receive and copy it.
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

type CallArguments<Name extends RouteName> =
  Pick<LooseRequest, "signal"> extends CallRequest<Name> ? [request?: CallRequest<Name>] : [request: CallRequest<Name>];
