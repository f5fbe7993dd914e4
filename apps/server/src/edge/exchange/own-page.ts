import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { HoldfastError } from "@holdfast/core/errors";
import { pageHeader } from "@holdfast/protocol/page-header";
import type { Peer } from "./peer.ts";

/**
 * Accepts only requests that a page of this server can cause. Other sites have another Origin, and forms cannot send
 * JSON. Browsers send a preflight for both, which this server never allows. SameSite does not suffice, because another
 * port of the host is the same site.
 * @throws HoldfastError forbidden, unsupported_media_type
 */
export function assertFromOwnPage({ headers, method }: IncomingMessage, peer: Peer): void {
  assertOwnOrigin(headers, peer);
  if (method === "POST" && !jsonType.test(headers["content-type"] ?? "")) {
    throw new HoldfastError("unsupported_media_type", "The body must be application/json.", { field: "Content-Type" });
  }
}

/**
 * Rejects a page of another address, or without Origin, on routes that programs may also call. Nobody could sign in at
 * such a page later, and secrets are created only once. A page is recognized by its Origin or its own header.
 * @throws HoldfastError forbidden
 */
export function refuseForeignPage(headers: IncomingHttpHeaders, peer: Peer): void {
  if (headers.origin !== undefined || headers[pageHeader] !== undefined) assertOwnOrigin(headers, peer);
}

function assertOwnOrigin(headers: IncomingHttpHeaders, peer: Peer): void {
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  if (origin !== undefined && ownOrigins(peer).includes(origin) && (site === undefined || site === "same-origin"))
    return;
  // The client knows the address to which it sent the request.
  const isTold = peer.publicUrl !== peer.origin;
  throw new HoldfastError("forbidden", refusal(origin, site, peer), {
    field: "Origin",
    body: { ...(isTold ? { public_url: peer.publicUrl } : {}), ...(origin === undefined ? { origin: null } : {}) },
  });
}

/** Usually the cause is a proxy that the server does not know. */
function refusal(origin: string | undefined, site: string | undefined, peer: Peer): string {
  const begin = "This request is only accepted from pages of this server";
  if (origin === undefined) {
    return `${begin}, and the request has no Origin header, which browsers send. A proxy must not remove it. A program signs in with POST /api/v1/sessions, or with a token.`;
  }
  const own = [...new Set(ownOrigins(peer))].join(" or ");
  if (ownOrigins(peer).includes(origin)) {
    return `${begin}, and the page is from another site (Sec-Fetch-Site: ${JSON.stringify(site?.slice(0, shownMax))}).`;
  }
  const found = JSON.stringify(origin.slice(0, shownMax));
  return (
    `${begin}: the page's Origin is ${found}, and the server's address is ${own}. If people reach the server at the former, start it with HOLDFAST_PUBLIC_URL set to ` +
    "that address; behind a proxy also with --behind-proxy, and let the proxy pass on Host and X-Forwarded-Proto."
  );
}

/** Maximum length of repeated input. */
const shownMax = 100;

/** Browsers send this type to another origin only after a preflight. */
const jsonType = /^application\/json\s*(?:;|$)/i;

/** A proxy may serve the public origin without telling us. */
export function ownOrigins({ origin, publicUrl }: Peer): (string | undefined)[] {
  return [origin, publicUrl].map((url) => URL.parse(url)?.origin);
}
