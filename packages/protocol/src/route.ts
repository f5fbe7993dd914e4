import { limits } from "@holdfast/core/limits";
import type { z } from "zod";

/** Who may call a route at all; rights on the node itself are checked behind it. */
export type Access =
  /** Anybody, without a token. */
  | "open"
  /** A session or a personal access token, whatever its scopes. */
  | "signed_in"
  /** A session or a personal access token with this scope (sessions have all but `admin` and `scim`, which take an administrator). */
  | "files:read"
  | "files:write"
  | "account"
  | "admin"
  | "scim"
  /** The URL itself carries a signature; no token. */
  | "signed";

export type BodyKind = "json" | "bytes" | "frames" | "batch" | "none";

/** One route of the API. The server mounts it, OpenAPI and the authorisation tests are generated from it, the client calls it. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below /api/v1 unless `outside`; parameters as `:name`. */
  readonly path: string;
  readonly outside?: boolean;
  readonly access: Access;
  readonly summary: string;
  /** Which token bucket pays for it. */
  readonly cost: "call" | "sign_in" | "upload" | "blocks" | "batch" | "poll";
  /** Only for pages of this server: of its own Origin, and as JSON. What is not reads no cookie. */
  readonly fromOwnPage?: true;
  /** Outside of the table alone: other sites send browsers there, which bring what they were given before. It signs nobody in. */
  readonly readsCookies?: true;
  /**
   * What cannot be taken back, or opens more than the session itself: only of a session whose person proved lately who they are. `true`: each
   * request; "sometimes": by what is found; else those whose body has one of these fields, with that value. Tokens are not asked: to make one is
   * such an act itself.
   */
  readonly asksProof?: true | "sometimes" | Readonly<Record<string, boolean | "given">>;
  /** Changes nodes, versions or rights, so it takes Idempotency-Key and If-Match. */
  readonly changes?: boolean;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The JSON has lists of thousands: only then may it be large. */
  readonly longLists?: true;
  /** What the request carries besides or instead of JSON. */
  readonly bodyKind: BodyKind;
  /** Status to schema; "bytes" for a body that is no JSON. */
  readonly responses: Readonly<Record<number, z.ZodType | "bytes" | "empty">>;
}

const apiPrefix = "/api/v1";

/** Its path, with the parameters as `:name`. */
export function routeUrl({ path, outside }: Pick<Route, "path" | "outside">): string {
  return outside === true ? path : apiPrefix + path;
}

/** No token is asked for. */
export function isOpen({ access }: Partial<Pick<Route, "access">>): boolean {
  return access === "open" || access === "signed";
}

/** Of its JSON body, decoded. */
export function jsonBytesMax(route: Pick<Route, "access" | "longLists">): number {
  if (isOpen(route)) return limits.requestOpenBytesMax;
  return route.longLists === true ? limits.requestJsonBytesMax : limits.requestFieldsBytesMax;
}

/** Whether the route asks proof of this request, whatever is found. @param body as its schema left it */
export function needsProof({ asksProof }: Pick<Route, "asksProof">, body: unknown): boolean {
  if (asksProof === undefined || asksProof === "sometimes") return false;
  if (asksProof === true) return true;
  const given = (body ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(asksProof).some(([name, value]) =>
    value === "given" ? given[name] !== undefined : given[name] === value,
  );
}

export function defineRoute<const R extends Route>(route: R): R {
  return route;
}
