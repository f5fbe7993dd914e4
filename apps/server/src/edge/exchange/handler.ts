import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { HoldfastError } from "@holdfast/core/errors";
import type { Route } from "@holdfast/protocol/route";
import type { RouteBody, RouteName, RouteParams, RouteQuery, routes } from "@holdfast/protocol/routes";
import type { z } from "zod";
import type { Caller } from "../../features/accounts/context/caller.ts";
import type { Reading } from "../../packs/read/reading-room.ts";
import type { Log } from "../../base/operation/log.ts";
import type { Conditions } from "./conditions.ts";
import type { AuditNote } from "./describe-request.ts";
import type { Peer } from "./peer.ts";
import type { StreamedJson } from "./streamed-json.ts";

/**
 * Runs after checks of token, scope, rate limit, path parameters, query and, for `bodyKind: "json"`, the body. Throws
 * HoldfastError for all errors.
 */
export type Handler<Name extends RouteName> = (
  context: RequestContext<Name>,
) => Promise<Answer<RouteOf<Name>>> | Answer<RouteOf<Name>> | Later<Answer<RouteOf<Name>>>;

/**
 * Replaces a response that may take a minute. Until then only the connection is kept: no headers, query or caller, and
 * no promise, which would keep alive everything that led to it.
 */
export interface Later<Given> {
  /** Called once. It must call `give` exactly once. */
  readonly later: (give: (answer: Given | HoldfastError) => void) => void;
}

export type Handlers = { readonly [Name in RouteName]?: Handler<Name> };

/** A route without a handler does not compile. */
export type AllHandlers = Required<Handlers>;

export type RouteOf<Name extends RouteName> = (typeof routes)[Name];

export interface RequestContext<Name extends RouteName = RouteName> {
  /** Authenticated and in scope; undefined only for routes with access `open` or `signed`. */
  readonly caller: CallerOf<RouteOf<Name>>;
  readonly params: RouteParams<RouteOf<Name>>;
  readonly query: RouteQuery<RouteOf<Name>>;
  /** Validated if `bodyKind` is `json`, otherwise undefined: see `stream` and `readJson`. */
  readonly body: RouteOf<Name>["bodyKind"] extends "json" ? RouteBody<RouteOf<Name>> : undefined;
  readonly headers: IncomingHttpHeaders;
  /** True for a HEAD request to a GET route. Streams need not be opened. */
  readonly head: boolean;
  /**
   * Unbuffered, for `bytes`, `frames` and `batch`. Bytes that are not read are not received. Fails with
   * `request_timeout` if the client stalls, and with `bad_request` if it disconnects.
   */
  readonly stream: Readable;
  /** undefined for a chunked body */
  readonly contentLengthBytes: number | undefined;
  /**
   * Reads and validates `stream` as JSON, with the errors of a JSON route, for binary routes that also accept JSON. An
   * empty body becomes undefined.
   */
  readonly readJson: <Schema extends z.ZodType>(schema: Schema) => Promise<z.output<Schema>>;
  /** Waits for memory to parse this amount of JSON from `stream`. */
  readonly admitJson: (sizeBytes: number) => Promise<void>;
  /** Releases the memory of `admitJson` or `readJson`. Also called after the handler ends. */
  readonly releaseJson: () => void;
  /**
   * Reads If-Match, If-None-Match and Idempotency-Key. The request's hash covers method, path, query and the JSON body.
   * A handler that streams passes `{ sha256, size }` for its body.
   */
  readonly conditions: (bodyFacts?: unknown) => Conditions;
  /** Returns the caller of a valid token, for `open` routes. */
  readonly identify: () => Promise<Caller | undefined>;
  /**
   * For `signed` routes: attributes the request to this caller in limits and the log. If the caller's access ends, the
   * body ends.
   */
  readonly countFor: (caller: Caller) => void;
  /** Call it as soon as the facts are known. Later facts are added to earlier ones. */
  readonly note: (note: AuditNote) => void;
  /** Charges the additional cost of a call. @throws HoldfastError `rate_limited` */
  readonly charge: (unit: "operations" | "bytes" | "uploads", amount: number) => Promise<void>;
  /** Charges a cost, in calls, that was known only afterwards. Only later calls wait. */
  readonly owe: (calls: number) => Promise<void>;
  readonly requestId: string;
  /** Address for rate limits, and the URL by which the client reached the server. */
  readonly peer: Peer;
  /** Aborted when the client disconnects early, and when the time to stop the server runs out. */
  readonly signal: AbortSignal;
  /**
   * Sets one function to call when the client disconnects early. For requests that only wait, because `signal` costs a
   * kilobyte of memory.
   */
  readonly onGone: (listener: () => void) => void;
  /** Aborted when the server begins to stop. Polls respond immediately, and other work continues. */
  readonly stopping: AbortSignal;
  /** Must be passed to every read from the store, to limit memory. */
  readonly reading: Reading;
  readonly log: Log;
}

export type CallerOf<R extends Route> = R["access"] extends "open" | "signed" ? undefined : Caller;

export type AnswerHeaders = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** One of the route's statuses with its content. A JSON response with `etag` may also be sent as 304. */
export type Answer<R extends Route> = {
  [Status in keyof R["responses"] & number]: AnswerOf<Status, R["responses"][Status]>;
}[keyof R["responses"] & number];

type AnswerOf<Status, Shape> = Shape extends z.ZodType
  ? { readonly status: Status; readonly json: z.input<Shape> | StreamedJson; readonly headers?: AnswerHeaders }
  : Shape extends "bytes"
    ? { readonly status: Status; readonly bytes: AnswerBytes; readonly headers?: AnswerHeaders }
    : { readonly status: Status; readonly headers?: AnswerHeaders };

/**
 * A stream is read only as fast as the client receives it, ends when the client disconnects, and is not read for HEAD.
 */
export type AnswerBytes = string | Uint8Array | Readable | AsyncIterable<Uint8Array>;
