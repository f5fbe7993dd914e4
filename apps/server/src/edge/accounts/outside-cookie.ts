import { limits } from "@holdfast/core/limits";
import type { Peer } from "../exchange/peer.ts";
import { isSecure, readCookie, setCookie } from "./session-cookie.ts";

/**
 * Returns the value of `Set-Cookie` that keeps the sealed state of a sign-in at the issuer. Without state, it deletes
 * the cookie. Over TLS, the name's prefix prevents neighboring hosts from setting the cookie.
 */
export function outsideCookie(peer: Peer, kept?: string): string {
  const ageSeconds = kept === undefined ? 0 : limits.outsideSignInMs / 1000;
  return setCookie(peer, { name: cookieName(peer), value: kept ?? "", path: "/", ageSeconds });
}

export function readOutsideCookie(peer: Peer, header: string | undefined): string | undefined {
  return readCookie(cookieName(peer), header);
}

function cookieName(peer: Peer): string {
  return isSecure(peer) ? "__Host-holdfast-outside" : "holdfast-outside";
}
