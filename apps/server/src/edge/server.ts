import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { RouteName } from "@holdfast/protocol/routes";
import type { AuditLog } from "../care/audit/audit-log.ts";
import { serverNameDefault } from "../base/config/server-name.ts";
import { ByteBudget } from "../packs/write/byte-budget.ts";
import { ReadingRoom } from "../packs/read/reading-room.ts";
import type { Log } from "../base/operation/log.ts";
import { FullStoreLog } from "./full-store-log.ts";
import { RejectionLog } from "./rejection-log.ts";
import type { ObservedRequest } from "../base/operation/metrics.ts";
import { AdaptiveLimit } from "./exchange/adaptive-limit.ts";
import { Admission, admissionLimits } from "./exchange/admission.ts";
import { CallerKeys } from "./exchange/caller-keys.ts";
import { sendProblem } from "./exchange/answer.ts";
import type { Authenticator } from "./exchange/authentication.ts";
import type { Arrived, ExchangeResult, ExchangeWorld } from "./exchange/exchange-world.ts";
import { runExchange } from "./exchange/run-exchange.ts";
import type { LooseHandler, Mounted } from "./exchange/mounted.ts";
import { shareConnections } from "./exchange/connection-share.ts";
import type { Handlers } from "./exchange/handler.ts";
import { HostCheck } from "./exchange/host-check.ts";
import { HeldCounts } from "./exchange/held-counts.ts";
import { type Listener, type ListenerOptions, openListener } from "./listener.ts";
import { type FoundRoute, mountEndpoints, mountPages, mountRoutes, mountStandard, Places } from "./mount.ts";
import { type OpenidAnswer, openidEndpoints } from "./oauth/openid-endpoints.ts";
import { pageReader } from "./exchange/page-reader.ts";
import { Pipelines } from "./exchange/pipelines.ts";
import { type PeerRules, readPeer } from "./exchange/peer.ts";
import type { ProblemShape } from "./exchange/problem.ts";
import type { RateLimits } from "./exchange/rate-limits.ts";
import { closeAfterAnswer, drainAfterAnswer, isAfterLast } from "./exchange/request-body.ts";
import { splitTarget } from "./route-tree.ts";
import { securityHeaders } from "./exchange/security-headers.ts";
import { selfSignedFingerprint } from "./exchange/self-signed.ts";
import { appForms, appPages } from "./web/app-pages.ts";
import type { WebApp } from "./web/web-app.ts";

export interface HttpServerOptions extends ListenerOptions {
  readonly handlers: Handlers;
  /** Routes that may have no handler. Any other missing handler is an error at start. */
  readonly unmounted?: ReadonlySet<RouteName>;
  readonly authenticator: Authenticator;
  readonly rateLimits: RateLimits;
  readonly log: Log;
  /** Called before each request except GET. Throws while changes are not allowed. */
  readonly assertWritable?: () => void;
  /** undefined: nothing is audited */
  readonly audit?: AuditLog;
  readonly observe?: (request: ObservedRequest) => void;
  /** Called instead of `observe` for a request that a busy server rejects. */
  readonly onRejected?: () => void;
  /** See `PeerRules`. */
  readonly proxyHops?: number;
  /** Default: `serverNameDefault` */
  readonly serverName?: string;
  readonly onUnreadableAddress?: PeerRules["unreadable"];
  readonly publicUrl?: string;
  /** undefined: any Host is accepted. Behind a proxy, the proxy must check it. */
  readonly ownNames?: readonly string[];
  /** Its URLs are outside the route table. */
  readonly web?: WebApp;
  /** Handles OAuth and OpenID requests. */
  readonly openid?: OpenidAnswer;
  readonly scim?: readonly Mounted[];
  readonly timeouts?: Partial<Timeouts>;
  readonly admission?: Admission;
}

export interface Timeouts {
  readonly headerTimeoutMs: number;
  readonly bodyIdleTimeoutMs: number;
  readonly answerIdleTimeoutMs: number;
  readonly answerStallMs: number;
}

export interface HttpServer {
  /**
   * @param port 0 selects a free one
   * @returns the URL with the actual port
   */
  listen(host: string, port: number): Promise<string>;
  /** Uses this certificate for new connections. */
  renewTls(tls: { readonly cert: string; readonly key: string }): void;
  /** Stops accepting connections, waits up to `drainMs` for running requests, then aborts them. */
  close(drainMs?: number): Promise<void>;
}

