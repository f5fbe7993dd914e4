import { errorTable, HoldfastError, isErrorCode } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";
import type { Route } from "@holdfast/protocol/route";
import { checkIds, findBadId } from "./check-ids.ts";
import type { TransportAnswer } from "./transport.ts";

/** Answers up to here are checked against their schema; the lists of a large batch would cost more than their parse. */
const checkedBytesMax = 64 * 1024;

/** @throws HoldfastError failed for what is not what the route promises */
export async function readJson(route: Route, answer: TransportAnswer): Promise<unknown> {
  const text = await readText(answer);
  const schema = route.responses[answer.status];
  if (schema === "empty" || text === "") return undefined;
  const value = parseJson(text);
  if (schema === undefined || schema === "bytes" || value === undefined) throw strange(route);
  checkIds(value);
  if (text.length > checkedBytesMax) return value;
  const checked = schema.safeParse(value);
  if (!checked.success) throw strange(route, checked.error);
  return checked.data;
}

/** What a failed call answered, as the error that the server meant. */
export async function readProblem(answer: TransportAnswer): Promise<HoldfastError> {
  const value = parseJson(await readText(answer));
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
  return `The server answered ${status} and said no more. Is it a Holdfast server?`;
}

/** For an answer from something in between (a proxy), which knows nothing of codes. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 502 || status === 504) return "unavailable";
  const codes = Object.keys(errorTable) as ErrorCode[];
  return codes.find((code) => errorTable[code].status === status) ?? (status >= 500 ? "internal" : "bad_request");
}

async function readText(answer: TransportAnswer): Promise<string> {
  const slices: Uint8Array[] = [];
  for await (const slice of answer.body) slices.push(slice);
  return (
    slices.length === 1 && slices[0] !== undefined
      ? Buffer.from(slices[0].buffer, slices[0].byteOffset, slices[0].length)
      : Buffer.concat(slices)
  ).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function strange(route: Route, cause?: unknown): HoldfastError {
  const message = `The server's answer to ${route.method} ${route.path} is not understood. Are server and command of one version?`;
  return new HoldfastError("failed", message, { cause });
}
