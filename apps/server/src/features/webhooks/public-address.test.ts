import assert from "node:assert/strict";
import { test } from "node:test";
import { isPublicAddress } from "./public-address.ts";

test("private, local and reserved addresses are not public, in any notation", () => {
  const inside = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.0.3",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.168.1.1",
    "198.19.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fe80::1%lo",
    "2600::1%lo",
    "fec0::1",
    "ff02::1",
    "3fff::1",
    "5f00::1",
    "localhost",
    "",
    "1",
    "127.1",
  ];
  for (const address of inside) assert.equal(isPublicAddress(address), false, address);
});

test("ordinary internet addresses are public", () => {
  for (const address of [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.0.1.1",
  ])
    assert.equal(isPublicAddress(address), true, address);
  for (const address of ["2600::1", "2a00:1450:4001::200e", "2001:4860:4860::8888", "2003::1", "3ffe::1"])
    assert.equal(isPublicAddress(address), true, address);
});
