import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { fromField, lineEndOf, toField } from "./line-ends.ts";

test("text with any line ending passes through the field unchanged (random)", () => {
  const lines = fc.array(fc.string().map((line) => line.replaceAll(/[\r\n]/g, "")));
  fc.assert(
    fc.property(lines, fc.constantFrom("\n", "\r\n", "\r"), (written, end) => {
      const text = written.join(end);
      const found = lineEndOf(text);
      assert.ok(found !== undefined);
      assert.equal(fromField(toField(text), found), text);
      assert.ok(!toField(text).includes("\r"));
    }),
  );
});

test("a text with mixed line endings has no line end", () => {
  for (const text of ["a\nb\r\n", "a\r\nb\r", "a\rb\n", "a\r\n\n"]) assert.equal(lineEndOf(text), undefined);
});
