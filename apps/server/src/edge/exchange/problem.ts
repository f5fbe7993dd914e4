import { errorTable, HoldfastError } from "@holdfast/core/errors";
import type { ProblemJson } from "@holdfast/protocol/values";
import { isPrivate } from "../../base/operation/private-error.ts";

export interface ProblemAnswer<Body = ProblemJson> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

export type ProblemShape = (error: HoldfastError, requestId: string) => ProblemAnswer<object>;

const titles: Readonly<Record<number, string>> = {
  400: "The request cannot be read",
  401: "Not signed in",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  408: "The request took too long to arrive",
  409: "The state does not allow this",
  410: "Start over",
  412: "The precondition failed",
  413: "Too large",
  415: "This content type is not supported",
  416: "No such range",
  422: "The input is not valid",
  423: "Locked",
  429: "Too many requests",
  431: "The headers are too large",
  500: "The server failed",
  503: "Not available now",
  507: "Over quota",
};

/** Short, because clients add their own growing delays. */
const retryAfterSecondsDefault = 1;

/** RFC 9457 problem+json. Private messages appear only in the log. */
export function toProblem(error: HoldfastError, requestId: string): ProblemAnswer {
  const { status, retryable } = errorTable[error.code];
  const body: Record<string, unknown> = {
    ...error.body,
    type: `/api/docs#${error.code}`,
    title: titles[status] ?? "The server failed",
    status,
    detail: isPrivate(error)
      ? `Something went wrong on the server. The server's log has the details under ${requestId}.`
      : error.message,
    code: error.code,
    retryable,
    request_id: requestId,
    ...(error.field === undefined ? {} : { field: error.field }),
  };
  return { status, headers: headersOf(error, status, retryable), body: body as ProblemJson };
}

function headersOf(error: HoldfastError, status: number, retryable: boolean): Record<string, string> {
  const size = error.body["size"];
  return {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...(retryable && status !== 408
      ? { "retry-after": String(Math.max(1, Math.ceil(error.retryAfterSeconds ?? retryAfterSecondsDefault))) }
      : {}),
    ...(status === 401 ? { "www-authenticate": 'Bearer realm="holdfast"' } : {}),
    ...(status === 416 && typeof size === "number" ? { "content-range": `bytes */${size}` } : {}),
    ...(status === 405 && typeof error.body["allow"] === "string" ? { allow: error.body["allow"] } : {}),
  };
}

export function clientGone(thrown: unknown): HoldfastError {
  return new HoldfastError("bad_request", "The client disconnected before the response was complete.", {
    cause: thrown,
  });
}
