import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import { hashOfZeros } from "./zero-block.ts";

test("the hash of zeros equals that of as many of them, in any order of sizes", () => {
  for (const size of [200_000, 0, 1, 65_536, 65_535, 4_194_304, 65_537, 200_000])
    assert.equal(hashOfZeros(size), sha256(new Uint8Array(size)), `${size}`);
});
