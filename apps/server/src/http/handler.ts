import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { HoldfastError } from "@holdfast/core/errors";
import type { Route } from "@holdfast/protocol/route";
import type { RouteBody, RouteName, RouteParams, RouteQuery, routes } from "@holdfast/protocol/routes";
import type { z } from "zod";
import type { Caller } from "../accounts/caller.ts";
import type { Reading } from "../blocks/reading-room.ts";
import type { Log } from "../operation/log.ts";
import type { Conditions } from "./files/conditions.ts";
import type { AuditNote } from "./exchange/describe-request.ts";
import type { Peer } from "./exchange/peer.ts";
import type { StreamedJson } from "./files/streamed-json.ts";

/**
 * What answers one route of the table. It runs after the token, its scope, the rate limit, path parameters, query and
 * (for `bodyKind: "json"`) the body were checked; it throws HoldfastError for everything that is not a success.
 */
export type Handler<Name extends RouteName> = (
  context: RequestContext<Name>,
) => Promise<Answer<RouteOf<Name>>> | Answer<RouteOf<Name>> | Later<Answer<RouteOf<Name>>>;

/**
 * In place of an answer that may be a minute away. Of the request only the connection is kept until then: its headers, query and
 * caller are gone, and no promise waits, as each would keep alive what led to it.
 */
export interface Later<Given> {
  /** Called once, with what is to be called once. */
  readonly later: (give: (answer: Given | HoldfastError) => void) => void;
}

/** Each area gives a part of these; the server refuses to start while a route has none. */
export type Handlers = { readonly [Name in RouteName]?: Handler<Name> };

export type RouteOf<Name extends RouteName> = (typeof routes)[Name];

export interface RequestContext<Name extends RouteName = RouteName> {
  /** Proved and in scope; undefined only where the table's access is `open` or `signed`. */
  readonly caller: CallerOf<RouteOf<Name>>;
  readonly params: RouteParams<RouteOf<Name>>;
  readonly query: RouteQuery<RouteOf<Name>>;
  /** Validated where `bodyKind` is `json`; otherwise undefined: see `stream` and `readJson`. */
  readonly body: RouteOf<Name>["bodyKind"] extends "json" ? RouteBody<RouteOf<Name>> : undefined;
  readonly headers: IncomingHttpHeaders;
  /** A HEAD request for a GET route: what would be streamed need not be opened, its headers suffice. */
  readonly head: boolean;
  /**
   * The body as it arrives, for `bytes`, `frames` and `batch`: nothing is buffered, and what is not read is not received.
   * Ends with `request_timeout` when the client stalls and with `bad_request` when it goes away in the middle.
   */
  readonly stream: Readable;
  /** The Content-Length that the client declared; undefined for a chunked body. */
  readonly contentLengthBytes: number | undefined;
  /**
   * Reads the whole of `stream` as JSON and validates it, with the errors of a JSON route: for routes of a binary kind that
   * take JSON as well. An empty body is undefined to the schema.
   */
  readonly readJson: <Schema extends z.ZodType>(schema: Schema) => Promise<z.output<Schema>>;
  /** For JSON that is a part of `stream`: waits until so many bytes of it may be parsed beside what is parsed already. */
  readonly admitJson: (sizeBytes: number) => Promise<void>;
  /** What `admitJson` or `readJson` let in counts no more; called in any case once the handler is done. */
  readonly releaseJson: () => void;
  /**
   * If-Match, If-None-Match and Idempotency-Key. The request's hash covers method, path, query and the JSON body received
   * (by a JSON route or `readJson`); a handler that streams passes what stands for its body: `{ sha256, size }`.
   */
  readonly conditions: (bodyFacts?: unknown) => Conditions;
  /** For `open` routes: who the token, if there is a valid one, belongs to. */
  readonly identify: () => Promise<Caller | undefined>;
  /** For `signed` routes: from now on the request is this caller's, in what it may hold of the store and in the log. Its body ends with the caller. */
  readonly countFor: (caller: Caller) => void;
  /** For the audit: what only the handler knows of what it does, said as soon as it knows. A later word stands beside an earlier one. */
  readonly note: (note: AuditNote) => void;
  /** Takes what a call costs beyond the call itself from the caller's budget. @throws HoldfastError `rate_limited` */
  readonly charge: (unit: "operations" | "bytes" | "uploads", amount: number) => Promise<void>;
  /** Takes what a call turned out to cost, in calls: this one is answered all the same, and those after it wait. */
  readonly owe: (calls: number) => Promise<void>;
  readonly requestId: string;
  /** The address that counts for this request, and the URL under which the client reached us. */
  readonly peer: Peer;
  /** Aborted when the client goes away before the answer is complete, and when the time to stop the server runs out. */
  readonly signal: AbortSignal;
  /**
   * Takes one function to call when the client goes away before the answer is complete: what a request that only waits
   * uses instead of `signal`, which costs a kilobyte of memory from when it is first asked for.
   */
  readonly onGone: (listener: () => void) => void;
  /** Aborted when the server begins to stop: what only waits (a poll) answers at once, what works goes on. */
  readonly stopping: AbortSignal;
  /** Where what the answer reads of the store waits for room; to be given to whatever reads it. */
  readonly reading: Reading;
  readonly log: Log;
}

export type CallerOf<R extends Route> = R["access"] extends "open" | "signed" ? undefined : Caller;

export type AnswerHeaders = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** One of the route's statuses with what the table says about it. A JSON answer with `etag` in its headers is also answered as 304. */
export type Answer<R extends Route> = {
  [Status in keyof R["responses"] & number]: AnswerOf<Status, R["responses"][Status]>;
}[keyof R["responses"] & number];

type AnswerOf<Status, Shape> = Shape extends z.ZodType
  ? { readonly status: Status; readonly json: z.input<Shape> | StreamedJson; readonly headers?: AnswerHeaders }
  : Shape extends "bytes"
    ? { readonly status: Status; readonly bytes: AnswerBytes; readonly headers?: AnswerHeaders }
    : { readonly status: Status; readonly headers?: AnswerHeaders };

/** A stream is pulled only as fast as the client takes it and ended when the client goes; for HEAD it is never pulled. */
export type AnswerBytes = string | Uint8Array | Readable | AsyncIterable<Uint8Array>;