const drainMsDefault = 6000;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const timeouts: Timeouts = { ...limits, ...options.timeouts };
  const stop = new AbortController();
  const { serverName = serverNameDefault } = options;
  const reporting = {
    ...options,
    serverName,
    fullStore: new FullStoreLog(options.log),
    rejections: new RejectionLog(options.log),
  };
  const isHostChecked = options.ownNames !== undefined && (options.proxyHops ?? 0) === 0;
  const hosts = isHostChecked ? new HostCheck(options.ownNames ?? [], options.tls?.cert) : undefined;
  const world: ExchangeWorld = {
    authenticator: options.authenticator,
    rateLimits: options.rateLimits,
    audit: options.audit,
    assertHost: (header) => hosts?.assertOwn(header),
    assertWritable: options.assertWritable ?? (() => {}),
    jsonBudget: new ByteBudget(limits.jsonBytesAtOnceMax),
    readingRoom: new ReadingRoom({
      totalBytes: limits.readBytesAtOnceMax,
      shareBytes: limits.readBytesShareMax,
      stalledMs: timeouts.answerStallMs,
      nowMs: () => performance.now(),
    }),
    requestsAtOnce: new HeldCounts(limits.requestsAtOnceMax),
    bodiesAtOnce: new HeldCounts(limits.bodiesAtOnceMax),
    admission: options.admission ?? new Admission(admissionLimits, new AdaptiveLimit()),
    callerKeys: new CallerKeys(),
    bodyIdleTimeoutMs: timeouts.bodyIdleTimeoutMs,
    answerIdleTimeoutMs: timeouts.answerIdleTimeoutMs,
    serverName,
    stopping: stop.signal,
    running: new Set(),
    report: (arrived, result) => report(reporting, arrived, result),
  };
  let selfSigned = options.tls && selfSignedFingerprint(options.tls.cert);
  const rules: PeerRules = {
    proxyHops: options.proxyHops ?? 0,
    tls: options.tls !== undefined,
    publicUrl: options.publicUrl,
    unreadable: options.onUnreadableAddress,
    get selfSigned() {
      return selfSigned;
    },
  };
  const router: Router = {
    places: mountAll(options),
    world,
    pipelines: new Pipelines(),
    reporting,
    arrive: (request, response, found) => describe(request, response, found, rules, options),
    isClosing: false,
  };
  const listener = openListener(options, timeouts.headerTimeoutMs, (request, response) =>
    dispatch(router, request, response),
  );
  // Behind a proxy, all connections come from the proxy.
  if (rules.proxyHops === 0) shareConnections(listener.server, Math.ceil((options.connectionsMax ?? Infinity) / 4));
  return {
    listen: (host, port) => listener.listen(host, port),
    renewTls: (tls) => {
      hosts?.renew(tls.cert);
      selfSigned = selfSignedFingerprint(tls.cert);
      listener.renewTls(tls);
    },
    close: (drainMs = drainMsDefault) =>
      closeGently(listener, router, stop, { drainMs, isProxied: rules.proxyHops > 0 }),
  };
}

function mountAll({ handlers, unmounted, web, openid, scim }: HttpServerOptions): Places {
  const places = new Places();
  mountRoutes(places, handlers, unmounted ?? new Set());
  if (web !== undefined) mountPages(places, appPages(web) as ReadonlyMap<string, LooseHandler>, appForms);
  if (openid !== undefined) mountEndpoints(places, openidEndpoints, openid);
  if (scim !== undefined) mountStandard(places, scim);
  return places;
}

interface Router {
  readonly places: Places;
  readonly world: ExchangeWorld;
  readonly pipelines: Pipelines;
  readonly reporting: Reporting;
  readonly arrive: (request: IncomingMessage, response: ServerResponse, found: Destination) => Arrived;
  isClosing: boolean;
}

interface Destination extends Pick<FoundRoute, "url" | "params"> {
  readonly query: unknown;
}

/** Destination of requests without a route. */
const nowhere: Destination = { url: "none", params: {}, query: {} };

function dispatch(router: Router, request: IncomingMessage, response: ServerResponse): void {
  // An error here would end the process.
  const fail = (error: unknown): void => {
    router.reporting.log.error({ error: toHoldfastError(error).stack }, "a request could not be handled");
    response.destroy();
  };
  try {
    if (isAfterLast(request)) return drainAfterAnswer(request);
    if (!router.pipelines.enter(request, response)) return;
    const found = findRoute(router, request);
    const place = found instanceof HoldfastError ? nowhere : found;
    admit(router, found, router.arrive(request, response, place)).catch(fail);
  } catch (error) {
    fail(error);
  }
}

async function admit(router: Router, found: FoundRoute | HoldfastError, arrived: Arrived): Promise<void> {
  const { world, reporting } = router;
  const mounted = found instanceof HoldfastError ? undefined : found.mounted;
  const work = world.admission.open(world.callerKeys.keyOf(arrived.request.headers, arrived.peer));
  try {
    if (mounted?.route.probe !== true) await work.begin();
  } catch (error) {
    reporting.rejections.add();
    reporting.onRejected?.();
    return reject(router, toHoldfastError(error), arrived, mounted?.problem);
  }
  if (mounted !== undefined && !arrived.response.destroyed) return runExchange(world, mounted, arrived, work);
  work.close();
  if (found instanceof HoldfastError) refuse(router, found, arrived);
}

