import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { once } from "node:events";
import { type AddressInfo, Server as NetServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { RouteName } from "@holdfast/protocol/routes";
import { fastify, type FastifyInstance, type FastifyRequest } from "fastify";
import type { AuditLog } from "../care/audit/audit-log.ts";
import { serverNameDefault } from "../base/config/server-name.ts";
import { ByteBudget } from "../packs/write/byte-budget.ts";
import { ReadingRoom } from "../packs/read/reading-room.ts";
import type { Log } from "../base/operation/log.ts";
import { FullStoreLog } from "./full-store-log.ts";
import type { ObservedRequest } from "../base/operation/metrics.ts";
import { sendProblem } from "./exchange/answer.ts";
import type { Authenticator } from "./exchange/authentication.ts";
import { answerBrokenRequest } from "./exchange/broken-request.ts";
import type { Arrived, ExchangeResult, ExchangeWorld } from "./exchange/exchange-world.ts";
import type { LooseHandler, Mounted } from "./exchange/mounted.ts";
import { shareConnections } from "./exchange/connection-share.ts";
import type { Handlers } from "./exchange/handler.ts";
import { HostCheck } from "./exchange/host-check.ts";
import { HeldCounts } from "./exchange/held-counts.ts";
import { mountEndpoints, mountPages, mountRoutes, mountStandard } from "./mount.ts";
import { type OpenidAnswer, openidEndpoints } from "./oauth/openid-endpoints.ts";
import { pageReader } from "./exchange/page-reader.ts";
import { type PeerRules, readPeer } from "./exchange/peer.ts";
import { fromTransport } from "./exchange/problem.ts";
import type { ClientHello } from "../care/certificates/challenge-answers.ts";
import type { RateLimits } from "./exchange/rate-limits.ts";
import { closeAfterAnswer } from "./exchange/request-body.ts";
import { securityHeaders } from "./exchange/security-headers.ts";
import { selfSignedFingerprint } from "./exchange/self-signed.ts";
import { appForms, appPages } from "./web/app-pages.ts";
import type { WebApp } from "./web/web-app.ts";

export interface HttpServerOptions {
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
  /** Called after each request. */
  readonly observe?: (request: ObservedRequest) => void;
  /** See `PeerRules`. */
  readonly proxyHops?: number;
  /** Default: `serverNameDefault` */
  readonly serverName?: string;
  readonly onUnreadableAddress?: PeerRules["unreadable"];
  readonly publicUrl?: string;
  /** undefined: any Host is accepted. Behind a proxy, the proxy must check it. */
  readonly ownNames?: readonly string[];
  readonly tls?: {
    readonly cert: string;
    readonly key: string;
    /** Selects the protocol of a connection; undefined: HTTP. */
    readonly ALPNCallback?: (hello: ClientHello) => string | undefined;
  };
  /** Its URLs are outside the route table. */
  readonly web?: WebApp;
  /** Handles OAuth and OpenID requests. */
  readonly openid?: OpenidAnswer;
  readonly scim?: readonly Mounted[];
  readonly timeouts?: Partial<Timeouts>;
  readonly connectionsMax?: number;
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
  const reporting = { ...options, serverName, fullStore: new FullStoreLog(options.log) };
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
  const arrive = (request: FastifyRequest, response: ServerResponse, route: string) =>
    describe(request, response, route, rules, options.log);
  const app = openFastify(reporting, timeouts, stop.signal, arrive);
  const mounting = { handlers: options.handlers, unmounted: options.unmounted ?? new Set<RouteName>(), world, arrive };
  mountRoutes(app, mounting);
  if (options.web !== undefined) {
    const pages = appPages(options.web) as ReadonlyMap<string, LooseHandler>;
    mountPages(app, mounting, pages, appForms);
  }
  if (options.openid !== undefined) mountEndpoints(app, mounting, openidEndpoints, options.openid);
  if (options.scim !== undefined) mountStandard(app, mounting, options.scim);
  const { connectionsMax = Infinity } = options;
  app.server.maxConnections = connectionsMax;
  // Behind a proxy, all connections come from the proxy.
  if (rules.proxyHops === 0) shareConnections(app.server, Math.ceil(connectionsMax / 4));
  return {
    listen: async (host, port) => {
      await app.listen({ host, port, backlog: 4096 });
      const { port: realPort } = app.server.address() as AddressInfo;
      return `${rules.tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${realPort}`;
    },
    renewTls: (tls) => {
      hosts?.renew(tls.cert);
      selfSigned = selfSignedFingerprint(tls.cert);
      (app.server as { setSecureContext?: (tls: object) => void }).setSecureContext?.(tls);
    },
    close: (drainMs = drainMsDefault) => closeGently(app, world, stop, { drainMs, isProxied: rules.proxyHops > 0 }),
  };
}

function openFastify(
  options: Reporting,
  timeouts: Timeouts,
  stopping: AbortSignal,
  arrive: (request: FastifyRequest, response: ServerResponse, route: string) => Arrived,
): FastifyInstance {
  const transport = {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: timeouts.headerTimeoutMs,
    // Interval at which Node looks for connections above `headersTimeout`. Its default of 30 s would triple the limit.
    connectionsCheckingInterval: Math.min(1000, timeouts.headerTimeoutMs),
    noDelay: true,
    ...(options.tls === undefined ? {} : { ...options.tls, minVersion: "TLSv1.2" as const }),
  };
  const refuse = (thrown: unknown, request: FastifyRequest, response: ServerResponse) => {
    const arrived = arrive(request, response, "none");
    const error = fromTransport(thrown);
    closeAfterAnswer(request.raw, response);
    sendProblem(
      {
        ...arrived,
        head: request.method === "HEAD",
        ifNoneMatch: undefined,
        acceptEncoding: undefined,
        reader: pageReader(request.headers),
        serverName: options.serverName,
        idleTimeoutMs: 0,
        onMoved: () => {},
        stopping,
      },
      error,
    );
    response.once("close", () => report(options, arrived, { userId: undefined, error, bytesIn: 0 }));
  };
  const app = fastify({
    logger: false,
    genReqId: (request) => makeRequestId(request, options.proxyHops ?? 0),
    requestTimeout: 0,
    connectionTimeout: 0,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    ...(options.tls === undefined ? { http: transport } : { https: transport }),
    routerOptions: { maxParamLength: limits.signedUrlBytesMax, ignoreDuplicateSlashes: false },
    exposeHeadRoutes: false,
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, options.tls !== undefined),
    frameworkErrors: (error, request, reply) => {
      reply.hijack();
      refuse(error, request, reply.raw);
    },
  }) as unknown as FastifyInstance;
  // Only the exchange reads bodies, with limits and timeouts.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.setErrorHandler((error, request, reply) => {
    reply.hijack();
    refuse(error, request, reply.raw);
  });
  app.setNotFoundHandler((request, reply) => {
    reply.hijack();
    refuse(new HoldfastError("not_found", "There is no such route. See /api/docs."), request, reply.raw);
  });
  return app;
}

