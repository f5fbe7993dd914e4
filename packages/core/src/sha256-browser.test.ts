import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { sha256Bytes, sha256Hex } from "./sha256-browser.ts";

test("the browser's SHA-256 equals node:crypto's for every length around its chunks and for a part of a buffer", () => {
  const bytes = randomBytes(1200);
  for (let length = 0; length <= 300; length += 1) {
    const part = new Uint8Array(bytes.buffer, bytes.byteOffset + length, length);
    const expected = createHash("sha256").update(part).digest();
    assert.equal(sha256Hex(part), expected.toString("hex"), `${length} bytes: ${Buffer.from(part).toString("hex")}`);
    assert.deepEqual(Buffer.from(sha256Bytes(part)), expected);
  }
});

test("the browser's SHA-256 matches the standard's examples", () => {
  const abc = new TextEncoder().encode("abc");
  assert.equal(sha256Hex(abc), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