function findRoute(
  { places, isClosing }: Router,
  { method = "", url = "" }: IncomingMessage,
): (Destination & FoundRoute) | HoldfastError {
  if (isClosing) return new HoldfastError("unavailable", "The server is stopping. Try again in a moment.");
  const target = splitTarget(url);
  try {
    const found = target && places.find(method, target.path);
    if (found !== undefined) return { ...found, query: target?.query };
  } catch (error) {
    return toHoldfastError(error);
  }
  return new HoldfastError("not_found", "There is no such route. See /api/docs.");
}

function refuse(router: Router, error: HoldfastError, arrived: Arrived): void {
  reject(router, error, arrived);
  arrived.response.once("close", () => report(router.reporting, arrived, { userId: undefined, error, bytesIn: 0 }));
}

function reject({ reporting, world }: Router, error: HoldfastError, arrived: Arrived, shape?: ProblemShape): void {
  const { request, response } = arrived;
  closeAfterAnswer(request, response);
  sendProblem(
    {
      ...arrived,
      head: request.method === "HEAD",
      ifNoneMatch: undefined,
      acceptEncoding: undefined,
      reader: pageReader(request.headers),
      serverName: reporting.serverName,
      idleTimeoutMs: 0,
      onMoved: () => {},
      stopping: world.stopping,
    },
    error,
    shape,
  );
}

const requestIdPattern = /^[A-Za-z0-9_-]{8,64}$/;

/** Accepts request ids only from our proxies. Other clients could forge log entries. */
function makeRequestId(headers: IncomingMessage["headers"], proxyHops: number): string {
  const given = headers["x-request-id"];
  if (proxyHops > 0 && typeof given === "string" && requestIdPattern.test(given)) return given;
  return randomBytes(9).toString("base64url");
}

function describe(
  request: IncomingMessage,
  response: ServerResponse,
  { url: route, params, query }: Destination,
  rules: PeerRules,
  { log }: Pick<HttpServerOptions, "log">,
): Arrived {
  const { headers, socket } = request;
  const { localAddress = "localhost", localPort, remoteAddress } = socket;
  const host = localAddress.includes(":") ? `[${localAddress}]` : localAddress;
  const { servername: serverName } = socket as Partial<TLSSocket>;
  const peer = readPeer(
    { headers, socketAddress: remoteAddress, localAuthority: `${host}:${localPort ?? 0}`, serverName },
    rules,
  );
  return {
    request,
    response,
    route,
    startedMs: performance.now(),
    params,
    query,
    requestId: makeRequestId(headers, rules.proxyHops),
    peer,
    log,
    baseHeaders: securityHeaders(peer.origin.startsWith("https:")),
    writtenBefore: socket.bytesWritten,
  };
}

type Reporting = HttpServerOptions & {
  readonly fullStore: FullStoreLog;
  readonly rejections: RejectionLog;
  readonly serverName: string;
};

function report(options: Reporting, arrived: Arrived, result: ExchangeResult): void {
  const { request, response, route, startedMs, requestId, peer, writtenBefore } = arrived;
  const { userId, error, bytesIn } = result;
  const ms = performance.now() - startedMs;
  const bytesOut = Math.max(0, request.socket.bytesWritten - writtenBefore);
  const { statusCode: status } = response;
  const method = request.method ?? "";
  options.observe?.({ method, route, status, seconds: ms / 1000, bytesIn, bytesOut });
  const fields = {
    request_id: requestId,
    method,
    route,
    status,
    ms: Math.round(ms * 10) / 10,
    bytes_in: bytesIn,
    bytes_out: bytesOut,
    address: peer.address,
    ...(userId === undefined ? {} : { user_id: userId }),
    ...(error === undefined ? {} : { code: error.code }),
  };
  const place = `${method} ${route}`;
  if (status < 300) options.fullStore.succeeded(place);
  const chain = status >= 500 && error !== undefined ? causes(error) : [];
  // A full disk is not a bug. It is logged without stacks, but with the causes, which name the disk.
  if (chain.length > 0 && error?.code === "store_full")
    options.fullStore.refused(place, chain.map(({ message }) => message).join(" "));
  else if (chain.length > 0 && error?.code !== "quota") {
    return options.log.error(
      { ...fields, error: chain.map(({ stack, message }) => stack ?? message) },
      "request failed",
    );
  }
  // A full quota concerns only the user.
  options.log.info(fields, "request");
}

function causes(error: Error): Error[] {
  const chain: Error[] = [];
  for (let at: unknown = error; at instanceof Error && chain.length < 5; at = at.cause) chain.push(at);
  return chain;
}

/** Time for load balancers to notice that the server stopped listening. */
const lingerMs = 2000;

async function closeGently(
  listener: Listener,
  router: Router,
  stop: AbortController,
  { drainMs, isProxied }: { readonly drainMs: number; readonly isProxied: boolean },
): Promise<void> {
  stop.abort();
  const cut = setTimeout(() => {
    for (const controller of router.world.running) controller.abort();
    listener.cut();
  }, drainMs);
  try {
    if (isProxied) await listener.linger(Math.min(lingerMs, drainMs));
    router.isClosing = true;
    await listener.close();
  } finally {
    clearTimeout(cut);
  }
}
