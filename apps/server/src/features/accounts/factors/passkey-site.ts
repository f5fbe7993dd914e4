import { isIP } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";

/** Domain of the passkeys, and origins of pages that may request them. */
export interface PasskeySite {
  readonly rpId: string;
  readonly origins: readonly string[];
}

interface Addresses {
  readonly origin: string;
  readonly publicUrl: string;
}

/** @returns undefined if browsers would refuse: they need a domain name and a secure connection */
export function passkeySiteOf({ origin, publicUrl }: Addresses): PasskeySite | undefined {
  const site = URL.parse(publicUrl);
  if (site === null || !isFit(site)) return undefined;
  // A proxy may serve the public address without the server's knowledge; the server may serve other ports of the name.
  const urls = [site, URL.parse(origin)].filter((url) => url?.hostname === site.hostname && isFit(url));
  return { rpId: site.hostname, origins: urls.flatMap((url) => url?.origin ?? []) };
}

/** @throws HoldfastError conflict if browsers would refuse */
export function requirePasskeySite(addresses: Addresses): PasskeySite {
  const site = passkeySiteOf(addresses);
  if (site !== undefined) return site;
  const message = `Passkeys need an https address with a domain name (or localhost), but the address of this server is ${addresses.publicUrl}. The operator of the server can change it with HOLDFAST_PUBLIC_URL.`;
  throw new HoldfastError("conflict", message);
}

function isFit({ protocol, hostname }: URL): boolean {
  const isLocal = hostname === "localhost" || hostname.endsWith(".localhost");
  const isAddress = hostname.startsWith("[") || isIP(hostname) !== 0;
  return !isAddress && (protocol === "https:" || (protocol === "http:" && isLocal));
}
