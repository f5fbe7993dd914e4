import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import {
  type AddressInfo,
  createServer as createNetServer,
  type ListenOptions,
  Server as NetServer,
  type Socket,
} from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { limits } from "@holdfast/core/limits";
import { answerBrokenRequest } from "./exchange/broken-request.ts";
import type { ClientHello } from "../care/certificates/challenge-answers.ts";

export interface Listener {
  readonly server: Server;
  /** @returns the URL with the actual port */
  listen(host: string, port: number): Promise<string>;
  renewTls(tls: { readonly cert: string; readonly key: string }): void;
  /** Resolves when all connections are closed, of which it closes the idle ones. */
  close(): Promise<void>;
}

export interface ListenerOptions {
  readonly tls?: {
    readonly cert: string;
    readonly key: string;
    /** Selects the protocol of a connection; undefined: HTTP. */
    readonly ALPNCallback?: (hello: ClientHello) => string | undefined;
  };
  readonly connectionsMax?: number;
}

/** Passes all requests of HTTP or HTTPS to one function. */
export function openListener(
  { tls, connectionsMax = Infinity }: ListenerOptions,
  headerTimeoutMs: number,
  onRequest: RequestListener,
): Listener {
  const options: ServerOptions = {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: headerTimeoutMs,
    // Interval at which Node looks for connections above `headersTimeout`. Its default of 30 s would triple the limit.
    connectionsCheckingInterval: Math.min(1000, headerTimeoutMs),
    noDelay: true,
    // The exchange limits the time of each body.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
  };
  const server =
    tls === undefined
      ? createServer(options, onRequest)
      : createTlsServer({ ...options, ...tls, minVersion: "TLSv1.2" }, onRequest);
  server.maxConnections = connectionsMax;
  server.on("clientError", (error, socket) => answerBrokenRequest(error, socket as Socket, tls !== undefined));
  const others: NetServer[] = [];
  return {
    server,
    listen: async (host, port) => {
      await listenAt(server, { host, port });
      const { address, port: realPort } = server.address() as AddressInfo;
      if (host === "localhost") others.push(...(await listenElsewhere(server, host, { address, port: realPort })));
      return `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${realPort}`;
    },
    renewTls: (renewed) => (server as { setSecureContext?: (tls: object) => void }).setSecureContext?.(renewed),
    close: async () => {
      await Promise.all([server, ...others].map((each) => new Promise((resolve) => each.close(resolve))));
    },
  };
}

async function listenAt(server: NetServer, where: ListenOptions): Promise<void> {
  server.listen({ ...where, backlog: 4096 });
  await once(server, "listening");
}

/** The name has an address of IPv4 and one of IPv6, of which Node uses one. Systems may lack the other. */
async function listenElsewhere(
  server: Server,
  host: string,
  { address: taken, port }: { address: string; port: number },
) {
  const others: NetServer[] = [];
  for (const { address } of await lookup(host, { all: true })) {
    if (address === taken) continue;
    const other = createNetServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      server.emit("connection", socket),
    );
    const isListening = await listenAt(other, { host: address, port }).then(
      () => true,
      () => false,
    );
    if (isListening) others.push(other);
  }
  return others;
}

/**
 * Answers requests on open connections for some time after it stopped listening. A proxy may use an idle connection
 * just as it closes, and cannot repeat a request that changes something. Each response ends its connection.
 */
export async function linger(server: NetServer, ms: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  // Unlike the method of HTTP servers, this keeps idle connections open.
  NetServer.prototype.close.call(server);
  const over = new AbortController();
  await Promise.race([closed, delay(ms, undefined, { signal: over.signal }).catch(() => {})]);
  over.abort();
}
