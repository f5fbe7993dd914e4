import { limits } from "@holdfast/core/limits";
import { routeUrl, routes } from "@holdfast/protocol/routes";
import type { Peer } from "../exchange/peer.ts";

/** Browsers send the session cookie only to routes below this path. */
export const sessionPath = routeUrl(routes.createWebSession);

/** Without a token, the value deletes the cookie. */
export function sessionCookie(peer: Peer, refreshToken?: string): string {
  const ageSeconds = refreshToken === undefined ? 0 : limits.refreshTokenLifetimeMs / 1000;
  return setCookie(peer, { name: cookieName(peer), value: refreshToken ?? "", path: sessionPath, ageSeconds });
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** 0 deletes the cookie. */
  readonly ageSeconds: number;
}

/** Scripts cannot read the cookie, and requests from other sites do not contain it. */
export function setCookie(peer: Peer, { name, value, path, ageSeconds }: Cookie): string {
  const fields = [`${name}=${value}`, `Path=${path}`, `Max-Age=${ageSeconds}`, "HttpOnly", "SameSite=Strict"];
  return [...fields, ...(isSecure(peer) ? ["Secure"] : [])].join("; ");
}

/** @returns undefined also for several tokens, because a host with a neighboring name can set a second cookie */
export function readSessionCookie(peer: Peer, header: string | undefined): string | undefined {
  return readCookie(cookieName(peer), header);
}

/** @returns undefined also if there are several values */
export function readCookie(cookie: string, header: string | undefined): string | undefined {
  const name = `${cookie}=`;
  const pairs = (header ?? "").split(";").map((pair) => pair.trim());
  const values = new Set(pairs.filter((pair) => pair.startsWith(name)).map((pair) => pair.slice(name.length)));
  const [value] = values;
  return values.size === 1 ? value : undefined;
}

/** Browsers accept the prefix only over TLS. Nobody on the network can set the cookie by an unencrypted address. */
function cookieName(peer: Peer): string {
  return isSecure(peer) ? "__Secure-holdfast-session" : "holdfast-session";
}

export function isSecure({ origin, publicUrl }: Peer): boolean {
  return [origin, publicUrl].some((url) => url.startsWith("https:"));
}
