import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { constants, createZstdCompress, zstdCompress } from "node:zlib";
import { outputBufferBytes } from "@holdfast/codec/zstd-compress";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { AnswerBytes, AnswerHeaders } from "./handler.ts";
import { readEntityTags } from "./conditions.ts";
import { acceptsEncoding } from "./accepted-encoding.ts";
import { type ProblemShape, toProblem } from "./problem.ts";
import { errorPage } from "../pages/error-page.ts";
import type { Language } from "@holdfast/protocol/account-settings";
import { gatherTexts, StreamedJson } from "./streamed-json.ts";

export interface LooseAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly bytes?: AnswerBytes;
  readonly headers?: AnswerHeaders;
}

export interface Sending {
  readonly response: ServerResponse;
  readonly head: boolean;
  /** undefined for a change */
  readonly ifNoneMatch: string | undefined;
  readonly acceptEncoding: string | undefined;
  /** See `pageReader`. */
  readonly reader: Language | undefined;
  readonly serverName: string;
  readonly requestId: string;
  readonly baseHeaders: Readonly<Record<string, string>>;
  /** Time without progress after which the connection of a streamed response is cut. */
  readonly idleTimeoutMs: number;
  /** Called when a client has received more of a long response. */
  readonly onMoved: () => void;
  /** While the server stops, each connection ends after its response. */
  readonly stopping: AbortSignal;
}

/** Resolves when the client has received everything. Rejects when a stream fails, and cuts the connection. */
export async function sendAnswer(sending: Sending, answer: LooseAnswer): Promise<void> {
  if (Object.hasOwn(answer, "json")) return sendJson(sending, answer);
  if (answer.bytes === undefined) {
    writeHead(sending, answer.status, emptyHeaders(answer));
    return end(sending);
  }
  if (typeof answer.bytes === "string" || answer.bytes instanceof Uint8Array) {
    const bytes = typeof answer.bytes === "string" ? Buffer.from(answer.bytes) : answer.bytes;
    return sendBytes(sending, { ...answer, headers: { "content-length": bytes.length, ...answer.headers } }, bytes);
  }
  return sendStream(sending, answer, answer.bytes);
}

/** If the response has begun, only a cut connection shows that it is incomplete. */
export function sendProblem(sending: Sending, error: HoldfastError, shape?: ProblemShape): void {
  if (sending.response.headersSent) {
    sending.response.destroy();
    return;
  }
  const problem = toProblem(error, sending.requestId);
  const { status, headers, body } = shape?.(error, sending.requestId) ?? problem;
  const { reader, serverName } = sending;
  const page = reader === undefined || shape !== undefined ? undefined : errorPage(problem.body, reader, serverName);
  const bytes = Buffer.from(page?.bytes ?? JSON.stringify(body));
  // After a stalled body the connection cannot serve another request.
  const connection = error.code === "request_timeout" ? { connection: "close" } : {};
  writeHead(sending, status, { ...headers, ...page?.headers, ...connection, "content-length": bytes.length });
  end(sending, bytes);
}

async function sendJson(sending: Sending, answer: LooseAnswer): Promise<void> {
  const etag = answer.headers?.["etag"];
  if (typeof etag === "string" && answer.status === 200 && isFresh(sending.ifNoneMatch, etag)) {
    writeHead(sending, 304, answer.headers ?? {});
    return end(sending);
  }
  const text = answer.json instanceof StreamedJson ? await gatherTexts(answer.json) : JSON.stringify(answer.json);
  // An entity tag identifies the uncompressed bytes. Response lengths reveal nothing: cookies authenticate only our own
  // pages, so other sites cannot cause requests.
  const mayCompress = etag === undefined && acceptsEncoding(sending.acceptEncoding, "zstd");
  const headers = (isCompressed: boolean) => ({
    "content-type": "application/json",
    ...(isCompressed ? { "content-encoding": "zstd" } : {}),
    ...(etag === undefined ? { vary: "accept-encoding" } : {}),
    ...answer.headers,
  });
  if (typeof text !== "string") {
    const bytes = mayCompress ? compressed(text) : text;
    return sendStream(sending, { ...answer, headers: headers(mayCompress) }, bytes);
  }
  const plain = Buffer.from(text);
  const isCompressed = mayCompress && plain.length >= compressedBytesMin;
  const bytes = isCompressed
    ? await zstdCompressAsync(plain, { ...zstdOptions, chunkSize: outputBufferBytes(plain.length) })
    : plain;
  return sendBytes(
    sending,
    { ...answer, headers: { ...headers(isCompressed), "content-length": bytes.length } },
    bytes,
  );
}

