import { hostname } from "node:os";
import { IdleMemory } from "@holdfast/codec/idle-memory";
import { Authenticator } from "../features/accounts/sign-in/authenticator.ts";
import { assertDisksRoomy } from "../packs/write/disk-reserve.ts";
import type { Config } from "../base/config/read-config.ts";
import { UnreadableAddresses } from "../base/operation/unreadable-addresses.ts";
import { openOpenid } from "../edge/oauth/openid-endpoints.ts";
import { handlersOfRoles } from "../edge/route-roles.ts";
import { createHttpServer, type HttpServer, type HttpServerOptions } from "../edge/server.ts";
import type { WebApp } from "../edge/web/web-app.ts";
import { openReadiness } from "../base/operation/health.ts";
import type { Metrics } from "../base/operation/metrics.ts";
import type { Closers } from "./closers.ts";
import { type ApiParts, makeHandlers, makeScimEndpoints } from "./handlers.ts";
import { storageProbes } from "./storage-figures.ts";
import { systemClock } from "./system-clock.ts";

interface HttpParts {
  readonly parts: ApiParts;
  readonly metrics: Metrics;
  readonly version: string;
  readonly web: WebApp | undefined;
  readonly tls: HttpServerOptions["tls"];
}

export async function openHttp(
  config: Config,
  { parts, metrics, version, web, tls }: HttpParts,
  closers: Closers,
): Promise<HttpServer> {
  const { accounts, storage, rateLimits, audited, log } = parts;
  const memory = new IdleMemory();
  closers.add("memory", () => memory.stop());
  const readiness = openReadiness(storageProbes(storage), () => performance.now(), {
    room: () => assertDisksRoomy(storage.disks, config.diskReserveBytes),
  });
  const unreadable = new UnreadableAddresses({ log, clock: systemClock });
  const unreadableAddresses = config.proxyHops > 0 ? unreadable.recent : undefined;
  await web?.opened;
  const { roles } = config;
  const operation = { readiness, metrics, version, web, unreadableAddresses, roles };
  const outside = roles.has("api") ? { openid: openOpenid(accounts, log), scim: makeScimEndpoints(parts) } : {};
  return createHttpServer({
    handlers: handlersOfRoles(makeHandlers(parts, operation), config.roles),
    authenticator: new Authenticator(accounts),
    rateLimits,
    log,
    audit: audited.audit,
    observe: (request) => {
      metrics.observe(request);
      memory.touched();
    },
    onRejected: metrics.rejected,
    assertWritable: storage.assertOwner,
    ...outside,
    proxyHops: config.proxyHops,
    serverName: config.serverName,
    onUnreadableAddress: unreadable.note,
    ownNames: [config.listen.host, hostname(), ...publicNames(config)],
    ...(web === undefined ? {} : { web }),
    ...(config.publicUrl === undefined ? {} : { publicUrl: config.publicUrl }),
    ...(tls === undefined ? {} : { tls }),
    connectionsMax: config.connectionsMax,
  });
}

function publicNames({ publicUrl, acme }: Config): string[] {
  return [...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname]), ...(acme?.domains ?? [])];
}
