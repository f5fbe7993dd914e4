import { BlockList, isIP } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";

/** Limit of parsed lists in memory, by stamp. Each request needs one, and few are in use at a time. */
const parsedMax = 1000;
const parsed = new Map<string, readonly Networks[]>();

interface Networks {
  readonly ipv4: BlockList;
  readonly ipv6: BlockList;
}

/** @param stamp differs for different lists */
export function isInEach(lists: readonly (readonly string[])[], stamp: string, address: string): boolean {
  let networks = parsed.get(stamp);
  if (networks === undefined) {
    networks = lists.map(parseList);
    if (parsed.size >= parsedMax) parsed.clear();
    parsed.set(stamp, networks);
  }
  const plain = plainAddress(address);
  if (plain === undefined) return false;
  const { family, text } = plain;
  return networks.every((list) => list[family].check(text, family));
}

/** An empty list contains every address. */
export function isInList(list: readonly string[], address: string): boolean {
  return list.length === 0 || isInEach([list], JSON.stringify([list]), address);
}

/**
 * Checks that one network of the list contains the whole network; both in stored form. A network covered only by two
 * together counts as wider.
 */
export function isWithin(list: readonly string[], network: string): boolean {
  const [address = "", bits] = network.split("/");
  return list.some((one) => Number(bits) >= Number(one.split("/")[1]) && isInList([one], address));
}

/**
 * Normalizes a network such as `10.0.0.0/8` or `2001:db8::/32`, or a single address.
 * @throws HoldfastError invalid_field
 */
export function readNetwork(text: string): string {
  const [, address = "", bits] = /^([0-9a-fA-F:.]{2,45})(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? [];
  const family = isIP(address);
  const bitsMax = family === 4 ? 32 : 128;
  const size = bits === undefined ? bitsMax : Number(bits);
  if (family === 0 || size > bitsMax) throw noNetwork(text);
  const plain = plainAddress(address);
  if (plain === undefined) throw noNetwork(text);
  // IPv4 in IPv6 notation would be in no list or in all of them.
  if (family === 6 && plain.family === "ipv4") {
    throw new HoldfastError("invalid_field", `addresses: write ${text} as an IPv4 network.`, {
      field: "addresses",
    });
  }
  return `${plain.text}/${size}`;
}

function parseList(list: readonly string[]): Networks {
  const networks: Networks = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const network of list) {
    const [address = "", bits = ""] = network.split("/");
    const family = isIP(address) === 4 ? "ipv4" : "ipv6";
    networks[family].addSubnet(address, Number(bits), family);
  }
  return networks;
}

interface PlainAddress {
  readonly family: "ipv4" | "ipv6";
  readonly text: string;
}

/** Shortest lower-case notation without zone; mapped IPv4 becomes IPv4. */
export function plainAddress(address: string): PlainAddress | undefined {
  const [text = ""] = address.split("%", 1);
  const family = isIP(text);
  if (family === 4) return { family: "ipv4", text };
  if (family === 0) return undefined;
  const short = URL.parse(`http://[${text}]`)?.hostname.slice(1, -1);
  if (short === undefined) return undefined;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return { family: "ipv6", text: short };
  const bytes = [high, low].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
  return { family: "ipv4", text: bytes.join(".") };
}

function noNetwork(text: string): HoldfastError {
  const message = `addresses: ${JSON.stringify(text.slice(0, 60))} is not a network. Write an address or a network such as 192.0.2.0/24 or 2001:db8::/32.`;
  return new HoldfastError("invalid_field", message, { field: "addresses" });
}
