import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { bytesToHex } from "@holdfast/core/hex";
import { routeUrl } from "@holdfast/protocol/route";
import type { Route } from "@holdfast/protocol/route";
import { routeTable } from "@holdfast/protocol/route-table";
import type { RouteFacts } from "@holdfast/protocol/route-table";
import type { RouteBodyInput, RouteName, routes } from "@holdfast/protocol/routes";
import type { RequestBody, TransportRequest } from "./transport.ts";

type TableRoute<Name extends RouteName> = (typeof routes)[Name];
type ParamsOf<R extends Route> = R extends { params: { shape: infer Shape } }
  ? Record<keyof Shape & string, string>
  : never;
type QueryOf<R extends Route> = R extends { query: { shape: infer Shape } }
  ? Partial<Record<keyof Shape & string, string | number | boolean | undefined>>
  : never;

/** Input of a call. Undefined query values are omitted. */
export type CallRequest<Name extends RouteName> = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Reports a broken connection immediately, because the caller resends only a part. */
  readonly endsWithBreak?: boolean;
  /** Any rejection is reported immediately, because the caller can do without the response. */
  readonly asksOnce?: boolean;
  /** Not JSON; the pieces are sent in sequence and can be repeated. */
  readonly bytes?: { readonly contentType: string; readonly pieces: readonly Uint8Array[] | Blob };
  /** Read while it is sent, so the call is never repeated. */
  readonly stream?: { readonly contentType: string; readonly source: AsyncIterable<Uint8Array> };
} & ([ParamsOf<TableRoute<Name>>] extends [never] ? object : { readonly params: ParamsOf<TableRoute<Name>> }) &
  ([QueryOf<TableRoute<Name>>] extends [never] ? object : { readonly query?: QueryOf<TableRoute<Name>> }) &
  ([RouteBodyInput<TableRoute<Name>>] extends [undefined]
    ? object
    : { readonly body?: RouteBodyInput<TableRoute<Name>> });

export interface EncodedRequest extends TransportRequest {
  /** The body can be sent again. */
  readonly replayable: boolean;
  /** A repeated request has no second effect. */
  readonly repeatable: boolean;
  readonly endsWithBreak: boolean;
  readonly asksOnce: boolean;
}

export interface LooseRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly endsWithBreak?: boolean;
  readonly asksOnce?: boolean;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly bytes?: { readonly contentType: string; readonly pieces: readonly Uint8Array[] | Blob };
  readonly stream?: { readonly contentType: string; readonly source: AsyncIterable<Uint8Array> };
}

export function encodeRequest(name: RouteName, request: LooseRequest, random: Random): EncodedRequest {
  const route: RouteFacts = routeTable[name];
  const { body, headers } = encodeBody(request);
  const replayable = request.stream === undefined;
  // Operations of a batch have their own ids.
  const keyed =
    route.changes === true && replayable && name !== "syncDelta" ? idempotencyKey(request.headers, random) : {};
  return {
    method: route.method,
    path: pathOf(route, request),
    headers: { accept: "application/json, */*", ...headers, ...keyed, ...request.headers },
    body,
    signal: request.signal,
    replayable,
    repeatable: replayable && (route.changes === true || route.method === "GET" || harmlessTwice.has(name)),
    endsWithBreak: request.endsWithBreak === true,
    asksOnce: request.asksOnce === true,
  };
}

/** May be repeated without Idempotency-Key: these calls only read, or store content by its hash. */
const harmlessTwice: ReadonlySet<RouteName> = new Set<RouteName>([
  "queryBlocks",
  "putBlocks",
  "putBlock",
  "discardBlocks",
  "fetchBlocks",
  "queryManifests",
  "queryNodes",
  "starNode",
  "unstarNode",
  "deleteToken",
  "deleteDevice",
  "readClearing",
  "queryClearing",
  "reportClearing",
  "adminUpdateUser",
  "refreshSession",
]);

function idempotencyKey(headers: Readonly<Record<string, string>> | undefined, random: Random): Record<string, string> {
  if (headers?.["idempotency-key"] !== undefined) return {};
  return { "idempotency-key": bytesToHex(random(16)) };
}

function pathOf(route: RouteFacts, { params = {}, query = {} }: LooseRequest): string {
  const path = routeUrl(route).replaceAll(/:([a-z_]+)/gi, (_, key: string) => {
    const value = params[key];
    if (value === undefined) throw new HoldfastError("internal", `The call to ${route.path} is missing ${key}.`);
    return encodeURIComponent(value);
  });
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  return search.size > 0 ? `${path}?${search.toString()}` : path;
}

function encodeBody(request: LooseRequest): { body: RequestBody; headers: Record<string, string> } {
  if (request.stream !== undefined) {
    return { body: request.stream.source, headers: { "content-type": request.stream.contentType } };
  }
  if (request.bytes !== undefined) {
    const { pieces, contentType } = request.bytes;
    const length = pieces instanceof Blob ? pieces.size : pieces.reduce((sum, piece) => sum + piece.length, 0);
    return { body: pieces, headers: { "content-type": contentType, "content-length": String(length) } };
  }
  if (request.body === undefined) return { body: undefined, headers: {} };
  return { body: JSON.stringify(request.body), headers: { "content-type": "application/json" } };
}
