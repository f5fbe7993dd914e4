import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { HoldfastError } from "./errors.ts";
import { fromHashHex, parseHashHex, sha256, sha256Bytes, toHashHex } from "./hash.ts";

test("the hash of abc is that of FIPS 180-4", () => {
  const expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.equal(sha256(new TextEncoder().encode("abc")), expected);
  assert.equal(toHashHex(sha256Bytes(new TextEncoder().encode("abc"))), expected);
});

test("hashes convert between hex and bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const hex = toHashHex(bytes);
      assert.equal(hex, Buffer.from(bytes).toString("hex"));
      assert.deepEqual(fromHashHex(hex), bytes);
      assert.equal(parseHashHex(hex), hex);
    }),
  );
});

test("an invalid hash is rejected with the name of its field", () => {
  for (const text of ["", "a".repeat(63), "A".repeat(64), `${"a".repeat(64)}\n`]) {
    assert.throws(
      () => parseHashHex(text, "hashes[2]"),
      (thrown) => thrown instanceof HoldfastError && thrown.code === "invalid_field" && thrown.field === "hashes[2]",
    );
  }
});
