import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import type { Config } from "../base/config/read-config.ts";

export interface Machine {
  readonly name: string;
  /** Addresses of the machine's networks, without loopback. */
  readonly addresses: readonly string[];
}

/**
 * A server on all addresses shows the public URL, else a name in the certificate, else the first reachable address. Any
 * other server shows its own address.
 * @param url listening address with the real port
 */
export function shownUrl(
  url: string,
  config: Pick<Config, "publicUrl" | "acme">,
  certificate: string | undefined,
  machine: Machine = thisMachine(),
): string {
  const parsed = new URL(url);
  const isIpv4 = parsed.hostname === "0.0.0.0";
  const isEverywhere = isIpv4 || parsed.hostname === "[::]";
  if (config.publicUrl !== undefined && (isEverywhere || config.acme !== undefined)) return config.publicUrl;
  if (!isEverywhere) return url;
  const reached = machine.addresses.filter((address) => !isIpv4 || isIP(address) === 4);
  const named = certificate === undefined ? undefined : namedBy(certificate, [machine.name, ...reached]);
  const host = named ?? reached[0] ?? (isIpv4 ? "127.0.0.1" : "::1");
  return `${parsed.protocol}//${isIP(host) === 6 ? `[${host}]` : host}:${url.slice(url.lastIndexOf(":") + 1)}`;
}

function namedBy(certificate: string, hosts: readonly string[]): string | undefined {
  const parsed = new X509Certificate(certificate);
  return hosts.find((host) => (isIP(host) === 0 ? parsed.checkHost(host) : parsed.checkIP(host)) !== undefined);
}

/** IPv4 first, because it is easier to type. Link-local addresses are omitted. */
function thisMachine(): Machine {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outside = all.filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address));
  const addresses = outside.toSorted((left, right) => isIP(left.address) - isIP(right.address));
  return { name: hostname(), addresses: addresses.map(({ address }) => address) };
}
