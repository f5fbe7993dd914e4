import { limits } from "@holdfast/core/limits";
import { errorTable, HoldfastError, isErrorCode } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";
import { routeTable } from "@holdfast/protocol/route-table";
import type { RouteName } from "@holdfast/protocol/routes";
import { checkIds, findBadId } from "./check-ids.ts";
import type { TransportAnswer } from "./transport.ts";

/**
 * What the text of an answer becomes; undefined for an empty one.
 * @throws HoldfastError failed for what is not what the route promises
 */
export type AnswerReader = (name: RouteName, status: number, text: string) => unknown;

/** Looks at the ids alone: for a page that the same server sent, which need not load the schemas. */
export const readByIds: AnswerReader = (name, _, text) => {
  if (text === "") return undefined;
  const value = parseJson(text);
  if (value === undefined) throw strangeAnswer(name);
  checkIds(value);
  return value;
};

/** What a failed call answered, as the error that the server meant. */
export async function readProblem(answer: TransportAnswer): Promise<HoldfastError> {
  const value = parseJson(await readText(answer, problemBytesMax).catch(emptyIfLong));
  const told = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const { code, detail, field, title } = told;
  // What went wrong is told all the same; a proxy's answer may have ids of its own.
  const body = findBadId(told) === undefined ? told : {};
  const message = [detail, title].find((text): text is string => typeof text === "string" && text !== "");
  return new HoldfastError(isErrorCode(code) ? code : codeOfStatus(answer.status), message ?? plain(answer), {
    body,
    ...(typeof field === "string" ? { field } : {}),
    ...retryAfter(answer),
  });
}

function retryAfter(answer: TransportAnswer): { retryAfterSeconds?: number } {
  const seconds = Number(answer.header("retry-after"));
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: seconds } : {};
}

function plain({ status }: TransportAnswer): string {
  const doubt = codeOfStatus(status) === "unavailable" ? "It may be starting or stopping." : "Is it a Holdfast server?";
  return `The server answered ${status} and said no more. ${doubt}`;
}

/** For an answer from something in between (a proxy, or a server that is just stopping), which knows nothing of codes. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 502 || status === 503 || status === 504) return "unavailable";
  const codes = Object.keys(errorTable) as ErrorCode[];
  return codes.find((code) => errorTable[code].status === status) ?? (status >= 500 ? "internal" : "bad_request");
}

/** Of a node, and of the blocks that a batch misses. */
const problemBytesMax = 4 * 1024 * 1024;

/** The status says something all the same. */
function emptyIfLong(thrown: unknown): string {
  if (thrown instanceof HoldfastError && thrown.code === "failed") return "";
  throw thrown;
}

/** @throws HoldfastError failed for a longer one */
export async function readText(
  { body }: Pick<TransportAnswer, "body">,
  bytesMax: number = limits.answerJsonBytesMax,
): Promise<string> {
  const utf8 = new TextDecoder();
  let text = "";
  for await (const slice of upTo(bytesMax, body)) text += utf8.decode(slice, { stream: true });
  return text + utf8.decode();
}

/** Ends the answer where it goes on: whoever answers may send without end, and a few bytes may decode to many. @throws HoldfastError failed */
export async function* upTo(bytesMax: number, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const slice of body) {
    bytes += slice.length;
    if (bytes > bytesMax)
      throw new HoldfastError("failed", `The server's answer has more than the ${bytesMax} bytes that it may have.`);
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
  const message = `The server's answer to ${method} ${path} is not understood. Are the server and this program of one version?`;
  return new HoldfastError("failed", message, { cause });
}
