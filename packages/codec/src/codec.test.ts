import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { constants, zstdCompressSync } from "node:zlib";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { limits } from "@holdfast/core/limits";
import { fc } from "@holdfast/tools/properties";
import { decodeFrame, isWorthCompressing, probeCompress, verifyFrame } from "./codec.ts";
import { withoutEmptyFrame, zstdProblem } from "./zstd-frame.ts";

const mib = 1024 * 1024;
const text = Buffer.from("No byte lost, and nobody reads what they may not. ".repeat(400));

/** Returns incompressible bytes, equal in every run. */
function noise(length: number, seed = "noise"): Buffer {
  return createHash("shake256", { outputLength: length }).update(seed).digest();
}

function refused(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.code === "invalid_field";
}

function refusedFor(part: RegExp): (thrown: unknown) => boolean {
  return (thrown) => refused(thrown) && thrown instanceof Error && part.test(thrown.message);
}

test("blocks of any content survive encoding and decoding", () => {
  const mixed = Buffer.concat([text, noise(2 * mib), Buffer.alloc(mib)]);
  const fixed = [Buffer.of(7), text, noise(100), noise(mib), Buffer.alloc(limits.blockBytesMax), mixed];
  for (const bytes of fixed) {
    const { codec, payload } = probeCompress(bytes);
    assert.deepEqual(Buffer.from(decodeFrame(codec, payload, bytes.length)), bytes);
  }
  const kinds = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.integer({ min: 1, max: 300 }));
  fc.assert(
    fc.property(kinds, ([unit, times]) => {
      const bytes = Buffer.concat(Array.from({ length: times }, () => unit));
      const { codec, payload } = probeCompress(bytes);
      assert.ok(payload.length <= bytes.length);
      assert.deepEqual(Buffer.from(decodeFrame(codec, payload, bytes.length)), bytes);
    }),
  );
});

test("compressible blocks are compressed, and others stay raw", () => {
  assert.equal(probeCompress(text).codec, "zstd");
  assert.equal(probeCompress(Buffer.alloc(4 * mib)).codec, "zstd");
  assert.equal(probeCompress(noise(20)).codec, "raw");
  assert.equal(probeCompress(noise(100_000)).codec, "raw");
  assert.equal(probeCompress(noise(4 * mib)).codec, "raw");
});

test("a zstd payload is rejected unless it is exactly one plain frame of the declared size", () => {
  const good = zstdCompressSync(text);
  const checksummed = zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const skippable = Buffer.concat([Buffer.from("502a4d1804000000abcdef00", "hex"), good]);
  const unsized = zstdCompressSync(text, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } });
  const empty = zstdCompressSync(Buffer.alloc(0));
  assert.equal(decodeFrame("zstd", good, text.length).length, text.length);
  assert.equal(decodeFrame("zstd", checksummed, text.length).length, text.length);
  const cases: [Buffer, number, RegExp][] = [
    [good, text.length + 1, /declares \d+ bytes, not/],
    [good, text.length - 1, /declares \d+ bytes, not/],
    [Buffer.concat([good, Buffer.of(0)]), text.length, /followed by 1 bytes/],
    [Buffer.concat([good, empty]), text.length, /followed by/],
    [Buffer.concat([good, skippable.subarray(0, 12)]), text.length, /followed by 12/],
    [skippable, text.length, /not a zstd frame/],
    [unsized, text.length, /does not declare/],
    [good.subarray(0, -1), text.length, /cut short/],
    [checksummed.subarray(0, -1), text.length, /cut short/],
    [withByte(good, 4, (byte) => byte | 0x01), text.length, /dictionary/],
    [withByte(good, 4, (byte) => byte | 0x08), text.length, /reserved bit/],
    [withByte(checksummed, checksummed.length - 1, (byte) => byte ^ 1), text.length, /does not decode/],
    [zstdCompressSync(noise(500)), 500, /not less than/],
    [Buffer.alloc(0), 5, /not a zstd frame/],
  ];
  for (const [payload, size, part] of cases) {
    assert.throws(() => decodeFrame("zstd", payload, size), refusedFor(part), String(part));
  }
});

