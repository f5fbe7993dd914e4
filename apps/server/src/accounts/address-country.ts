import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { fileURLToPath } from "node:url";
import ipaddr from "ipaddr.js";

type Family = "ipv4" | "ipv6";
type Lookup = (address: string) => unknown;
type ReadTable = (family: Family) => Promise<Buffer>;

/** The tables of the registries and of what networks announce, free of rights (CC0), as of the day of the package. */
const tables = {
  ipv4: import.meta.resolve("@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country-ipv4.mmdb"),
  ipv6: import.meta.resolve("@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country-ipv6.mmdb"),
} as const;

/**
 * To which country the network of an address is said to belong, looked up without asking anybody; where somebody sits it does not tell.
 * @param address of IPv4 or IPv6, as a request had it
 * @returns its two letters (ISO 3166-1); null for addresses of private networks and of no known one, and where the table cannot be read: nobody
 *   is to be kept from signing in by it
 */
export const countryOf = openCountries((family) => readFile(fileURLToPath(tables[family])));

/** @param read a table, once it is asked for, and again only after it has failed */
export function openCountries(read: ReadTable): (address: string | null | undefined) => Promise<string | null> {
  const lookups: Partial<Record<Family, Promise<Lookup>>> = {};
  return async (address) => {
    if (address === null || address === undefined || isIP(address) === 0) return null;
    const plain = ipaddr.process(address);
    if (plain.range() !== "unicast") return null;
    const family = plain.kind();
    try {
      return codeOf((await (lookups[family] ??= openTable(read, family)))(plain.toString()));
    } catch {
      delete lookups[family];
      return null;
    }
  };
}

async function openTable(read: ReadTable, family: Family): Promise<Lookup> {
  const [{ Reader }, bytes] = await Promise.all([import("mmdb-lib"), read(family)]);
  const table = new Reader(bytes);
  return (address) => table.get(address);
}

function codeOf(found: unknown): string | null {
  const code: unknown = typeof found === "object" && found !== null ? Reflect.get(found, "country_code") : undefined;
  return typeof code === "string" && /^[A-Z]{2}$/.test(code) ? code : null;
}
