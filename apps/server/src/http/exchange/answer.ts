import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { constants, createZstdCompress, zstdCompress } from "node:zlib";
import { outputBufferBytes } from "@holdfast/codec/zstd-compress";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { AnswerBytes, AnswerHeaders } from "../handler.ts";
import { readEntityTags } from "../files/conditions.ts";
import { acceptsEncoding } from "./accepted-encoding.ts";
import { type ProblemShape, toProblem } from "./problem.ts";
import { errorPage } from "../web/error-page.ts";
import type { Language } from "@holdfast/protocol/account-settings";
import { gatherTexts, StreamedJson } from "../files/streamed-json.ts";

/** Any answer of any route, its type's edges worn off. */
export interface LooseAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly bytes?: AnswerBytes;
  readonly headers?: AnswerHeaders;
}

export interface Sending {
  readonly response: ServerResponse;
  readonly head: boolean;
  /** The header of a request that reads; undefined for a change. */
  readonly ifNoneMatch: string | undefined;
  readonly acceptEncoding: string | undefined;
  /** See `pageReader`. */
  readonly reader: Language | undefined;
  readonly requestId: string;
  /** Headers of every answer. */
  readonly baseHeaders: Readonly<Record<string, string>>;
  /** How long a client may leave a streamed answer lying before its connection is cut. */
  readonly idleTimeoutMs: number;
  /** Called whenever a client has taken some more of a long answer. */
  readonly onMoved: () => void;
  /** While the server stops, no connection outlives its answer. */
  readonly stopping: AbortSignal;
}

/** Resolves once the client has taken it all; rejects when a stream breaks in the middle, the connection then being cut. */
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

/** Nothing if the answer had already begun: then only cutting the connection tells that it is not whole. */
export function sendProblem(sending: Sending, error: HoldfastError, shape?: ProblemShape): void {
  if (sending.response.headersSent) {
    sending.response.destroy();
    return;
  }
  const problem = toProblem(error, sending.requestId);
  const { status, headers, body } = shape?.(error, sending.requestId) ?? problem;
  const page =
    sending.reader === undefined || shape !== undefined ? undefined : errorPage(problem.body, sending.reader);
  const bytes = Buffer.from(page?.bytes ?? JSON.stringify(body));
  // After a stalled body the connection cannot serve another request.
  const connection = error.code === "request_timeout" ? { connection: "close" } : {};
  writeHead(sending, status, { ...headers, ...page?.headers, ...connection, "content-length": bytes.length });
  end(sending, bytes);
}

async function sendJson(sending: Sending, answer: LooseAnswer): Promise<void> {
  const etag = answer.headers?.["etag"];
  if (typeof etag === "string" && answer.status === 200 && isFresh(sending.ifNoneMatch, etag)) {
    writeHead(sending, 304, { "cache-control": "no-store", ...answer.headers });
    return end(sending);
  }
  const text = answer.json instanceof StreamedJson ? await gatherTexts(answer.json) : JSON.stringify(answer.json);
  // An entity tag names the bytes as they are. By a cookie only a page of our own is signed in, so no strange page can make a
  // browser ask and learn from the lengths of the answers.
  const mayCompress = etag === undefined && acceptsEncoding(sending.acceptEncoding, "zstd");
  const headers = (isCompressed: boolean) => ({
    "content-type": "application/json",
    ...(isCompressed ? { "content-encoding": "zstd" } : {}),
    ...(etag === undefined ? { vary: "accept-encoding" } : {}),
    // Two people may sit at one browser, and what one of them was answered is nothing for the other.
    "cache-control": "no-store",
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

/** What is short is the system's at once; of the rest the client must take its part, or it would lie here for ever. */
async function sendBytes(sending: Sending, answer: LooseAnswer, bytes: Uint8Array): Promise<void> {
  if (bytes.length > limits.answerSliceBytes && !sending.head) return sendStream(sending, answer, [bytes]);
  writeHead(sending, answer.status, answer.headers ?? {});
  end(sending, bytes);
}

function compressed(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const encoder = createZstdCompress(zstdOptions);
  // Its failure ends the encoder, which whoever reads it hears of.
  pipeline(pieces, encoder).catch(() => {});
  return encoder as AsyncIterable<Uint8Array>;
}

const zstdCompressAsync = promisify(zstdCompress);
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** What is shorter fits into one packet anyway. */
const compressedBytesMin = 1024;

/** Weak comparison (RFC 9110, 13.1.2). */
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

/** The end of the connection is waited for too: Node's pipeline was seen to wait for ever behind an answer that had been sent and closed. */
async function sendReadable(response: ServerResponse, bytes: Readable): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const onClose = () => {
    if (response.writableFinished) ended.resolve();
    else ended.reject(new HoldfastError("bad_request", "The connection ended in the middle of the response."));
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
 * Asks for the next piece only when the system has taken the one before, so that its memory can be used again. That loses no time:
 * what the system has taken and the connection has not is more than comes while the next piece is handed over. In slices, as each
 * tells that the client goes on.
 */
async function sendPieces(
  response: ServerResponse,
  pieces: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  moved: () => void,
): Promise<void> {
  // Whoever sends hears of it from the call.
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

/** A connection that is cut calls back with an error, late or not at all: its end is waited for too. */
function whenTaken(response: ServerResponse, send: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const cut = () => reject(new HoldfastError("bad_request", "The connection ended in the middle of the response."));
    if (response.destroyed) return cut();
    response.once("close", cut);
    send((error) => {
      response.off("close", cut);
      if (error === undefined || error === null) resolve();
      else cut();
    });
  });
}

/** A client that takes nothing would hold blocks, files and a place among the connections for ever. */
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
  for (const [name, value] of Object.entries({ ...baseHeaders, "x-request-id": requestId, ...headers })) {
    if (value !== undefined) response.setHeader(name, value);
  }
  response.writeHead(status);
}

function end({ response, head }: Sending, bytes?: Uint8Array): void {
  if (head || bytes === undefined) response.end();
  else response.end(bytes);
}
