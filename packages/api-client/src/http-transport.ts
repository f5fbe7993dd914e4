import { HoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import { errors, Pool } from "undici";
import { connectTrusting, type ServerTrust, untrusted } from "./server-trust.ts";
import type { RequestBody, Transport, TransportAnswer, TransportRequest } from "./transport.ts";

export interface HttpTransportOptions {
  /** `https://drive.example` or `http://127.0.0.1:8420`, without a path. */
  readonly server: string;
  /** For its certificate; default: the system's. */
  readonly trust?: ServerTrust | undefined;
  /** Concurrent requests, each with a kept-alive connection. */
  readonly connections: number;
  /** Time without progress of the request or a response after it; default 120 s. */
  readonly answerTimeoutMs?: number;
  /** Time without a byte of a response's body; default 60 s. */
  readonly bodyIdleTimeoutMs?: number;
}

export function openHttpTransport({
  server,
  trust,
  connections,
  answerTimeoutMs = 120_000,
  bodyIdleTimeoutMs = 60_000,
}: HttpTransportOptions): Transport {
  const pool = new Pool(server, {
    connections,
    pipelining: 1,
    keepAliveTimeout: 20_000,
    connect: connectTrusting(trust, connectTimeoutMs),
    // A commit under load may take long; the idle timeout and TCP detect dead connections.
    headersTimeout: answerTimeoutMs,
    bodyTimeout: bodyIdleTimeoutMs,
  });
  return { send: (request) => send(pool, server, request), close: () => pool.destroy() };
}

const connectTimeoutMs = 10_000;

async function send(pool: Pool, server: string, request: TransportRequest): Promise<TransportAnswer> {
  const { method, path, headers, body, signal, isHeld } = request;
  try {
    const answer = await pool.request({
      method,
      path,
      headers: { ...headers },
      // The types lack plain iterables, which undici writes with back-pressure too.
      body: (inSlices(body) ?? null) as string | null,
      signal: signal ?? null,
      ...(isHeld === true ? { headersTimeout: 0, bodyTimeout: 0 } : {}),
    });
    const received = answer.headers;
    return {
      status: answer.statusCode,
      header: (name) => [received[name]].flat()[0],
      body: whole(answer.body, server, signal),
    };
  } catch (thrown) {
    throw networkError(thrown, server, signal);
  }
}

/** Each slice that the system accepts restarts the response timeout, so a slow connection has that time per slice. */
const sliceBytes = 256 * 1024;

function inSlices(body: RequestBody): RequestBody {
  if (body instanceof Blob) return body.stream();
  return Array.isArray(body) ? { [Symbol.asyncIterator]: () => slicesOf(body as readonly Uint8Array[]) } : body;
}

async function* slicesOf(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    for (let start = 0; start < piece.length; start += sliceBytes) yield piece.subarray(start, start + sliceBytes);
  }
}

async function* whole(body: AsyncIterable<Uint8Array>, server: string, signal: AbortSignal | undefined) {
  try {
    yield* body;
  } catch (thrown) {
    throw networkError(thrown, server, signal);
  }
}

/** The code is in `body.network` and determines retries. */
function networkError(thrown: unknown, server: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true || thrown instanceof HoldfastError || !(thrown instanceof Error)) return thrown;
  const code = networkCode(thrown);
  if (code === undefined) return thrown;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return wrongName(thrown, server);
  return new HoldfastError("unreachable", networkWords(code, server), { cause: thrown, body: { network: code } });
}

/** Names problem and next step, because library codes are not understandable. */
function networkWords(code: string, server: string): string {
  if (/^(UND_ERR_SOCKET|ECONNRESET|EPIPE)/.test(code))
    return `The connection to the server ${server} was lost. ${again}`;
  if (untrusted.test(code))
    return `The certificate of ${server} is not signed by an authority that this computer trusts. 'holdfast login ${server}' shows its fingerprint and how to trust it. Without a login, set NODE_EXTRA_CA_CERTS to a file with that certificate or the authority's.`;
  if (code === "CERT_HAS_EXPIRED")
    return `The certificate of ${server} has expired. The server's administrator has to renew it. If it has been renewed, this computer's clock is wrong.`;
  if (code === "CERT_NOT_YET_VALID")
    return `The certificate of ${server} is not valid yet. Check the clocks of this computer and of the server.`;
  return `The server ${server} cannot be reached (${code}). ${advice}`;
}

/** The certificate has other host names. */
function wrongName(thrown: Error, server: string): HoldfastError {
  const tls = Reflect.get(thrown, "cert") === undefined && thrown.cause instanceof Error ? thrown.cause : thrown;
  const cert: unknown = Reflect.get(tls, "cert");
  const names = typeof cert === "object" && cert !== null ? String(Reflect.get(cert, "subjectaltname") ?? "") : "";
  const shown = names.replaceAll(/\b(?:DNS|IP Address):/g, "").slice(0, 500);
  const whose = shown === "" ? "for another name" : `for ${printable(shown)}`;
  return new HoldfastError(
    "unreachable",
    `The server ${server} presented a certificate ${whose}, which is not valid for the name in that address. Use a name that the certificate is valid for.`,
    { cause: thrown, body: { network: "ERR_TLS_CERT_ALTNAME_INVALID" } },
  );
}

const again =
  "Holdfast reconnects and continues where it can. If a command ended with this, run it again: it continues where it stopped.";
const advice = "Check that it is running and that the address is correct.";

function networkCode(thrown: Error): string | undefined {
  if (thrown instanceof errors.UndiciError) return thrown.code;
  const code: unknown = Reflect.get(thrown, "code");
  if (typeof code === "string") return code;
  return thrown.cause instanceof Error ? networkCode(thrown.cause) : undefined;
}
