import { HoldfastError } from "@holdfast/core/errors";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { type ServerRole, serverRoles } from "@holdfast/protocol/operation-routes";
import type { Readiness } from "../../base/operation/health.ts";
import type { Metrics } from "../../base/operation/metrics.ts";
import { makeOpenApi, type OpenApi } from "../../base/operation/openapi.ts";

import type { Handlers } from "../exchange/handler.ts";
import { docsPages } from "./docs-page.ts";
import { homeOf, setupOf } from "../web/app-pages.ts";
import type { WebApp } from "../web/web-app.ts";
import type { Peer } from "../exchange/peer.ts";
import type { UnreadableAddresses } from "../../base/operation/unreadable-addresses.ts";

export interface OperationWorld {
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: Metrics;
  readonly version: string;
  readonly roles: ReadonlySet<ServerRole>;
  /** undefined without a proxy */
  readonly unreadableAddresses?: UnreadableAddresses["recent"] | undefined;
  /** undefined if the server was started without the web app */
  readonly web?: WebApp | undefined;
}

export function operationHandlers({ readiness, metrics, version, web, roles }: OperationWorld) {
  let made: OpenApi | undefined;
  // Created on the first request, because it takes 30 ms.
  const openApi = () => (made ??= makeOpenApi(version));
  const docs = docsPages(openApi);
  const part = roles.size < serverRoles.length ? { roles: [...roles] } : {};
  return {
    live: () => ({ status: 200, json: { status: "ok" } }),
    ready: async ({ peer, identify, query }) => {
      const { ready: isReady, checks } = await readiness();
      const ready = isReady && (query.role === undefined || roles.has(query.role));
      const details = (await mayInspect(peer, identify)) ? { checks: { ...checks }, ...part } : {};
      return { status: ready ? 200 : 503, json: { status: ready ? "ok" : "unavailable", ...details } };
    },
    metrics: async ({ peer, identify }) => {
      if (!(await mayInspect(peer, identify))) {
        throw new HoldfastError(
          "not_found",
          "Metrics are only available from this machine, or with the token of an administrator.",
        );
      }
      const { contentType, text } = await metrics.render();
      return { status: 200, headers: { "content-type": contentType, "cache-control": "no-store" }, bytes: text };
    },
    openapi: () => ({ status: 200, json: openApi(), headers: { "cache-control": "public, max-age=300" } }),
    docs: ({ headers }) => docs(headers, web?.docsHead()),
    home: homeOf(web),
    setupPage: setupOf(web),
  } satisfies Handlers;
}

/**
 * Allows requests from this machine. Behind a proxy, connections come from the proxy, so the address proves nothing.
 */
async function mayInspect(peer: Peer, identify: () => Promise<Caller | undefined>): Promise<boolean> {
  if (peer.loopback && !peer.behindProxy) return true;
  const caller = await identify();
  return caller !== undefined && caller.admin && caller.scopes.has("admin");
}
