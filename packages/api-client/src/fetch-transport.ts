import { HoldfastError } from "@holdfast/core/errors";
import type { RequestBody, Transport, TransportAnswer, TransportRequest } from "./transport.ts";

export interface FetchTransportOptions {
  /** Where the paths of the API begin: `https://drive.example`, or empty for the page's own server. */
  readonly server: string;
  /** The browser's, unless a test brings another. */
  readonly fetch?: typeof fetch;
  /** Without an answer, once what was sent is short; 30 s unless told. What is held or carries bytes has none. */
  readonly answerTimeoutMs?: number;
}

/**
 * For pages and their workers. The browser keeps the connections and compresses what it receives. It sends no body that is not known
 * whole, so a call with a `stream` is refused.
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
      // No route sends a page elsewhere, and what answers there is another.
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

/** A browser counts the bytes itself and warns of whoever does it for it. */
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
  // Not every browser iterates over a stream.
  const reader = answer.body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } catch (thrown) {
    throw networkError(thrown, signal, "cut");
  } finally {
    // Ends the request of a reader that left early, and does nothing to one that is done.
    await reader.cancel().catch(() => {});
  }
}

/** A browser tells no code of the network, and with reason: what broke stands in `body.network` as far as it is known. */
function networkError(thrown: unknown, signal: AbortSignal | undefined, network: "fetch" | "cut" | "timeout"): unknown {
  if (signal?.aborted === true || thrown instanceof HoldfastError || !(thrown instanceof Error)) return thrown;
  const message = network === "cut" ? "The server's response was cut off. Try again." : "The server cannot be reached.";
  return new HoldfastError("unreachable", message, { cause: thrown, body: { network } });
}

/** Ends a request whose answer does not come: a connection that is gone would be waited for as long as the system likes. */
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
    // What the server was asked to hold back for so long.
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
