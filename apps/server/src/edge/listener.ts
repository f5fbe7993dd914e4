import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { Server as TlsServer } from "node:tls";
import {
  type AddressInfo,
  createServer as createNetServer,
  type ListenOptions,
  Server as NetServer,
  type Socket,
} from "node:net";
import { limits } from "@holdfast/core/limits";
import { within } from "../base/within.ts";
import { answerBrokenRequest } from "./exchange/broken-request.ts";
import type { ClientHello } from "../care/certificates/challenge-answers.ts";

export interface Listener {
  readonly server: Server;
  /** @returns the URL with the actual port */
  listen(host: string, port: number): Promise<string>;
  renewTls(tls: { readonly cert: string; readonly key: string }): void;
  /**
   * Answers requests on open connections for some time after it stopped listening. A proxy may use an idle connection
   * just as it closes, and cannot repeat a request that changes something. Each response ends its connection.
   */
  linger(ms: number): Promise<void>;
  /** Resolves when all connections are closed, of which it closes the idle ones. */
  close(): Promise<void>;
  /** Closes all connections, also those that have sent no request or have not finished the handshake of TLS. */
  cut(): void;
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
      : createTlsServer({ ...options, ...tls, minVersion: "TLSv1.2", handshakeTimeout: headerTimeoutMs }, onRequest);
  server.maxConnections = connectionsMax;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
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
    linger: (ms) => linger([server, ...others], ms),
    close: async () => {
      await Promise.all([server, ...others].map((each) => new Promise((resolve) => each.close(resolve))));
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
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
  for (const { address } of await lookup(host, { all: true }).catch(() => [])) {
    if (address === taken) continue;
    // As Node sets it for servers of HTTP and of TLS.
    const allowHalfOpen = !(server instanceof TlsServer);
    const other = createNetServer({ allowHalfOpen, noDelay: true }, (socket) => server.emit("connection", socket));
    other.maxConnections = server.maxConnections;
    const isListening = await listenAt(other, { host: address, port }).then(
      () => true,
      () => false,
    );
    if (isListening) others.push(other);
  }
  return others;
}

async function linger(servers: readonly NetServer[], ms: number): Promise<void> {
  const listening = servers.filter((server) => server.listening);
  const closed = Promise.all(listening.map((server) => once(server, "close")));
  // Unlike the method of HTTP servers, this keeps idle connections open.
  for (const server of listening) NetServer.prototype.close.call(server);
  await within(ms, closed, () => {});
}
