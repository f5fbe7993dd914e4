import { HoldfastError } from "@holdfast/core/errors";
import type { ServerRole } from "@holdfast/protocol/operation-routes";
import { type RouteName, routes, routeUrl } from "@holdfast/protocol/routes";
import type { Handlers } from "./exchange/handler.ts";

/** Paths as load balancers route them (docs/operation.md). Any process serves `everywhere`. */
export const rolePaths = {
  everywhere: /^\/(healthz|readyz|metrics)$/,
  /** Long polls. */
  notify: /^\/api\/v1\/(notifications\/poll|events)$/,
  blocks: /^\/api\/v1\/((blocks|chunks|upload|signed|thumbs)(\/.*)?|files\/upload|files\/[^/]+\/download)$/,
} as const;

/** @returns undefined if any process serves the path */
function roleOfPath(path: string): ServerRole | undefined {
  if (rolePaths.everywhere.test(path)) return undefined;
  if (rolePaths.notify.test(path)) return "notify";
  return rolePaths.blocks.test(path) ? "blocks" : "api";
}

/** Routes of other roles get a handler that reports a misconfigured load balancer. */
export function handlersOfRoles(handlers: Handlers, roles: ReadonlySet<ServerRole>): Handlers {
  const entries = Object.entries(handlers).map(([name, handler]) => {
    const path = routeUrl(routes[name as RouteName]);
    const role = roleOfPath(path);
    return [name, role === undefined || roles.has(role) ? handler : () => refuse(path, role)];
  });
  return Object.fromEntries(entries) as Handlers;
}

function refuse(path: string, role: ServerRole): never {
  const message = `This process does not run the role ${role}, which answers ${path}: the load balancer sent the request to the wrong process.`;
  throw new HoldfastError("unavailable", message);
}
