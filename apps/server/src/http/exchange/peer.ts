import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP } from "node:net";
import { plainAddress } from "../../accounts/address-list.ts";

/** Who is at the other end, and how it reached us. */
export interface Peer {
  /** Address for rate limits, logs and lists of networks, in its canonical form; words, which are in no network, if the proxy names none. */
  readonly address: string;
  /** The connection itself comes from this machine. With a proxy in front that proves nothing: see `behindProxy`. */
  readonly loopback: boolean;
  readonly behindProxy: boolean;
  /** Scheme and authority for links, without a slash at the end. */
  readonly origin: string;
  /** What links for people begin with: as configured, or else the origin, which whoever asks can choose. No slash at the end. */
  readonly publicUrl: string;
  /** SHA-256 in hex of this server's self-signed certificate. Undefined where the client may have seen that of a proxy. */
  readonly selfSigned?: string | undefined;
}

export interface PeerRules {
  /** How many proxies stand in front and each append to X-Forwarded-For or to Forwarded; 0: none, and the headers are not believed. */
  readonly proxyHops: number;
  /** Told of each entry of a proxy that names no address. */
  readonly unreadable?: ((entry: string) => void) | undefined;
  readonly tls: boolean;
  readonly publicUrl?: string | undefined;
  /** See `Peer`. */
  readonly selfSigned?: string | undefined;
}

export interface Arrival {
  readonly headers: IncomingHttpHeaders;
  readonly socketAddress: string | undefined;
  readonly localAuthority: string;
  /** The name that the TLS handshake asked for; nothing where it named none. */
  readonly serverName?: string | false | null | undefined;
}

/**
 * Of X-Forwarded-For, and of Forwarded where that is missing, only the entry that the outermost of our own proxies wrote counts (the `proxyHops`th from the right):
 * everything left of it came from the client and may be invented.
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

/** Headers that proxies add. */
const addedByProxies = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/**
 * True if the client saw this server's own certificate, as far as its request shows: an unknown proxy adds headers, asks the
 * handshake for another name than the client asked for, or connects from this machine for a host that is elsewhere.
 */
function isDirect({ headers, socketAddress, serverName }: Arrival, rules: PeerRules, origin: string): boolean {
  if (!rules.tls || rules.proxyHops > 0 || addedByProxies.some((name) => headers[name] !== undefined)) return false;
  const asked = URL.parse(origin);
  if (asked === null) return false;
  if (rules.publicUrl !== undefined && URL.parse(rules.publicUrl)?.host !== asked.host) return false;
  const address = asked.hostname.replace(/^\[|\]$/g, "");
  // A handshake names no address.
  if (isIP(address) !== 0) return isLoopback(address) || !isLoopback(canonicalAddress(socketAddress ?? ""));
  return address === "localhost" || serverName === address;
}

/** Without a header the request came past the proxy. An entry that is no address is nobody's, and not the proxy's own. */
function forwardedAddress(
  headers: IncomingHttpHeaders,
  { proxyHops, unreadable }: PeerRules,
  socketAddress: string,
): string {
  // A proxy writes one header and passes the other on from the client; nearly all of them write X-Forwarded-For.
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
 * False if the client may have written the entry by the name of its host, which some proxies add to Forwarded as it is: with a comma in the name,
 * the proxy's own entry ends, and another one begins. An entry without quotes is outside the quotes that such a proxy puts around the name.
 */
function isClearIn(header: string, entry: string, host: string | undefined): boolean {
  if (host !== undefined && !hostPattern.test(host)) return false;
  return !entry.includes('"') || /^(?:[^"]|"[^",\\]*")*$/.test(header);
}

/**
 * The value of `for` in one entry of Forwarded (RFC 7239, 4), or "" if it is ambiguous. No value may contain a comma, a semicolon or
 * another quote: a host that a client invents would end the entry and begin the next.
 */
function forOf(entry: string): string {
  const parts = entry.split(";").filter((part) => part.trim() !== "");
  const pairs = parts.map((pair) => /^\s*([\w-]+)=(?:"([^"\\]*)"|([^"\\\s]*))\s*$/.exec(pair));
  const named = pairs.filter((pair) => pair?.[1]?.toLowerCase() === "for");
  const [only] = named;
  if (pairs.includes(null) || named.length > 1) return "";
  return only?.[2] ?? only?.[3] ?? "";
}

/** Some proxies write 192.0.2.1:443, [2001:db8::1]:443 or [2001:db8::1], or put quotes around it; RFC 7239 has words for ports, too. */
function withoutPort(entry: string): string {
  const text = /^"(.*)"$/.exec(entry)?.[1] ?? entry;
  if (isIP(text) !== 0) return text;
  const [, ipv6, ipv4] = /^(?:\[([^\]]*)\]|([\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/.exec(text) ?? [];
  return ipv6 ?? ipv4 ?? "";
}

const loopbackAddresses = new BlockList();
loopbackAddresses.addSubnet("127.0.0.0", 8, "ipv4");
loopbackAddresses.addAddress("::1", "ipv6");

export function isLoopback(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopbackAddresses.check(address, family === 6 ? "ipv6" : "ipv4");
}

/** What rate limits count by: an IPv6 customer has a /64 at least, so single addresses of it are no limit at all. */
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

/** IPv4 on a socket of both families shows as ::ffff:192.0.2.1, and a link-local address with its zone. */
export function canonicalAddress(address: string): string {
  return plainAddress(address)?.text ?? address;
}
