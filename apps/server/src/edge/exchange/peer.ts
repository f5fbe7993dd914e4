import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { plainAddress } from "../../features/accounts/callers/address-list.ts";
import { isLoopback } from "../../base/config/loopback.ts";

export interface Peer {
  /**
   * Canonical address for rate limits, logs and network lists. If the proxy names none, a text that matches no network.
   */
  readonly address: string;
  /** The connection comes from this machine. This proves nothing behind a proxy: see `behindProxy`. */
  readonly loopback: boolean;
  readonly behindProxy: boolean;
  /** Scheme and authority for links, without a trailing slash. */
  readonly origin: string;
  /**
   * Start of links for people, without a trailing slash: the configured URL, or else the origin, which the client can
   * choose.
   */
  readonly publicUrl: string;
  /** SHA-256 in hex of this server's self-signed certificate. undefined if the client may have seen that of a proxy. */
  readonly selfSigned?: string | undefined;
}

export interface PeerRules {
  /** Proxies in front that append to X-Forwarded-For or Forwarded. 0: the headers are ignored. */
  readonly proxyHops: number;
  /** Called for each proxy entry without an address. */
  readonly unreadable?: ((entry: string) => void) | undefined;
  readonly tls: boolean;
  readonly publicUrl?: string | undefined;
  readonly selfSigned?: string | undefined;
}

export interface Arrival {
  readonly headers: IncomingHttpHeaders;
  readonly socketAddress: string | undefined;
  readonly localAuthority: string;
  /** Server name in the TLS handshake. */
  readonly serverName?: string | false | null | undefined;
}

/**
 * The outermost of our proxies wrote the `proxyHops`th entry from the right in X-Forwarded-For, or else in Forwarded.
 * Entries to its left come from the client and may be invented.
 */
export function readPeer(arrival: Arrival, rules: PeerRules): Peer {
  const socketAddress = canonicalAddress(arrival.socketAddress ?? "");
  const behindProxy = rules.proxyHops > 0;
  const origin = originOf(arrival, rules);
  return {
    address: forwardedAddress(arrival.headers, rules, socketAddress),
    loopback: isLoopback(socketAddress),
    behindProxy,
    origin,
    publicUrl: rules.publicUrl ?? origin,
    ...(rules.selfSigned === undefined || !isDirect(arrival, rules, origin) ? {} : { selfSigned: rules.selfSigned }),
  };
}

const addedByProxies = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/**
 * True if the client saw this server's own certificate. An unknown proxy adds headers, uses another server name in the
 * handshake, or connects from this machine for a remote host.
 */
function isDirect({ headers, socketAddress, serverName }: Arrival, rules: PeerRules, origin: string): boolean {
  if (!rules.tls || rules.proxyHops > 0 || addedByProxies.some((name) => headers[name] !== undefined)) return false;
  const asked = URL.parse(origin);
  if (asked === null) return false;
  if (rules.publicUrl !== undefined && URL.parse(rules.publicUrl)?.host !== asked.host) return false;
  const address = asked.hostname.replace(/^\[|\]$/g, "");
  // A handshake contains no IP address.
  if (isIP(address) !== 0) return isLoopback(address) || !isLoopback(canonicalAddress(socketAddress ?? ""));
  return address === "localhost" || serverName === address;
}

/** A request without a header bypassed the proxy. An entry without an address is not attributed to the proxy. */
function forwardedAddress(
  headers: IncomingHttpHeaders,
  { proxyHops, unreadable }: PeerRules,
  socketAddress: string,
): string {
  // A proxy writes one header and forwards the client's other one. Most write X-Forwarded-For.
  const written = headers["x-forwarded-for"];
  const header = written ?? headers["forwarded"];
  if (proxyHops === 0 || header === undefined) return socketAddress;
  const entry = forwardedEntry(header, proxyHops) ?? "";
  const isClear = written !== undefined || isClearIn(String(header), entry, headers.host);
  const address = isClear ? plainAddress(withoutPort(written === undefined ? forOf(entry) : entry)) : undefined;
  if (address !== undefined) return address.text;
  unreadable?.(entry);
  return `unknown behind ${socketAddress}`;
}

/**
 * False if the client may have written the entry through its Host header. Some proxies copy the host into Forwarded,
 * where a comma ends the proxy's entry. An unquoted entry is outside the quotes that such a proxy puts around the host.
 */
function isClearIn(header: string, entry: string, host: string | undefined): boolean {
  if (host !== undefined && !hostPattern.test(host)) return false;
  return !entry.includes('"') || /^(?:[^"]|"[^",\\]*")*$/.test(header);
}

/**
 * `for` of one Forwarded entry (RFC 7239, 4), or "" if ambiguous. Values may not contain a comma, semicolon or quote: a
 * forged host could end the entry and begin another.
 */
function forOf(entry: string): string {
  const parts = entry.split(";").filter((part) => part.trim() !== "");
  const pairs = parts.map((pair) => /^\s*([\w-]+)=(?:"([^"\\]*)"|([^"\\\s]*))\s*$/.exec(pair));
  const named = pairs.filter((pair) => pair?.[1]?.toLowerCase() === "for");
  const [only] = named;
  if (pairs.includes(null) || named.length > 1) return "";
  return only?.[2] ?? only?.[3] ?? "";
}

/**
 * Some proxies write 192.0.2.1:443, [2001:db8::1]:443 or [2001:db8::1], possibly quoted. RFC 7239 also allows names for
 * ports.
 */
function withoutPort(entry: string): string {
  const text = /^"(.*)"$/.exec(entry)?.[1] ?? entry;
  if (isIP(text) !== 0) return text;
  const [, ipv6, ipv4] = /^(?:\[([^\]]*)\]|([\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/.exec(text) ?? [];
  return ipv6 ?? ipv4 ?? "";
}

/** Key for rate limits. IPv6 customers have at least a /64, so limits on single addresses would be useless. */
export function addressGroup(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("%", 1).join("").split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}

const hostPattern = /^(?:\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::\d{1,5})?$/;

function originOf({ headers, localAuthority }: Arrival, { proxyHops, tls }: PeerRules): string {
  const scheme = proxyHops > 0 ? forwardedEntry(headers["x-forwarded-proto"], 1) : undefined;
  const forwardedHost = proxyHops > 0 ? forwardedEntry(headers["x-forwarded-host"], 1) : undefined;
  const host = [forwardedHost, headers.host].find((text) => text !== undefined && hostPattern.test(text));
  const secure = scheme === undefined ? tls : scheme === "https";
  return `${secure ? "https" : "http"}://${host ?? localAuthority}`;
}

function forwardedEntry(header: string | string[] | undefined, fromRight: number): string | undefined {
  if (header === undefined) return undefined;
  const entries = (Array.isArray(header) ? header.join(",") : header).split(",");
  return entries.at(-fromRight)?.trim();
}

/** Converts IPv4-mapped IPv6 addresses such as ::ffff:192.0.2.1, and link-local addresses with a zone. */
export function canonicalAddress(address: string): string {
  return plainAddress(address)?.text ?? address;
}
