import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { exceedsBytes, utf8Bytes } from "./utf8-length.ts";

test("the length of a text equals that of its UTF-8 bytes, with unpaired surrogates too", () => {
  const units = fc.array(
    fc.oneof(fc.nat({ max: 0xffff }), fc.constantFrom(0x7f, 0x80, 0x7ff, 0x800, 0xd800, 0xdc00, 0xdfff)),
  );
  fc.assert(
    fc.property(units, fc.nat({ max: 40 }), (codes, bytesMax) => {
      const text = String.fromCharCode(...codes);
      assert.equal(utf8Bytes(text), Buffer.byteLength(text));
      assert.equal(exceedsBytes(text, bytesMax), Buffer.byteLength(text) > bytesMax);
    }),
  );
});