const requestIdPattern = /^[A-Za-z0-9_-]{8,64}$/;

/** Accepts request ids only from our proxies. Other clients could forge log entries. */
function makeRequestId(request: { headers: IncomingMessage["headers"] }, proxyHops: number): string {
  const given = request.headers["x-request-id"];
  if (proxyHops > 0 && typeof given === "string" && requestIdPattern.test(given)) return given;
  return randomBytes(9).toString("base64url");
}

function describe(
  request: FastifyRequest,
  response: ServerResponse,
  route: string,
  rules: PeerRules,
  log: Log,
): Arrived {
  const { raw } = request;
  const { localAddress = "localhost", localPort, remoteAddress } = raw.socket;
  const host = localAddress.includes(":") ? `[${localAddress}]` : localAddress;
  const { servername: serverName } = raw.socket as Partial<TLSSocket>;
  const peer = readPeer(
    { headers: raw.headers, socketAddress: remoteAddress, localAuthority: `${host}:${localPort ?? 0}`, serverName },
    rules,
  );
  return {
    request: raw,
    response,
    route,
    startedMs: performance.now(),
    params: request.params,
    query: request.query,
    requestId: request.id,
    peer,
    log,
    baseHeaders: securityHeaders(peer.origin.startsWith("https:")),
    writtenBefore: raw.socket.bytesWritten,
  };
}

type Reporting = HttpServerOptions & { readonly fullStore: FullStoreLog; readonly serverName: string };

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
  app: FastifyInstance,
  world: ExchangeWorld,
  stop: AbortController,
  { drainMs, isProxied }: { readonly drainMs: number; readonly isProxied: boolean },
): Promise<void> {
  stop.abort();
  const { server } = app;
  const cut = setTimeout(() => {
    for (const controller of world.running) controller.abort();
    server.closeAllConnections();
  }, drainMs);
  try {
    if (isProxied && server.listening) await linger(server, Math.min(lingerMs, drainMs));
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}

/**
 * Answers requests on open connections. A proxy may use an idle connection just as it closes, and cannot repeat a
 * request that changes something. Each response ends its connection.
 */
async function linger(server: NetServer, ms: number): Promise<void> {
  const closed = once(server, "close");
  // Unlike the method of HTTP servers, this keeps idle connections open.
  NetServer.prototype.close.call(server);
  const over = new AbortController();
  await Promise.race([closed, delay(ms, undefined, { signal: over.signal }).catch(() => {})]);
  over.abort();
}
