import { limits } from "@holdfast/core/limits";
import { routeUrl, routes } from "@holdfast/protocol/routes";
import type { Peer } from "../exchange/peer.ts";

/** The value of `Set-Cookie` that keeps a refresh token in the browser; without one, that takes it away. */
export function sessionCookie(peer: Peer, refreshToken?: string): string {
  const ageSeconds = refreshToken === undefined ? 0 : limits.refreshTokenLifetimeMs / 1000;
  const fields = [
    `${cookieName(peer)}=${refreshToken ?? ""}`,
    `Path=${routeUrl(routes.createWebSession)}`,
    `Max-Age=${ageSeconds}`,
    "HttpOnly",
    "SameSite=Strict",
    ...(isSecure(peer) ? ["Secure"] : []),
  ];
  return fields.join("; ");
}

/**
 * The refresh token of a request. Undefined too where there are several: somebody who has a neighbouring name can put a cookie of
 * their own beside ours, and nothing says which is which.
 */
export function readSessionCookie(peer: Peer, header: string | undefined): string | undefined {
  const name = `${cookieName(peer)}=`;
  const pairs = (header ?? "").split(";").map((pair) => pair.trim());
  const values = new Set(pairs.filter((pair) => pair.startsWith(name)).map((pair) => pair.slice(name.length)));
  const [value] = values;
  return values.size === 1 ? value : undefined;
}

/** Under the prefix browsers take the cookie only over TLS, so that nobody on the way plants one by an address without. */
function cookieName(peer: Peer): string {
  return isSecure(peer) ? "__Secure-holdfast-session" : "holdfast-session";
}

function isSecure({ origin, publicUrl }: Peer): boolean {
  return [origin, publicUrl].some((url) => url.startsWith("https:"));
}
