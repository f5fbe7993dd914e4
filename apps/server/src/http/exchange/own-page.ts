import type { IncomingMessage } from "node:http";
import { HoldfastError } from "@holdfast/core/errors";
import type { Peer } from "./peer.ts";

/**
 * Lets through what only a page of this server can make a browser send: a strange page has another Origin, a form no type of JSON, and
 * a browser asks about both before it sends anything else, which nothing here allows. SameSite alone is no such proof: another
 * port of the same host is the same site.
 * @throws HoldfastError forbidden, unsupported_media_type
 */
export function assertFromOwnPage({ headers, method }: IncomingMessage, peer: Peer): void {
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  if (origin === undefined || !ownOrigins(peer).includes(origin) || (site !== undefined && site !== "same-origin")) {
    const message =
      "This is for pages of this server alone: Origin must be its own address. A proxy in front of it has to pass on Host, and X-Forwarded-Proto.";
    throw new HoldfastError("forbidden", message, { field: "Origin" });
  }
  if (method === "POST" && !jsonType.test(headers["content-type"] ?? "")) {
    throw new HoldfastError("unsupported_media_type", "The body must be application/json.", { field: "Content-Type" });
  }
}

/** Browsers send this type to another origin only where they were allowed to. */
const jsonType = /^application\/json\s*(?:;|$)/i;

/** Under which the request came, and the public one, which a proxy may serve without telling us. */
export function ownOrigins({ origin, publicUrl }: Peer): (string | undefined)[] {
  return [origin, publicUrl].map((url) => URL.parse(url)?.origin);
}
