import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "@holdfast/disk/seeded-random";
import { seed } from "@holdfast/tools/properties";
import { isInEach, isInList, readNetwork } from "./address-list.ts";

const draw = seededRandom(seed);
const below = (count: number) => Math.floor(draw() * count);

type Family = 4 | 6;

const bitsOf = { 4: 32, 6: 128 } as const;

function write(family: Family, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, at) => ((value >> BigInt(112 - 16 * at)) & 0xffffn).toString(16));
  const full = groups.map((group) => (below(2) === 0 ? group.padStart(4, "0") : group)).join(":");
  const written = below(2) === 0 ? full : new URL(`http://[${full}]`).hostname.slice(1, -1);
  return below(2) === 0 ? written.toUpperCase() : written;
}

function naive(network: { family: Family; value: bigint; size: number }, family: Family, value: bigint): boolean {
  if (family !== network.family) return false;
  for (let bit = 0; bit < network.size; bit += 1) {
    const at = BigInt(bitsOf[family] - 1 - bit);
    if (((value >> at) & 1n) !== ((network.value >> at) & 1n)) return false;
  }
  return true;
}

function randomValue(family: Family): bigint {
  let value = 0n;
  for (let at = 0; at < bitsOf[family]; at += 16) value = (value << 16n) | BigInt(below(65_536));
  return value;
}

/** Makes an address that shares a random number of bits with the network, to test both sides of its edge. */
function nearby({ family, value }: { family: Family; value: bigint }): bigint {
  return value ^ (1n << BigInt(below(bitsOf[family])));
}

describe("Address lists", () => {
  test("agree with a comparison bit by bit, for both families and every spelling", () => {
    for (let round = 0; round < 3000; round += 1) {
      const networks = Array.from({ length: 1 + below(3) }, () => {
        const family: Family = below(2) === 0 ? 4 : 6;
        return { family, value: randomValue(family), size: below(bitsOf[family] + 1) };
      });
      const list = networks.map(({ family, value, size }) => readNetwork(`${write(family, value)}/${size}`));
      for (const near of networks) {
        for (const value of [near.value, nearby(near), randomValue(near.family)]) {
          const expected = networks.some((network) => naive(network, near.family, value));
          const text = write(near.family, value);
          assert.equal(isInList(list, text), expected, `${text} in ${list.join(" ")} (HOLDFAST_SEED=${seed})`);
        }
      }
    }
  });

  test("treat IPv4 mapped to IPv6 as IPv4, and no other IPv6 as IPv4", () => {
    for (const address of ["192.0.2.7", "::ffff:192.0.2.7", "::FFFF:c000:207", "0:0:0:0:0:ffff:c000:0207"]) {
      assert.equal(isInList(["192.0.2.0/24"], address), true, address);
      assert.equal(isInList(["192.0.3.0/24"], address), false, address);
      assert.equal(isInList(["::/0"], address), false, address);
    }
    assert.equal(isInList(["0.0.0.0/0"], "2001:db8::1"), false);
    assert.equal(isInList(["fe80::/10"], "fe80::1%eth0"), true);
    assert.equal(isInList([], "2001:db8::1"), true);
    assert.equal(isInList(["0.0.0.0/0", "::/0"], "unknown"), false);
  });

  test("must each contain the address", () => {
    const lists = [["10.0.0.0/8", "192.0.2.1/32"], ["10.1.0.0/16"]];
    const stamp = JSON.stringify(lists);
    assert.deepEqual(
      ["10.1.2.3", "10.2.2.3", "192.0.2.1"].map((address) => isInEach(lists, stamp, address)),
      [true, false, false],
    );
  });

  test("reject invalid networks and networks of mapped IPv4", () => {
    for (const text of [
      "",
      "office",
      "10.0.0.0/33",
      "10.0.0/8",
      "010.0.0.1",
      "2001:db8::/129",
      "::1/-1",
      "1.2.3.4/8/8",
      "fe80::1%eth0",
      "10.0.0.0/ 8",
      "::ffff:192.0.2.0/120",
      "::ffff:0:0/96",
    ]) {
      assert.throws(() => readNetwork(text), { code: "invalid_field", field: "addresses" }, text);
    }
    assert.equal(readNetwork(" 2001:DB8:0:0::1 "), "2001:db8::1/128");
    assert.equal(readNetwork("192.0.2.7"), "192.0.2.7/32");
  });
});
