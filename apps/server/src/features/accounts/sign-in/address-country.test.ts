import assert from "node:assert/strict";
import { test } from "node:test";
import { countryOf, openCountries } from "./address-country.ts";

test("an address has the country of its network, even IPv4 written as IPv6", async () => {
  assert.equal(await countryOf("193.99.144.80"), "DE");
  assert.equal(await countryOf("::ffff:193.99.144.80"), "DE");
  assert.equal(await countryOf("81.2.69.142"), "GB");
  assert.equal(await countryOf("2a02:2e0:3fe:1001:302::"), "DE");
  assert.equal(await countryOf("2001:4860:4860::8888"), "US");
});

test("private, reserved and invalid addresses have no country", async () => {
  const special = ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.20.0.1", "100.64.0.1", "169.254.1.1", "224.0.0.1"];
  const ipv6 = ["::1", "fe80::1", "fd00::1", "2001:db8::1", "ff02::1"];
  const wrong = ["", "unknown", "193.99.144.80:443", "193.99.144", "::g", null, undefined];
  for (const address of [...special, ...ipv6, ...wrong]) assert.equal(await countryOf(address), null, String(address));
});

test("an unreadable country table does not prevent sign-ins, and is read again", async () => {
  const answers = [
    () => Promise.reject(new Error("ENOENT")),
    () => Promise.resolve(Buffer.from("no table")),
    () => Promise.resolve(Buffer.alloc(0)),
  ];
  let reads = 0;
  const broken = openCountries(() => {
    const next = answers[reads];
    reads += 1;
    return next === undefined ? Promise.reject(new Error("read once too often")) : next();
  });
  for (const _ of answers) assert.equal(await broken("193.99.144.80"), null);
  assert.equal(reads, answers.length);
});
