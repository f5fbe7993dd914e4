import type { RequestBody, Transport, TransportAnswer, TransportRequest } from "@holdfast/api-client/transport";
import { HoldfastError } from "@holdfast/core/errors";
import { routes, routeUrl } from "@holdfast/protocol/routes";
import type { RateLimit } from "./rate-limit.ts";

/** Bodies and request headers since the start, without response headers and TLS. */
export interface Traffic {
  sentBytes: number;
  receivedBytes: number;
}

export interface Meter {
  readonly traffic: Traffic;
  readonly up: RateLimit;
  readonly down: RateLimit;
  /** Aborts pending requests and rejects later ones. */
  readonly closing: AbortSignal;
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
  readonly answerTimeoutMs: number;
}

export function meteredTransport(transport: Transport, meter: Meter): Transport {
  return {
    close: () => transport.close(),
    send: async (request) => {
      const { closing } = meter;
      const signal = request.signal === undefined ? closing : AbortSignal.any([closing, request.signal]);
      try {
        closing.throwIfAborted();
        const answer = await answerInTime(transport, await measured(request, signal, meter), meter);
        return {
          ...answer,
          status: answer.status,
          header: (name) => answer.header(name),
          body: taken(answer, signal, meter),
        };
      } catch (thrown) {
        throw closing.aborted ? closed() : thrown;
      }
    },
  };
}

/** A longer request takes an unknown time, so only the transport's timeout applies. */
const shortBytesMax = 256 * 1024;
/** A slower connection, even shared by several requests, counts as broken. */
const slowestBytesPerMs = 4;
/** The caller of a long poll controls its duration. */
const heldPath = routeUrl(routes.pollChanges);

async function answerInTime(transport: Transport, request: TransportRequest, meter: Meter): Promise<TransportAnswer> {
  const { wait, answerTimeoutMs } = meter;
  if (request.path.startsWith(heldPath)) return transport.send({ ...request, isHeld: true });
  const bodyBytes = bodyBytesOf(request.body) ?? Infinity;
  if (bodyBytes > shortBytesMax) return transport.send(request);
  const answered = new AbortController();
  const late = new AbortController();
  const timer = wait(answerTimeoutMs + bodyBytes / slowestBytesPerMs, answered.signal).then(
    () => late.abort(silent()),
    () => {},
  );
  try {
    const signal = request.signal === undefined ? late.signal : AbortSignal.any([request.signal, late.signal]);
    return await transport.send({ ...request, signal });
  } finally {
    answered.abort();
    await timer;
  }
}

/** Same error as the transport's for a broken connection. */
export function silent(): HoldfastError {
  return new HoldfastError("unreachable", "The server does not answer. Try again.", { body: { network: "ETIMEDOUT" } });
}

/** Not retried, because the caller closed the connection. */
export function closed(): HoldfastError {
  return new HoldfastError("failed", "The connection to the server was closed on this side.");
}

/** Small enough that a low rate still sends data before the other side's timeout. */
const sliceBytes = 16 * 1024;

async function measured(request: TransportRequest, signal: AbortSignal, meter: Meter): Promise<TransportRequest> {
  const { traffic, up } = meter;
  const headBytes = headBytesOf(request);
  const bodyBytes = bodyBytesOf(request.body);
  traffic.sentBytes += headBytes;
  await up.take(headBytes, signal);
  if (bodyBytes === undefined || up.isOn) {
    const headers = bodyBytes === undefined ? {} : { "content-length": String(bodyBytes) };
    return {
      ...request,
      signal,
      headers: { ...request.headers, ...headers },
      body: slowed(request.body, signal, meter),
    };
  }
  traffic.sentBytes += bodyBytes;
  return { ...request, signal };
}

function headBytesOf({ method, path, headers }: TransportRequest): number {
  let bytes = method.length + path.length + " HTTP/1.1\r\n\r\n".length + 1;
  for (const [name, value] of Object.entries(headers)) bytes += name.length + value.length + ": \r\n".length;
  return bytes;
}

/** undefined: a stream of unknown size. */
function bodyBytesOf(body: RequestBody): number | undefined {
  if (body === undefined) return 0;
  if (typeof body === "string") return Buffer.byteLength(body);
  if (body instanceof Blob) return body.size;
  return Array.isArray(body)
    ? (body as readonly Uint8Array[]).reduce((sum, piece) => sum + piece.length, 0)
    : undefined;
}

function slowed(body: RequestBody, signal: AbortSignal, meter: Meter): RequestBody {
  if (body === undefined) return undefined;
  if (body instanceof Blob) return slowSlices(body.stream(), signal, meter);
  return slowSlices(typeof body === "string" ? [Buffer.from(body)] : body, signal, meter);
}

async function* slowSlices(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  { traffic, up }: Meter,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    for (let start = 0; start < piece.length; start += sliceBytes) {
      const slice = piece.subarray(start, start + sliceBytes);
      await up.take(slice.length, signal);
      traffic.sentBytes += slice.length;
      yield slice;
    }
  }
}

async function* taken({ body }: TransportAnswer, signal: AbortSignal, meter: Meter): AsyncGenerator<Uint8Array> {
  const { traffic, down, closing } = meter;
  try {
    for await (const slice of body) {
      traffic.receivedBytes += slice.length;
      await down.take(slice.length, signal);
      yield slice;
    }
  } catch (thrown) {
    throw closing.aborted ? closed() : thrown;
  }
}
