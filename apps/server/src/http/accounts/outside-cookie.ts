import { limits } from "@holdfast/core/limits";
import type { Peer } from "../exchange/peer.ts";
import { isSecure, readCookie, setCookie } from "./session-cookie.ts";

/**
 * The value of `Set-Cookie` that keeps in the browser, sealed, what its person left for the issuer with; without one, that takes it away. Over TLS the prefix
 * keeps neighbours by name from planting one of their own.
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
