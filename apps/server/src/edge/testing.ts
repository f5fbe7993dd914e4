import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Scope } from "@holdfast/protocol/account-routes";
import { type RouteName, routes } from "@holdfast/protocol/routes";
import { HoldfastError } from "@holdfast/core/errors";
import {
  makeId,
  toBucket,
  type DeviceId,
  type NodeId,
  type SessionId,
  type SpaceId,
  type UserId,
} from "@holdfast/core/ids";
import type { Caller } from "../features/accounts/context/caller.ts";
import { openLog } from "../base/operation/log.ts";
import type { Handlers } from "./exchange/handler.ts";
import { openMemoryBuckets, openRateLimits } from "./exchange/rate-limits.ts";
import type { LimitName, Rate } from "../base/config/rate.ts";
import { createHttpServer, type HttpServer, type HttpServerOptions } from "./server.ts";

export interface TestServer extends HttpServer {
  readonly url: string;
  readonly port: number;
  readonly lines: Record<string, unknown>[];
  logText(): string;
}

/** Starts a server on a free loopback port with only these handlers. Accepts the tokens of `testTokens`. */
export async function startTestServer(
  handlers: Handlers,
  options: Partial<HttpServerOptions> & { readonly rates?: Partial<Record<LimitName, Rate>> } = {},
): Promise<TestServer> {
  const lines: Record<string, unknown>[] = [];
  let text = "";
  const log = openLog("debug", {
    write: (line) => {
      text += line;
      lines.push(JSON.parse(line) as Record<string, unknown>);
    },
  });
  const none = {
    calls: undefined,
    address: undefined,
    sign_in: undefined,
    sign_up: undefined,
    operations: undefined,
    uploads: undefined,
    bytes: undefined,
  };
  const server = createHttpServer({
    handlers,
    unmounted: new Set(Object.keys(routes) as RouteName[]),
    authenticator: {
      authenticate: (bearer) => {
        const caller = testTokens[bearer];
        return caller === undefined
          ? Promise.reject(new HoldfastError("unauthenticated", "The token is not valid."))
          : Promise.resolve(caller);
      },
      authenticateApp: () => Promise.reject(new HoldfastError("unauthenticated", "There are no app passwords here.")),
      lookAgain: (caller) => Promise.resolve(caller),
    },
    rateLimits: openRateLimits(
      { ...none, ...options.rates },
      0,
      openMemoryBuckets(() => performance.now()),
    ),
    log,
    ...options,
  });
  const url = await server.listen("127.0.0.1", 0);
  return { ...server, url, port: Number(new URL(url).port), lines, logText: () => text };
}

function testCaller(scopes: readonly Scope[], admin: boolean, seed: number): Caller {
  const id = <Id extends string>(kind: number) =>
    makeId(toBucket(7), 1_700_000_000_000, Buffer.alloc(8, seed * 16 + kind)) as unknown as Id;
  return {
    userId: id<UserId>(1),
    bucket: toBucket(7),
    spaceId: id<SpaceId>(2),
    rootId: id<NodeId>(3),
    deviceId: id<DeviceId>(4),
    owns: true,
    grantees: [id<UserId>(1)],
    receives: false,
    credential: { kind: "session", id: id<SessionId>(5) },
    scopes: new Set(scopes),
    admin,
    groupIds: [],
  };
}

export const testTokens: Readonly<Record<string, Caller>> = {
  "user-token": testCaller(["files:read", "files:write", "account"], false, 1),
  "reader-token": testCaller(["files:read"], false, 2),
  "admin-token": testCaller(["files:read", "files:write", "account", "admin"], true, 3),
};
export const asUser = { authorization: "Bearer user-token" };

export async function speakRaw(port: number, text: string | Uint8Array): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(text);
  return readToClose(socket);
}

export async function readToClose(socket: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  socket.on("error", () => {});
  await once(socket, "close");
  return Buffer.concat(pieces).toString("latin1");
}
