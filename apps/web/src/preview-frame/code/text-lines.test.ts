import assert from "node:assert/strict";
import { test } from "node:test";
import { fc, seed } from "@holdfast/tools/properties";
import { cutText, decodeText, lineCharactersMax, linesMax, linesOf } from "./text-lines.ts";

test(`every character is shown once, in its line (HOLDFAST_SEED=${seed} replays)`, () => {
  const lines = fc.array(
    fc.oneof(
      fc.string({ unit: fc.constantFrom("a", "\t", "é", "😀") }),
      fc.constant(`x${"😀".repeat(lineCharactersMax)}`),
      fc.constant("x".repeat(lineCharactersMax)),
    ),
    { maxLength: 300 },
  );
  const property = fc.property(lines, fc.constantFrom("\n", "\r\n", "\r"), (given, end) => {
    const text = given.map((line) => line + end).join("");
    const { blocks, linesCount, longestLine } = cutText(text);
    const whole: string[] = [];
    for (const piece of blocks.flatMap((block) => linesOf(text, block))) {
      if (piece.number === undefined) whole[whole.length - 1] += piece.text;
      else assert.equal(whole.push(piece.text), piece.number);
      assert.ok(piece.text.length <= lineCharactersMax);
      assert.ok(piece.text.isWellFormed(), "no character is cut in two");
    }
    assert.deepEqual(whole, given.length === 0 ? [""] : given);
    assert.equal(linesCount, whole.length);
    assert.equal(blocks.map(({ start, end: till }) => text.slice(start, till)).join(""), text);
    assert.equal(longestLine, Math.max(...whole.map(({ length }) => length)));
  });
  fc.assert(property, { numRuns: 50 });
});

test("blocks stay small for a 1 MiB line, 5 MiB of line ends, and a mixture", () => {
  for (const text of ["x".repeat(1 << 20), "\n".repeat(5 << 20), "ab\n".repeat(1 << 20)]) {
    const { blocks, linesCount, isCut } = cutText(text);
    assert.equal(isCut, linesCount === linesMax);
    assert.ok(blocks.length <= 2001, `${blocks.length} blocks`);
    for (const { start, end } of blocks) assert.ok(end - start <= 30_000);
  }
});

test("a byte order mark determines the encoding, and a truncated character is left out", () => {
  assert.equal(decodeText(new Uint8Array([0xff, 0xfe, 0x41, 0]).buffer), "A");
  assert.equal(decodeText(new Uint8Array([0xfe, 0xff, 0, 0x41]).buffer), "A");
  assert.equal(decodeText(new Uint8Array([0x41, 0xc3]).buffer), "A");
  assert.equal(decodeText(new Uint8Array().buffer), "");
});

test("a text without a byte order mark is UTF-8, or windows-1252 if most special characters are invalid UTF-8", () => {
  const decoded = (...parts: readonly (string | number)[]) =>
    decodeText(
      new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(typeof part === "string" ? part : [part])))).buffer,
    );
  assert.equal(decoded("\uFEFFGr\u00FC\u00DFe"), "Gr\u00FC\u00DFe");
  assert.equal(decoded("Gr", 0xfc, 0xdf, "e, 5 ", 0x80), "Gr\u00FC\u00DFe, 5 \u20AC");
  assert.equal(decoded("Gr\u00FC\u00DFe ", 0xff), "Gr\u00FC\u00DFe \uFFFD");
});
