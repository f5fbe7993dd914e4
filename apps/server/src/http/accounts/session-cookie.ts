import { limits } from "@holdfast/core/limits";
import { routeUrl, routes } from "@holdfast/protocol/routes";
import type { Peer } from "../exchange/peer.ts";

/** Browsers send what keeps a session to the routes below it alone. */
export const sessionPath = routeUrl(routes.createWebSession);

/** The value of `Set-Cookie` that keeps a refresh token in the browser; without one, that takes it away. */
export function sessionCookie(peer: Peer, refreshToken?: string): string {
  const ageSeconds = refreshToken === undefined ? 0 : limits.refreshTokenLifetimeMs / 1000;
  return setCookie(peer, { name: cookieName(peer), value: refreshToken ?? "", path: sessionPath, ageSeconds });
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** 0 takes it away. */
  readonly ageSeconds: number;
}

/** The value of `Set-Cookie` for one that no script reads, and no other site sends along. */
export function setCookie(peer: Peer, { name, value, path, ageSeconds }: Cookie): string {
  const fields = [`${name}=${value}`, `Path=${path}`, `Max-Age=${ageSeconds}`, "HttpOnly", "SameSite=Strict"];
  return [...fields, ...(isSecure(peer) ? ["Secure"] : [])].join("; ");
}

/**
 * The refresh token of a request. Undefined too where there are several: somebody who has a neighbouring name can put a cookie of
 * their own beside ours, and nothing says which is which.
 */
export function readSessionCookie(peer: Peer, header: string | undefined): string | undefined {
  return readCookie(cookieName(peer), header);
}

/** Undefined where it is there several times. */
export function readCookie(cookie: string, header: string | undefined): string | undefined {
  const name = `${cookie}=`;
  const pairs = (header ?? "").split(";").map((pair) => pair.trim());
  const values = new Set(pairs.filter((pair) => pair.startsWith(name)).map((pair) => pair.slice(name.length)));
  const [value] = values;
  return values.size === 1 ? value : undefined;
}

/** Under the prefix browsers take the cookie only over TLS, so that nobody on the way plants one by an address without. */
function cookieName(peer: Peer): string {
  return isSecure(peer) ? "__Secure-holdfast-session" : "holdfast-session";
}

export function isSecure({ origin, publicUrl }: Peer): boolean {
  return [origin, publicUrl].some((url) => url.startsWith("https:"));
}
