import assert from "node:assert/strict";
import { test } from "node:test";
import { UploadPace } from "./upload-pace.ts";

const mib = 1024 * 1024;

test("an upload size doubles from a small start until the first break, and then grows by a quarter", () => {
  const pace = new UploadPace(16 * mib, mib);
  for (const size of [1, 2, 4, 8, 16, 16]) {
    assert.equal(pace.bytes, size * mib);
    pace.arrived(pace.bytes);
  }
  pace.cut();
  pace.arrived(pace.bytes);
  assert.equal(pace.bytes, 10 * mib);
});

test("a small request does not affect the size of the next one", () => {
  const pace = new UploadPace(16 * mib, mib);
  pace.arrived(1000);
  assert.equal(pace.bytes, mib);
});
