import { HoldfastError } from "@holdfast/core/errors";
import type { Route } from "@holdfast/protocol/route";
import { type RouteName, routes, routeUrl } from "@holdfast/protocol/routes";
import { z } from "zod";
import type { LooseHandler, Mounted } from "./exchange/mounted.ts";
import type { Handlers, RequestContext } from "./exchange/handler.ts";
import type { OpenidAnswer, OutsideEndpoint } from "./oauth/openid-endpoints.ts";
import { auditRule } from "./route-audit.ts";
import { RouteTree } from "./route-tree.ts";

interface Place {
  readonly url: string;
  readonly byMethod: Map<string, Mounted>;
}

export interface FoundRoute {
  readonly url: string;
  readonly mounted: Mounted;
  readonly params: unknown;
}

const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Everything that answers requests, by URL pattern and method. */
export class Places {
  readonly #tree = new RouteTree<Place>();
  readonly #byUrl = new Map<string, Place>();

  /** HEAD is mounted with GET. */
  mount(url: string, method: string, mounted: Mounted): void {
    const place = this.#byUrl.get(url) ?? this.#add(url);
    for (const taken of method === "GET" ? ["GET", "HEAD"] : [method]) {
      // The later one would replace the rights of the first.
      if (place.byMethod.has(taken)) throw new HoldfastError("internal", `${taken} ${url} is mounted twice.`);
      place.byMethod.set(taken, mounted);
    }
  }

  /**
   * Other methods on a mounted URL get a 405.
   * @param path encoded, without query
   * @throws HoldfastError bad_request
   */
  find(method: string, path: string): FoundRoute | undefined {
    const found = this.#tree.find(path);
    if (found === undefined || !methods.has(method)) return undefined;
    const { place, params } = found;
    return { url: place.url, mounted: place.byMethod.get(method) ?? refusalOf(place), params };
  }

  #add(url: string): Place {
    const place = { url, byMethod: new Map<string, Mounted>() };
    this.#byUrl.set(url, place);
    this.#tree.add(url, place);
    return place;
  }
}

/** @param unmounted routes that may have no handler */
export function mountRoutes(places: Places, given: Handlers, unmounted: ReadonlySet<RouteName>): void {
  const handlers = given as Readonly<Record<string, LooseHandler | undefined>>;
  const table: readonly [string, Route][] = Object.entries(routes);
  const missing = table.filter(([name]) => handlers[name] === undefined && !unmounted.has(name as RouteName));
  if (missing.length > 0) {
    throw new HoldfastError("internal", `These routes have no handler: ${missing.map(([name]) => name).join(", ")}.`);
  }
  for (const [name, route] of table) {
    const handler = handlers[name];
    if (handler === undefined) continue;
    places.mount(routeUrl(route), route.method, { route, handler, audit: auditRule(name as RouteName) });
  }
}

/** Text that matches an asterisk at the end of a pattern. */
const rest = z.object({ "*": z.string().optional() });

/**
 * Mounts pages outside the API.
 * @param pages GET and HEAD, by URL pattern
 * @param forms POST, by URL pattern. The handlers change nothing, so a read-only server answers too.
 */
export function mountPages(
  places: Places,
  pages: ReadonlyMap<string, LooseHandler>,
  forms: ReadonlyMap<string, LooseHandler>,
): void {
  for (const [url, handler] of pages)
    places.mount(url, "GET", { route: { ...routeOutside(url), params: rest }, handler });
  for (const [url, handler] of forms) places.mount(url, "POST", { route: routeOutside(url), handler });
}

const uidParams = z.object({ uid: z.string().regex(/^[\w-]+$/) });

type EndpointContext = RequestContext & {
  readonly url: string;
  readonly params?: z.output<typeof uidParams>;
};

/**
 * Mounts endpoints of external standards.
 * @param answer receives the parts of a request that the standard's code needs
 */
export function mountEndpoints(places: Places, endpoints: readonly OutsideEndpoint[], answer: OpenidAnswer): void {
  for (const { method, url, readsCookies, audit } of endpoints) {
    // The body is not JSON. Its reader limits the size.
    const bodyKind = method === "GET" ? ("none" as const) : ("bytes" as const);
    const outside = { ...routeOutside(url), method, bodyKind, ...(readsCookies === true ? { readsCookies } : {}) };
    const route = url.includes(":uid") ? { ...outside, params: uidParams } : outside;
    const handler = ((context: EndpointContext) => {
      const { headers, peer, stream, head, note, params } = context;
      const path = url.replace(":uid", params?.uid ?? "");
      // Parsers of the standard's code read a sent path differently, and would reach endpoints without their limits.
      const query = context.url.includes("?") ? context.url.slice(context.url.indexOf("?")) : "";
      return answer({ headers, peer, stream, note, method: head ? "HEAD" : method, url: path + query });
    }) as LooseHandler;
    places.mount(url, method, { route, handler, audit });
  }
}

/** Each endpoint has its own audit and error format. */
export function mountStandard(places: Places, endpoints: readonly Mounted[]): void {
  for (const endpoint of endpoints) places.mount(endpoint.route.path, endpoint.route.method, endpoint);
}

function refusalOf({ url, byMethod }: Place): Mounted {
  const allow = [...byMethod.keys()].toSorted().join(", ");
  const [{ problem } = {}] = byMethod.values();
  return {
    route: routeOutside(url),
    handler: () => {
      throw new HoldfastError("method_not_allowed", `This URL takes ${allow}.`, { body: { allow } });
    },
    ...(problem === undefined ? {} : { problem }),
  };
}

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