test("a single empty frame after the frame is removed, and nothing else", () => {
  const good = zstdCompressSync(text);
  const empty = Buffer.from("28b52ffd2000010000", "hex");
  const taken = (...parts: Uint8Array[]) => Buffer.from(withoutEmptyFrame(Buffer.concat(parts), text.length));
  assert.deepEqual(taken(good, empty), good);
  assert.deepEqual(taken(good), good);
  for (const parts of [
    [good, empty, empty],
    [good, empty.subarray(1)],
    [good, good.subarray(0, 9)],
    [good.subarray(1), empty],
    [empty],
    [],
  ])
    assert.deepEqual(taken(...parts), Buffer.concat(parts));
  const plain = Buffer.concat([noise(200), empty]);
  const frame = zstdCompressSync(plain);
  assert.deepEqual(frame.subarray(-9), empty);
  assert.equal(withoutEmptyFrame(frame, plain.length), frame);
});

test("a window of more than 4 MiB is rejected by its header alone", () => {
  const header = (window: number): Buffer =>
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x80, window, 0, 1, 0, 0, 3, 0, 0, 65]);
  assert.equal(zstdProblem(header(12 << 3), 256), undefined);
  assert.match(zstdProblem(header((12 << 3) | 1), 256) ?? "", /window of 4718592 bytes/);
  assert.match(zstdProblem(header(0xff), 256) ?? "", /window of \d+ bytes/);
});

test("a frame with more content than it declares is stopped at the declared size", () => {
  const bomb = zstdCompressSync(Buffer.alloc(64 * mib));
  assert.throws(() => decodeFrame("zstd", bomb, 4 * mib), refused);
  const lying = Buffer.from(bomb);
  lying.writeUInt32LE(4 * mib, bomb[4] === 0xa0 ? 5 : 6);
  assert.throws(() => decodeFrame("zstd", lying, 4 * mib), refused);
});

test("any payload gives the declared bytes or a HoldfastError", () => {
  const valid = fc
    .uint8Array({ minLength: 20, maxLength: 200 })
    .map((unit) => zstdCompressSync(Buffer.concat(Array.from({ length: 30 }, () => unit))));
  const damaged = fc.tuple(valid, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 })).map(([frame, edits]) => {
    const bytes = Buffer.from(frame);
    for (const [at, value] of edits) bytes[at % bytes.length] = value;
    return bytes;
  });
  const headed = fc.uint8Array({ maxLength: 60 }).map((rest) => Buffer.concat([Buffer.from("28b52ffd", "hex"), rest]));
  const payloads = fc.oneof(fc.uint8Array({ maxLength: 100 }), damaged, headed);
  const sizes = fc.oneof(fc.integer({ min: 1, max: 7000 }), fc.constant(limits.blockBytesMax));
  fc.assert(
    fc.property(payloads, sizes, (payload, size) => {
      try {
        assert.equal(decodeFrame("zstd", payload, size).length, size);
      } catch (thrown) {
        if (!refused(thrown)) throw thrown;
      }
    }),
    { numRuns: 1000 },
  );
});

test("a frame is accepted only if its bytes match its hash", () => {
  const { codec, payload } = probeCompress(text);
  const frame = { kind: codec, hash: sha256(text), size: text.length, payload };
  assert.deepEqual(Buffer.from(verifyFrame(frame)), text);
  assert.throws(
    () => verifyFrame({ ...frame, hash: sha256(payload) }),
    (thrown) => thrown instanceof HoldfastError && thrown.code === "hash_mismatch",
  );
  assert.throws(() => verifyFrame({ ...frame, kind: "raw" }), refusedFor(/carries/));
});

function withByte(bytes: Buffer, at: number, change: (byte: number) => number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = change(changed[at] ?? 0);
  return changed;
}

test("a block of a few bytes is sent raw, and sets up no compressor", () => {
  assert.deepEqual(probeCompress(Buffer.alloc(63)), { codec: "raw", payload: Buffer.alloc(63) });
  assert.equal(isWorthCompressing(Buffer.alloc(63)), false);
  assert.equal(probeCompress(Buffer.alloc(64)).codec, "zstd");
});

test("a small block is compressed unless its byte distribution is that of noise", () => {
  const random = createHash("shake256", { outputLength: 40_000 }).update("noise").digest();
  for (const length of [1024, 1500, 5000, 40_000]) assert.equal(probeCompress(random.subarray(0, length)).codec, "raw");
  const even = Uint8Array.from({ length: 20_000 }, (_, index) => index);
  const letters = random.map((byte) => 97 + (byte % 26));
  const repeated = Buffer.concat([random.subarray(0, 700), random.subarray(0, 700), random.subarray(0, 700)]);
  for (const bytes of [even, letters, repeated]) assert.equal(probeCompress(bytes).codec, "zstd");
});
