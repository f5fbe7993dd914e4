import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { fc } from "@holdfast/tools/properties";
import { decodePatch, encodePatch } from "./patch.ts";

const mib = 1024 * 1024;

function noise(length: number): Buffer {
  return createHash("shake256", { outputLength: length }).update("patch").digest();
}

function refused(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.code === "invalid_field";
}

test("a few changed bytes in a block of any size give a small patch", () => {
  for (const length of [300_000, mib, 4 * mib - 1]) {
    const base = noise(length);
    const next = Buffer.concat([base.subarray(0, 100_000), Buffer.from("edit"), base.subarray(100_003)]);
    const payload = encodePatch(base, next);
    assert.ok(payload !== undefined && payload.length < 2048, `${payload?.length} bytes`);
    assert.deepEqual(Buffer.from(decodePatch(base, payload, next.length)), next);
  }
});

test("blocks without common content, and tiny ones, have no patch", () => {
  assert.equal(encodePatch(noise(mib).subarray(0, mib / 2), noise(mib).subarray(mib / 2)), undefined);
  assert.equal(encodePatch(Buffer.from("a base of a few bytes"), Buffer.from("next")), undefined);
  assert.equal(encodePatch(Buffer.from("short"), Buffer.alloc(1000)), undefined);
});

test("a base that looks like a trained dictionary is rejected on both sides", () => {
  const base = Buffer.concat([Buffer.from("37a430ec", "hex"), noise(5000)]);
  assert.equal(encodePatch(base, base), undefined);
  assert.throws(() => decodePatch(base, Buffer.alloc(20), 5004), refused);
});

test("any two blocks of the minimum length give a patch that turns one into the other, or none", () => {
  const bytes = fc.uint8Array({ minLength: 8, maxLength: 600 });
  fc.assert(
    fc.property(bytes, bytes, (base, tail) => {
      const next = Buffer.concat([base, tail]);
      const payload = encodePatch(base, next);
      if (payload !== undefined) assert.deepEqual(Buffer.from(decodePatch(base, payload, next.length)), next);
    }),
  );
});

test("a damaged patch decodes to the declared length or is rejected", () => {
  const base = noise(3000);
  const next = Buffer.concat([base, base]);
  const payload = encodePatch(base, next);
  assert.ok(payload !== undefined);
  fc.assert(
    fc.property(fc.nat(payload.length - 1), fc.nat(255), fc.integer({ min: 1, max: 7000 }), (at, value, size) => {
      const damaged = Uint8Array.from(payload);
      damaged[at] = value;
      try {
        assert.equal(decodePatch(base, damaged, size).length, size);
      } catch (thrown) {
        if (!refused(thrown)) throw thrown;
      }
    }),
  );
});
