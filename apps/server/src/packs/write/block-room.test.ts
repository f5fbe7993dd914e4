import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { encodeFrame, readFrames } from "@holdfast/protocol/frames";
import { fc } from "@holdfast/tools/properties";
import { BlockRoom } from "./block-room.ts";
import { blockOf } from "../testing.ts";
import { freeBytes, passingSlices } from "../format/freed-bytes.ts";
import { tagBytes } from "../format/pack-format.ts";
import { slabsOfPlaced } from "../format/slab.ts";
import { slabBytes, SlabStock } from "../format/slab-stock.ts";

test("payloads are placed with room for their tags, and closed slabs are no longer written (random)", () => {
  const lengths = fc.array(
    fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: limits.blockBytesMax })),
    {
      minLength: 1,
      maxLength: 12,
    },
  );
  fc.assert(
    fc.property(lengths, fc.option(fc.nat(40_000_000), { nil: undefined }), (list, expected) => {
      const room = new BlockRoom(new SlabStock(0), expected);
      const ends = new Map<ArrayBufferLike, number>();
      for (const length of list) {
        const payload = room.place(length);
        assert.equal(payload.length, length);
        assert.ok(payload.byteOffset >= (ends.get(payload.buffer) ?? 0));
        ends.set(payload.buffer, payload.byteOffset + length + tagBytes);
        assert.ok(payload.byteOffset + length + tagBytes <= payload.buffer.byteLength);
        assert.ok(room.isOpen(payload));
        for (const buffer of ends.keys()) assert.equal(room.isOpen(new Uint8Array(buffer)), buffer === payload.buffer);
      }
      room.close();
      assert.equal(
        room.closedBytes,
        list.reduce((sum, length) => sum + length + tagBytes, 0),
      );
    }),
    { numRuns: 50 },
  );
});

test("a slab ends before it exceeds the blocks of a pack", () => {
  const room = new BlockRoom(new SlabStock(0), undefined);
  const buffers = new Set(Array.from({ length: 3000 }, () => room.place(1).buffer));
  assert.equal(buffers.size, 2);
});

test("returned slabs are reused up to the limit, except those of other sizes", () => {
  const stock = new SlabStock(slabBytes);
  const [first, second, small] = [stock.take(slabBytes), stock.take(slabBytes), stock.take(100)];
  assert.equal(small.byteLength, 100);
  for (const buffer of [first, second, small]) stock.giveBack(buffer);
  assert.equal(second.byteLength, 0);
  assert.equal(stock.take(slabBytes), first);
  assert.notEqual(stock.take(100), small);
});

test("frames are placed intact for any slices, although each slice is freed (random)", async () => {
  const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 9000 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(payloads, fc.integer({ min: 4096, max: 9000 }), async (list, sliceBytes) => {
      const blocks = list.map(blockOf);
      const frames = blocks.map(({ hash, sizeBytes: size, payload }) =>
        encodeFrame({ kind: "raw", hash, size, payload }),
      );
      const body = Buffer.concat(frames.flat());
      const slices: Buffer[] = [];
      for (let at = 0; at < body.length; at += sliceBytes) {
        slices.push(Buffer.from(new Uint8Array(body.subarray(at, at + sliceBytes)).buffer));
      }
      const stream = Object.assign(Readable.from(slices), { ownSlices: true as const });
      const room = new BlockRoom(new SlabStock(0), body.length);
      const read = (await Array.fromAsync(readFrames(passingSlices(stream), { place: room.place }))).flat();
      assert.ok(
        slices.every((slice, index) => slice.length === 0 || index === slices.length - 1 || slice.length < 4096),
      );
      assert.deepEqual(
        read.map(({ payload }) => Buffer.from(payload).toString("hex")),
        list.map((each) => Buffer.from(each).toString("hex")),
      );
      const placed = slabsOfPlaced(
        read.map(({ hash, size, payload }) => ({
          hash,
          sizeBytes: size,
          codec: "raw",
          payload,
          verified: false,
          placed: true,
        })),
      );
      assert.equal(placed.length, 1);
    }),
    { numRuns: 30 },
  );
});

test("bytes that share their buffer are not freed", () => {
  const whole = new Uint8Array(8192);
  freeBytes(whole.subarray(0, 5000));
  assert.equal(whole.length, 8192);
  freeBytes(whole);
  assert.equal(whole.length, 0);
});
