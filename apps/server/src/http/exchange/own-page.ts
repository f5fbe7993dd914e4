import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { HoldfastError } from "@holdfast/core/errors";
import { pageHeader } from "@holdfast/protocol/page-header";
import type { Peer } from "./peer.ts";

/**
 * Lets through what only a page of this server can make a browser send: a strange page has another Origin, a form no type of JSON, and
 * a browser asks about both before it sends anything else, which nothing here allows. SameSite alone is no such proof: another
 * port of the same host is the same site.
 * @throws HoldfastError forbidden, unsupported_media_type
 */
export function assertFromOwnPage({ headers, method }: IncomingMessage, peer: Peer): void {
  assertOwnOrigin(headers, peer);
  if (method === "POST" && !jsonType.test(headers["content-type"] ?? "")) {
    throw new HoldfastError("unsupported_media_type", "The body must be application/json.", { field: "Content-Type" });
  }
}

/**
 * Refuses a page of another address, or of a browser or proxy that sends no Origin, what programs may ask for too: nobody could sign in there
 * afterwards, and what is made with a secret is made once. That a page asks is known by its Origin or by its own word.
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
  // What the request itself was sent to is no news to it.
  const isTold = peer.publicUrl !== peer.origin;
  throw new HoldfastError("forbidden", refusal(origin, site, peer), {
    field: "Origin",
    body: { ...(isTold ? { public_url: peer.publicUrl } : {}), ...(origin === undefined ? { origin: null } : {}) },
  });
}

/** In words for whoever runs the server: mostly it is a proxy in front of which the server does not know. */
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

/** Of what was sent no more is repeated. */
const shownMax = 100;

/** Browsers send this type to another origin only where they were allowed to. */
const jsonType = /^application\/json\s*(?:;|$)/i;

/** Under which the request came, and the public one, which a proxy may serve without telling us. */
export function ownOrigins({ origin, publicUrl }: Peer): (string | undefined)[] {
  return [origin, publicUrl].map((url) => URL.parse(url)?.origin);
}
