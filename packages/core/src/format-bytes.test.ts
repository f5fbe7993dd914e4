import assert from "node:assert/strict";
import { test } from "node:test";
import { decimalMarkOf, exactBytes, formatBytes, parseBytes } from "./format-bytes.ts";

test("sizes are formatted in powers of 1024, with their own units", () => {
  for (const [bytes, text] of [
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [10_234, "10 KiB"],
    [2 ** 20 - 1, "1.0 MiB"],
    [20 * 2 ** 20, "20 MiB"],
    [1e9, "954 MiB"],
    [2 ** 60, "1024 PiB"],
  ] as const)
    assert.equal(formatBytes(bytes), text);
  assert.equal(formatBytes(1536, decimalMarkOf("de")), "1,5 KiB");
});

test("an exactly formatted size parses to the same number of bytes", () => {
  assert.deepEqual([0, 1, 2.5 * 2 ** 30, 1e9, 2 ** 50].map(exactBytes), [
    "0 B",
    "1 B",
    "2560 MiB",
    "1000000000 B",
    "1024 TiB",
  ]);
  for (const bytes of [0, 1, 1e9, 2.5e9, 2 ** 50]) assert.equal(parseBytes(exactBytes(bytes)), bytes);
});

test("sizes are parsed in common notations, and invalid ones are rejected", () => {
  for (const [text, bytes] of [
    ["5", 5],
    ["1000000000000000", 10 ** 15],
    ["2K", 2048],
    ["500 MB", 500 * 2 ** 20],
    ["1.5G", 1.5 * 2 ** 30],
    ["2tib", 2 * 2 ** 40],
    ["8191T", 8191 * 2 ** 40],
  ] as const)
    assert.equal(parseBytes(text), bytes, text);
  for (const text of ["", "-1", "1.5", "5X", "G", "1e9", "8192T", "1.5.5G", "5  M"])
    assert.equal(parseBytes(text), undefined, text);
});
