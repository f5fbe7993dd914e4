import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes } from "./format-bytes.ts";

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
