import type { ErrorCode } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { z } from "zod";
import type { RouteTag } from "./route-tags.ts";

/** Required authentication of a route. Permissions on nodes are checked separately. */
export type Access =
  /** No token. */
  | "open"
  /** A session or a personal access token with any scopes. */
  | "signed_in"
  /**
   * A session or a personal access token with this scope. Sessions have all scopes; `admin` and `scim` require an
   * administrator.
   */
  | "files:read"
  | "files:write"
  | "account"
  | "admin"
  | "scim"
  /** A signature in the URL; no token. */
  | "signed";

/** Callers in addition to sessions and personal access tokens. */
export type FurtherCaller =
  /** A link, for its node and the descendants. */
  | "link"
  /** An app password, for file operations of programs that support only name and password. */
  | "app_password"
  /** A session whose account must set up a second factor first. */
  | "enrolling";

export type BodyKind = "json" | "bytes" | "frames" | "batch" | "none";

/**
 * A route of the API. The server mounts it, clients call it, and OpenAPI and the authorization tests are generated from
 * it.
 */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below /api/v1 unless `outside` is set; parameters as `:name`. */
  readonly path: string;
  readonly outside?: boolean;
  /** Group in the documentation. Only routes outside of the table have none. */
  readonly tag?: RouteTag;
  readonly access: Access;
  /** By default, all these callers are rejected. */
  readonly callers?: readonly FurtherCaller[];
  /** Signs out, which is allowed from any address and without a required second factor. */
  readonly endsSession?: true;
  /** Answered also while the server is too busy for other requests. */
  readonly probe?: true;
  /** Rejects suspended devices, for actions that would bypass the suspension. Commits reject them without this. */
  readonly rejectsSuspended?: true;
  /** Role of the processes that serve the route: `api` by default. "any": all processes. */
  readonly role?: "notify" | "blocks" | "any";
  /** Errors in addition to those that access, input and `changes` imply. */
  readonly errors?: readonly ErrorCode[];
  readonly summary: string;
  /** Token bucket for rate limiting. */
  readonly cost: "call" | "sign_in" | "upload" | "blocks" | "batch" | "poll";
  /** Only for pages of this server: requires its own Origin and JSON. Other routes read no cookies. */
  readonly fromOwnPage?: true;
  /**
   * Only for endpoints outside of the `routes` table, to which other sites redirect browsers. They read cookies that
   * the server set before, and sign nobody in.
   */
  readonly readsCookies?: true;
  /**
   * Requires a recent proof of identity, for actions that cannot be undone or that exceed the session's access. `true`:
   * every request; "sometimes": depends on the data; otherwise requests whose body has one of these fields with this
   * value. Tokens need no proof, because creating one already requires it.
   */
  readonly asksProof?: true | "sometimes" | Readonly<Record<string, boolean | "given">>;
  /** Changes nodes, versions or permissions, so it accepts Idempotency-Key and If-Match. */
  readonly changes?: boolean;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Contains lists of thousands of entries, so the JSON may be large. */
  readonly longLists?: true;
  /** Content of the request in addition to JSON or instead of it. */
  readonly bodyKind: BodyKind;
  /** Status to schema; "bytes" for a body that is not JSON. */
  readonly responses: Readonly<Record<number, z.ZodType | "bytes" | "empty">>;
}

const apiPrefix = "/api/v1";

/** Returns the path with parameters as `:name`. */
export function routeUrl({ path, outside }: Pick<Route, "path" | "outside">): string {
  return outside === true ? path : apiPrefix + path;
}

/** True if no token is required. */
export function isOpen({ access }: Partial<Pick<Route, "access">>): boolean {
  return access === "open" || access === "signed";
}

/** Maximum size of the decoded JSON body. */
export function jsonBytesMax(route: Pick<Route, "access" | "longLists">): number {
  if (isOpen(route)) return limits.requestOpenBytesMax;
  return route.longLists === true ? limits.requestJsonBytesMax : limits.requestFieldsBytesMax;
}

/** True if the route requires a proof for this request, regardless of the data. @param body result of its schema */
export function needsProof({ asksProof }: Pick<Route, "asksProof">, body: unknown): boolean {
  if (asksProof === undefined || asksProof === "sometimes") return false;
  if (asksProof === true) return true;
  const given = (body ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(asksProof).some(([name, value]) =>
    value === "given" ? given[name] !== undefined : given[name] === value,
  );
}

/** Adds a route to the table. */
export function defineRoute<const R extends Route & { readonly tag: RouteTag }>(route: R): R {
  return route;
}
