import { limits } from "@holdfast/core/limits";
import { errorTable, HoldfastError, isErrorCode } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";
import { type AnswerKind, type RouteFacts, routeTable } from "@holdfast/protocol/route-table";
import type { RouteName } from "@holdfast/protocol/routes";
import { checkIds, findBadId } from "./check-ids.ts";
import type { TransportAnswer } from "./transport.ts";

/** Converts a response; undefined for an empty one. @throws HoldfastError failed if it violates the route */
export type AnswerReader = (name: RouteName, answer: AnswerHead, text: string) => unknown;

type AnswerHead = Pick<TransportAnswer, "status" | "header">;

/** Kind of response that the route declares for the status. */
export function promised({ answers = "200 json" }: RouteFacts, status: number): AnswerKind | undefined {
  const kinds = Object.fromEntries(answers.split(", ").map((each) => each.split(" "))) as Record<string, AnswerKind>;
  return kinds[status];
}

/**
 * Returns the error if a network's sign-in page or a proxy answered instead of the server.
 * @param answer response with a success status
 */
export async function foreignOf(route: RouteFacts, answer: TransportAnswer): Promise<HoldfastError | undefined> {
  const kind = promised(route, answer.status);
  const type = answer.header("content-type") ?? "";
  // A file may be an HTML page and has a content disposition.
  const isPage = isHtml(answer) && route.outside !== true && answer.header("content-disposition") === undefined;
  const isOther = kind === "json" ? type !== "" && !/json/i.test(type) : isPage;
  if (kind !== undefined && !isOther) return undefined;
  await endBody(answer);
  return foreignAnswer(route, answer);
}

async function endBody({ body }: TransportAnswer): Promise<void> {
  try {
    const slices = body[Symbol.asyncIterator]();
    await slices.next();
    await slices.return?.();
  } catch {
    // The response is useless anyway.
  }
}

function isHtml(answer: TransportAnswer): boolean {
  return /^text\/html\b/i.test(answer.header("content-type") ?? "");
}

/** A failing proxy answers differently later; networks use 511 to require a sign-in. */
function foreignAnswer({ method, path }: RouteFacts, answer: AnswerHead, doubt = ""): HoldfastError {
  const message = `Something other than a Holdfast server answered ${method} ${path} (${received(answer)}${doubt}). Does this network require a sign-in, or is there a proxy in between?`;
  const network = answer.status < 500 || answer.status === 511 ? "FOREIGN" : "FOREIGN_ONCE";
  return new HoldfastError("unreachable", message, { body: { network } });
}

export function received({ status, header }: AnswerHead): string {
  return `${status}, ${header("content-type") ?? "no content type"}`;
}

/** Checks ids only, for a page of the same server, which then needs no schemas. */
export const readByIds: AnswerReader = (name, answer, text) => {
  if (promised(routeTable[name], answer.status) === "empty") return undefined;
  const value = parseJson(text);
  if (value === undefined) throw foreignAnswer(routeTable[name], answer, ", not JSON");
  checkIds(value);
  return value;
};

/** Returns the server's error; `unreachable` if something else rejected the call. */
export async function readProblem(route: RouteFacts, answer: TransportAnswer): Promise<HoldfastError> {
  const value = parseJson(await readText(answer, problemBytesMax).catch(emptyIfLong));
  const fields = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const { code, detail, field, title } = fields;
  if (typeof code !== "string" && isForeignRefusal(answer)) return foreignAnswer(route, answer);
  // A proxy's response may have other ids.
  const body = findBadId(fields) === undefined ? fields : {};
  const message = [detail, title].find((text): text is string => typeof text === "string" && text !== "");
  return new HoldfastError(isErrorCode(code) ? code : codeOfStatus(answer.status), message ?? plain(answer), {
    body,
    ...(typeof field === "string" ? { field } : {}),
    ...retryAfter(answer),
  });
}

/** For a network that requires a sign-in. A 401 without a code would end a valid session. */
const networkStatuses: ReadonlySet<number> = new Set([401, 407, 511]);
/** From a proxy for an overloaded or missing server. */
const proxyStatuses: ReadonlySet<number> = new Set([408, 413, 429, 431, 502, 503, 504]);

function isForeignRefusal(answer: TransportAnswer): boolean {
  return networkStatuses.has(answer.status) || (isHtml(answer) && !proxyStatuses.has(answer.status));
}

function retryAfter(answer: TransportAnswer): { retryAfterSeconds?: number } {
  const seconds = Number(answer.header("retry-after"));
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: seconds } : {};
}

function plain({ status }: TransportAnswer): string {
  const doubt = codeOfStatus(status) === "unavailable" ? "It may be starting or stopping." : "Is it a Holdfast server?";
  return `The server returned ${status} without an explanation. ${doubt}`;
}

/** A proxy or a stopping server answers without a code. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 502 || status === 503 || status === 504) return "unavailable";
  const codes = Object.keys(errorTable) as ErrorCode[];
  return codes.find((code) => errorTable[code].status === status) ?? (status >= 500 ? "internal" : "bad_request");
}

/** Enough for a node and a batch's missing blocks. */
const problemBytesMax = 4 * 1024 * 1024;

/** The status is still useful. */
function emptyIfLong(thrown: unknown): string {
  if (thrown instanceof HoldfastError && thrown.code === "failed") return "";
  throw thrown;
}

/** @throws HoldfastError failed if it is longer */
export async function readText(
  { body }: Pick<TransportAnswer, "body">,
  bytesMax: number = limits.answerJsonBytesMax,
): Promise<string> {
  const utf8 = new TextDecoder();
  let text = "";
  for await (const slice of upTo(bytesMax, body)) text += utf8.decode(slice, { stream: true });
  return text + utf8.decode();
}

/** A response may be endless or decompress to many bytes. @throws HoldfastError failed */
export async function* upTo(bytesMax: number, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const slice of body) {
    bytes += slice.length;
    if (bytes > bytesMax)
      throw new HoldfastError("failed", `The server's response is larger than the maximum of ${bytesMax} bytes.`);
    yield slice;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function strangeAnswer(name: RouteName, cause?: unknown): HoldfastError {
  const { method, path } = routeTable[name];
  const message = `The server's response to ${method} ${path} could not be understood. Do the server and this program have the same version?`;
  return new HoldfastError("failed", message, { cause });
}
