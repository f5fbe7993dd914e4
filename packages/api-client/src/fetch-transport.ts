import { HoldfastError } from "@holdfast/core/errors";
import type { RequestBody, Transport, TransportAnswer, TransportRequest } from "./transport.ts";

export interface FetchTransportOptions {
  /** `https://drive.example`, or empty for the page's own server. */
  readonly server: string;
  /** Default: the browser's. Tests replace it. */
  readonly fetch?: typeof fetch;
  /** Time without a response after a short request; default 30 s. None for long polls and large bodies. */
  readonly answerTimeoutMs?: number;
}

/**
 * For pages and workers. The browser manages connections and decompression. It cannot send bodies of unknown size, so
 * calls with a `stream` fail.
 */
export function openFetchTransport(options: FetchTransportOptions): Transport {
  return { send: (request) => send(options, request), close: () => Promise.resolve() };
}

async function send(options: FetchTransportOptions, request: TransportRequest): Promise<TransportAnswer> {
  const { method, path, signal } = request;
  const patience = new Patience(options.answerTimeoutMs ?? 30_000, request);
  const doFetch = options.fetch ?? fetch;
  try {
    const answer = await doFetch(options.server + path, {
      method,
      headers: headersOf(request),
      body: bodyOf(request.body),
      signal: patience.signal,
    });
    return {
      // No route redirects a page, so the response comes from something else.
      status: answer.redirected ? 302 : answer.status,
      header: (name) => answer.headers.get(name) ?? undefined,
      body: slicesOf(answer, signal),
    };
  } catch (thrown) {
    throw networkError(thrown, signal, patience.isOver ? "timeout" : "fetch");
  } finally {
    patience.end();
  }
}

/** Browsers set the length themselves and warn about a given one. */
function headersOf({ headers }: TransportRequest): Record<string, string> {
  const { "content-length": _, ...others } = headers;
  return others;
}

function bodyOf(body: RequestBody): string | Blob | null {
  if (body === undefined || typeof body === "string" || body instanceof Blob) return body ?? null;
  if (Symbol.asyncIterator in body) throw new HoldfastError("internal", "A browser cannot stream a request body.");
  return new Blob(body as readonly Uint8Array<ArrayBuffer>[] as Uint8Array<ArrayBuffer>[]);
}

async function* slicesOf(answer: Response, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  if (answer.body === null) return;
  // Not every browser can iterate over a stream.
  const reader = answer.body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } catch (thrown) {
    throw networkError(thrown, signal, "cut");
  } finally {
    // Aborts the request if reading ended early; no effect when it is complete.
    await reader.cancel().catch(() => {});
  }
}

/** Browsers hide network errors for security; `body.network` has the known part. */
function networkError(thrown: unknown, signal: AbortSignal | undefined, network: "fetch" | "cut" | "timeout"): unknown {
  if (signal?.aborted === true || thrown instanceof HoldfastError || !(thrown instanceof Error)) return thrown;
  const message = network === "cut" ? "The server's response was cut off. Try again." : "The server cannot be reached.";
  return new HoldfastError("unreachable", message, { cause: thrown, body: { network } });
}

/** A dead connection without a response could otherwise wait as long as the system allows. */
class Patience {
  readonly signal: AbortSignal | null;
  isOver = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeoutMs: number, { signal, isHeld, body, headers }: TransportRequest) {
    const isShort = body === undefined || typeof body === "string";
    if (isHeld === true || !isShort) {
      this.signal = signal ?? null;
      return;
    }
    const controller = new AbortController();
    this.signal = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]);
    // Duration of a long poll.
    const heldMs = Number(headers["timeout"] ?? 0) * 1000;
    this.#timer = setTimeout(() => {
      this.isOver = true;
      controller.abort();
    }, timeoutMs + heldMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
