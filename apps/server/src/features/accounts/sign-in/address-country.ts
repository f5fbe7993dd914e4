import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { fileURLToPath } from "node:url";
import ipaddr from "ipaddr.js";

type Family = "ipv4" | "ipv6";
type Lookup = (address: string) => unknown;
type ReadTable = (family: Family) => Promise<Buffer>;

/** Public domain (CC0), as of the package's date. */
const tables = {
  ipv4: import.meta.resolve("@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country-ipv4.mmdb"),
  ipv6: import.meta.resolve("@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country-ipv6.mmdb"),
} as const;

/**
 * Country of an address's network, from local tables. Does not locate the person.
 * @returns ISO 3166-1 code; null for private or unknown networks, and if the table is unreadable, so that sign-ins work
 */
export const countryOf = openCountries((family) => readFile(fileURLToPath(tables[family])));

/** @param read called once per family, and again after a failure */
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
