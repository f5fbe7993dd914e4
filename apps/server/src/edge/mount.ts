import type { ServerResponse } from "node:http";
import { HoldfastError } from "@holdfast/core/errors";
import type { Route } from "@holdfast/protocol/route";
import { type RouteName, routes, routeUrl } from "@holdfast/protocol/routes";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { runExchange } from "./exchange/exchange.ts";
import type { LooseHandler, Mounted } from "./exchange/mounted.ts";
import type { Arrived, ExchangeWorld } from "./exchange/exchange-world.ts";
import type { Handlers, RequestContext } from "./exchange/handler.ts";
import type { OpenidAnswer, OutsideEndpoint } from "./oauth/openid-endpoints.ts";
import type { ProblemShape } from "./exchange/problem.ts";
import { drainAfterAnswer, isAfterLast } from "./exchange/request-body.ts";
import { auditRule } from "./route-audit.ts";

export interface Mounting {
  readonly handlers: Handlers;
  readonly unmounted: ReadonlySet<RouteName>;
  readonly world: ExchangeWorld;
  /** @param url pattern of the route */
  readonly arrive: (request: FastifyRequest, response: ServerResponse, url: string) => Arrived;
}

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** Other methods on a route's URL get a 405. */
export function mountRoutes(app: FastifyInstance, mounting: Mounting): void {
  const handlers = mounting.handlers as Readonly<Record<string, LooseHandler | undefined>>;
  const table: readonly [string, Route][] = Object.entries(routes);
  const missing = table.filter(([name]) => handlers[name] === undefined && !mounting.unmounted.has(name as RouteName));
  if (missing.length > 0) {
    throw new HoldfastError("internal", `These routes have no handler: ${missing.map(([name]) => name).join(", ")}.`);
  }
  const allowed = new Map<string, Set<string>>();
  for (const [name, route] of table) {
    const handler = handlers[name];
    if (handler === undefined) continue;
    const url = routeUrl(route);
    const taken = route.method === "GET" ? ["GET", "HEAD"] : [route.method];
    mount(app, mounting, { taken, url, route, handler, audit: auditRule(name as RouteName) });
    allowed.set(url, new Set([...(allowed.get(url) ?? []), ...taken]));
  }
  for (const [url, taken] of allowed) mountRefusal(app, mounting, url, taken);
}

/** Text that matches an asterisk at the end of a pattern. */
const rest = z.object({ "*": z.string().optional() });

/**
 * Mounts pages outside the API.
 * @param pages GET and HEAD, by URL pattern
 * @param forms POST of pages. The handlers change nothing, so a read-only server answers too.
 */
export function mountPages(
  app: FastifyInstance,
  mounting: Mounting,
  pages: ReadonlyMap<string, LooseHandler>,
  forms: ReadonlyMap<string, LooseHandler>,
): void {
  for (const [url, handler] of pages) {
    const taken = ["GET", "HEAD"];
    const form = forms.get(url);
    const posted = form === undefined ? [] : ["POST"];
    mount(app, mounting, { taken, url, route: { ...routeOutside(url), params: rest }, handler });
    if (form !== undefined) mount(app, mounting, { taken: posted, url, route: routeOutside(url), handler: form });
    mountRefusal(app, mounting, url, new Set([...taken, ...posted]));
  }
}

/**
 * Mounts endpoints of external standards.
 * @param answer receives the parts of a request that the standard's code needs
 */
export function mountEndpoints(
  app: FastifyInstance,
  mounting: Mounting,
  endpoints: readonly OutsideEndpoint[],
  answer: OpenidAnswer,
): void {
  const allowed = new Map<string, Set<string>>();
  for (const { method, url, readsCookies, audit } of endpoints) {
    const taken = method === "GET" ? ["GET", "HEAD"] : [method];
    // The body is not JSON. Its reader limits the size.
    const bodyKind = method === "GET" ? ("none" as const) : ("bytes" as const);
    const route = { ...routeOutside(url), method, bodyKind, ...(readsCookies === true ? { readsCookies } : {}) };
    const handler = ((context: RequestContext & { readonly url: string }) => {
      const { headers, peer, stream, head, note } = context;
      return answer({ headers, peer, stream, note, method: head ? "HEAD" : method, url: context.url });
    }) as LooseHandler;
    mount(app, mounting, { taken, url, route, handler, audit });
    allowed.set(url, new Set([...(allowed.get(url) ?? []), ...taken]));
  }
  for (const [url, taken] of allowed) mountRefusal(app, mounting, url, taken);
}

/** Each endpoint has its own audit and error format. */
export function mountStandard(app: FastifyInstance, mounting: Mounting, endpoints: readonly Mounted[]): void {
  const allowed = new Map<string, Set<string>>();
  for (const endpoint of endpoints) {
    const { method, path: url } = endpoint.route;
    const taken = method === "GET" ? ["GET", "HEAD"] : [method];
    mount(app, mounting, { ...endpoint, taken, url });
    allowed.set(url, new Set([...(allowed.get(url) ?? []), ...taken]));
  }
  const [first] = endpoints;
  for (const [url, taken] of allowed) mountRefusal(app, mounting, url, taken, first?.problem);
}

interface Place extends Mounted {
  readonly taken: string[];
  readonly url: string;
}

function mount(app: FastifyInstance, mounting: Mounting, { taken, url, ...mounted }: Place): void {
  app.route({
    method: taken,
    url,
    handler: (request, reply) => {
      reply.hijack();
      if (isAfterLast(request.raw)) drainAfterAnswer(request.raw);
      else void runExchange(mounting.world, mounted, mounting.arrive(request, reply.raw, url));
    },
  });
}

function mountRefusal(
  app: FastifyInstance,
  mounting: Mounting,
  url: string,
  taken: ReadonlySet<string>,
  problem?: ProblemShape,
): void {
  const allow = [...taken].toSorted().join(", ");
  const route = routeOutside(url);
  const refuse: LooseHandler = () => {
    throw new HoldfastError("method_not_allowed", `This URL takes ${allow}.`, { body: { allow } });
  };
  const refused = methods.filter((method) => !taken.has(method));
  if (refused.length > 0) {
    mount(app, mounting, {
      taken: refused,
      url,
      route,
      handler: refuse,
      ...(problem === undefined ? {} : { problem }),
    });
  }
}

/** For a path outside the table. */
function routeOutside(path: string): Route {
  return {
    method: "GET",
    path,
    outside: true,
    access: "open",
    summary: "",
    cost: "call",
    bodyKind: "none",
    responses: {},
  };
}
