import { HoldfastError } from "@holdfast/core/errors";
import type { ServerRole } from "@holdfast/protocol/operation-routes";
import type { Route } from "@holdfast/protocol/route";
import { type RouteName, routes, routeUrl } from "@holdfast/protocol/routes";
import type { Handlers } from "./exchange/handler.ts";

/** Routes of other roles get a handler that reports a misconfigured load balancer. */
export function handlersOfRoles(handlers: Handlers, roles: ReadonlySet<ServerRole>): Handlers {
  const entries = Object.entries(handlers).map(([name, handler]) => {
    const route: Route = routes[name as RouteName];
    const { role = "api" } = route;
    return [name, role === "any" || roles.has(role) ? handler : () => refuse(routeUrl(route), role)];
  });
  return Object.fromEntries(entries) as Handlers;
}

function refuse(path: string, role: ServerRole): never {
  const message = `This process does not run the role ${role}, which answers ${path}: the load balancer sent the request to the wrong process.`;
  throw new HoldfastError("unavailable", message);
}