/** A long response is streamed, so that a client that does not read it is cut off. */
async function sendBytes(sending: Sending, answer: LooseAnswer, bytes: Uint8Array): Promise<void> {
  if (bytes.length > limits.answerSliceBytes && !sending.head) return sendStream(sending, answer, [bytes]);
  writeHead(sending, answer.status, answer.headers ?? {});
  end(sending, bytes);
}

function compressed(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const encoder = createZstdCompress(zstdOptions);
  // A failure ends the encoder, so its reader receives the error.
  pipeline(pieces, encoder).catch(() => {});
  return encoder as AsyncIterable<Uint8Array>;
}

const zstdCompressAsync = promisify(zstdCompress);
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** Shorter bodies fit into one packet anyway. */
const compressedBytesMin = 1024;

/** Compares weakly (RFC 9110, 13.1.2). */
function isFresh(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = readEntityTags("If-None-Match", ifNoneMatch);
  return tags === "*" || tags?.includes(etag.replace(/^W\//, "").replaceAll('"', "")) === true;
}

async function sendStream(
  sending: Sending,
  answer: LooseAnswer,
  bytes: Readable | AsyncIterable<Uint8Array> | readonly Uint8Array[],
): Promise<void> {
  writeHead(sending, answer.status, answer.headers ?? {});
  if (sending.head) {
    if (bytes instanceof Readable) bytes.destroy();
    return end(sending);
  }
  const watch = watchTaking(sending);
  try {
    if (bytes instanceof Readable) await sendReadable(sending.response, bytes);
    else await sendPieces(sending.response, bytes, watch.moved);
  } finally {
    watch.stop();
  }
}

/**
 * Node's pipeline was seen to hang after a response had been sent and closed, so this also waits for the end of the
 * connection.
 */
async function sendReadable(response: ServerResponse, bytes: Readable): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const onClose = () => {
    if (response.writableFinished) ended.resolve();
    else ended.reject(new HoldfastError("bad_request", "The connection was closed during the response."));
  };
  response.once("close", onClose);
  if (response.closed) onClose();
  try {
    await Promise.race([pipeline(bytes, response), ended.promise]);
  } finally {
    response.off("close", onClose);
    bytes.destroy();
  }
}

/**
 * Requests the next piece only after the system has taken the previous one, so that its memory can be reused. This
 * costs no time, because the system's send buffer covers the gap. Each written slice shows that the client makes
 * progress.
 */
async function sendPieces(
  response: ServerResponse,
  pieces: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  moved: () => void,
): Promise<void> {
  // The caller receives errors from the call that sends.
  response.on("error", () => {});
  for await (const piece of pieces) {
    for (let start = 0; start < piece.length; start += limits.answerSliceBytes) {
      const slice = piece.subarray(start, start + limits.answerSliceBytes);
      await whenTaken(response, (done) => void response.write(slice, done));
      moved();
    }
  }
  await whenTaken(response, (done) => void response.end(done));
}

/** A cut connection calls back late or not at all, so this also waits for its end. */
function whenTaken(response: ServerResponse, send: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const cut = () => reject(new HoldfastError("bad_request", "The connection was closed during the response."));
    if (response.destroyed) return cut();
    response.once("close", cut);
    send((error) => {
      response.off("close", cut);
      if (error === undefined || error === null) resolve();
      else cut();
    });
  });
}

/** A client that reads nothing would hold blocks, files and a connection indefinitely. */
function watchTaking({ response, idleTimeoutMs, onMoved }: Sending): { moved: () => void; stop: () => void } {
  const clock = setTimeout(() => {
    if (response.writableNeedDrain) response.destroy();
    else clock.refresh();
  }, idleTimeoutMs);
  const moved = () => {
    clock.refresh();
    onMoved();
  };
  response.on("drain", moved);
  return { moved, stop: () => clearTimeout(clock) };
}

function emptyHeaders({ status, headers }: LooseAnswer): AnswerHeaders {
  return status === 204 || status === 304 ? { ...headers } : { "content-length": 0, ...headers };
}

function writeHead(sending: Sending, status: number, headers: AnswerHeaders): void {
  const { response, baseHeaders, requestId, stopping } = sending;
  if (stopping.aborted) response.shouldKeepAlive = false;
  // Several people may use one browser.
  const base = { "cache-control": "no-store", ...baseHeaders, "x-request-id": requestId };
  for (const [name, value] of Object.entries({ ...base, ...headers })) {
    if (value !== undefined) response.setHeader(name, value);
  }
  response.writeHead(status);
}

function end({ response, head }: Sending, bytes?: Uint8Array): void {
  if (head || bytes === undefined) response.end();
  else response.end(bytes);
}
