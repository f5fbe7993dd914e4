import assert from "node:assert/strict";
import { test } from "node:test";
import { UploadPace } from "./upload-pace.ts";

const mib = 1024 * 1024;

test("a request that begins small doubles until the first break, and grows by a quarter from then on", () => {
  const pace = new UploadPace(16 * mib, mib);
  for (const size of [1, 2, 4, 8, 16, 16]) {
    assert.equal(pace.bytes, size * mib);
    pace.arrived(pace.bytes);
  }
  pace.cut();
  pace.arrived(pace.bytes);
  assert.equal(pace.bytes, 10 * mib);
});

test("a small request says nothing about the next one", () => {
  const pace = new UploadPace(16 * mib, mib);
  pace.arrived(1000);
  assert.equal(pace.bytes, mib);
});
