import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import { fc } from "@holdfast/tools/properties";
import { decodeFrame, probeCompress } from "./codec.ts";
import { decodePatch, encodePatch } from "./patch.ts";
import { beginningsAround, hexText } from "./testing.ts";
import { compressFrame } from "./zstd-compress.ts";

/** Default buffer size of Node's compressors. */
const bufferBytes = 16 * 1024;

const emptyFrame = Buffer.from("28b52ffd2000010000", "hex");

const steered = fc.record({ buffers: fc.integer({ min: 1, max: 9 }), seed: fc.string({ maxLength: 8 }) });

function noise(length: number, seed: string): Buffer {
  return createHash("shake256", { outputLength: length }).update(seed).digest();
}

test("a block's frame of any length around a multiple of the buffer passes the strict decoder", () => {
  fc.assert(
    fc.property(steered, ({ buffers, seed }) => {
      const text = hexText(seed, 2.5 * (buffers + 1) * bufferBytes);
      const lengthOf = (bytes: Uint8Array) => probeCompress(bytes).payload.length;
      const lengths = new Set<number>();
      for (const bytes of beginningsAround(text, buffers * bufferBytes, lengthOf)) {
        const { codec, payload } = probeCompress(bytes);
        assert.equal(codec, "zstd");
        assert.equal(sha256(decodeFrame(codec, payload, bytes.length)), sha256(bytes));
        lengths.add(payload.length - buffers * bufferBytes);
      }
      assert.ok(lengths.has(-1) || lengths.has(0) || lengths.has(1), `met only ${[...lengths].join(", ")}`);
    }),
    { numRuns: 12 },
  );
});

test("a patch's frame of any length around a multiple of the buffer passes the strict decoder", () => {
  fc.assert(
    fc.property(steered, ({ buffers, seed }) => {
      const base = noise(300_000, seed);
      const text = Buffer.concat([base, hexText(seed, 2.5 * (buffers + 1) * bufferBytes)]);
      const lengthOf = (next: Uint8Array) => encodePatch(base, next)?.length ?? 0;
      for (const next of beginningsAround(text, buffers * bufferBytes, lengthOf)) {
        const patch = encodePatch(base, next) ?? assert.fail("there is no patch");
        assert.equal(sha256(decodePatch(base, patch, next.length)), sha256(next));
      }
    }),
    { numRuns: 3 },
  );
});

test("if a compressor returns a wrong or invalid frame, the block is sent raw and without a patch", () => {
  const bytes = hexText("", 50_000);
  const base = bytes.subarray(0, 40_000);
  const breaks: ((frame: Uint8Array) => Uint8Array)[] = [
    (frame) => Buffer.concat([frame, emptyFrame]),
    (frame) => frame.subarray(0, -1),
    (frame) => frame.with(frame.length - 40, frame.at(-40)! ^ 1),
    (frame) => frame.with(5, frame[5]! ^ 1),
    () => compressFrame(hexText("another", bytes.length), { level: 1 }),
    () => new Uint8Array(0),
    () => {
      throw new RangeError("Array buffer allocation failed");
    },
  ];
  for (const [index, broken] of breaks.entries()) {
    const encoded = probeCompress(bytes, (plain) => broken(compressFrame(plain, { level: 1 })));
    assert.deepEqual([encoded.codec, encoded.payload === bytes], ["raw", true], `breaks[${index}]`);
    const patch = encodePatch(base, bytes, {}, (next, options) => broken(compressFrame(next, options)));
    assert.equal(patch, undefined, `breaks[${index}]`);
  }
  assert.equal(probeCompress(bytes, (plain) => compressFrame(plain, { level: 1 })).codec, "zstd");
  assert.notEqual(encodePatch(base, bytes, {}, compressFrame), undefined);
});
