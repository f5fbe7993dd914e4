import { limits } from "@holdfast/core/limits";
import type { Peer } from "../exchange/peer.ts";
import { isSecure, setCookie } from "./session-cookie.ts";

/** Browsers send the cookie with every API request, also for pictures and downloads without a token. */
const path = "/api/v1";

/**
 * Returns the value of `Set-Cookie` that separates cached responses of accounts in one browser. It is no credential,
 * and the server never reads it. It is the same for all sessions of an account in a browser, and differs between
 * accounts.
 * @param deviceId undefined: deletes the cookie
 */
export function cacheCookie(peer: Peer, deviceId?: string): string {
  const name = isSecure(peer) ? "__Secure-holdfast-cache" : "holdfast-cache";
  const ageSeconds = deviceId === undefined ? 0 : limits.refreshTokenLifetimeMs / 1000;
  return setCookie(peer, { name, value: deviceId ?? "", path, ageSeconds });
}

/** For responses that a browser may store. The same URL of another caller is requested again. */
export const perCaller = { vary: "authorization, cookie" } as const;
