import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, parseBytes } from "./format-bytes.ts";

test("sizes are told in powers of 1024, with their own names", () => {
  for (const [bytes, text] of [
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [20 * 2 ** 20, "20 MiB"],
    [1e9, "954 MiB"],
    [2 ** 60, "1024 PiB"],
  ] as const)
    assert.equal(formatBytes(bytes), text);
});

test("sizes are read as people write them, and what is none is told apart", () => {
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
