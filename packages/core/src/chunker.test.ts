import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { gearV1 } from "./chunker-gear.ts";
import { Chunker, chunkerV1, cutBlocks, nextCut } from "./chunker.ts";

const mib = 1024 * 1024;

/** The input of the test vectors in docs/format.md: xorshift32 from `seed`, each state as four bytes, little-endian. */
function pseudoRandom(seed: number, length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed >>> 0;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

function sizesOf(bytes: Uint8Array): number[] {
  return cutBlocks(bytes, true).blocks.map(({ start, end }) => end - start);
}

test("the test vectors of docs/format.md are cut as written there", () => {
  assert.deepEqual(
    sizesOf(pseudoRandom(1, 16 * mib)),
    [
      1_092_030, 1_543_463, 1_255_993, 992_610, 1_352_069, 1_087_205, 1_384_003, 1_306_024, 1_748_358, 1_254_800,
      1_488_813, 648_023, 1_623_825,
    ],
  );
  assert.deepEqual(sizesOf(new Uint8Array(9 * mib)), [4 * mib, 4 * mib, mib]);
  assert.deepEqual(sizesOf(pseudoRandom(1, 262_144)), [262_144]);
  assert.deepEqual(sizesOf(new Uint8Array(0)), []);
});

test("the gear table is the one that docs/format.md derives", () => {
  const derived = Array.from({ length: 256 }, (_, byte) =>
    hash("sha256", Buffer.concat([Buffer.from("hf-gear-1"), Buffer.from([byte])]), "buffer").readInt32BE(0),
  );
  assert.deepEqual([...gearV1], derived);
});

test("no run of one repeated byte meets a mask", () => {
  for (const gear of gearV1) assert.notEqual(-gear & chunkerV1.maskAboveAverage, 0);
});

test("however a stream is sliced, it is cut in the same places", () => {
  const slicing = fc.record({
    seed: fc.integer({ min: 1, max: 0xffff_ffff }),
    length: fc.integer({ min: 0, max: 7 * mib }),
    repeat: fc.constantFrom(0, 1, 2 * mib),
    slices: fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 2 * mib })), {
      maxLength: 40,
    }),
  });
  fc.assert(
    fc.property(slicing, ({ seed, length, repeat, slices }) => {
      const bytes = pseudoRandom(seed, length);
      if (repeat > 0) bytes.fill(seed & 0xff, Math.floor(length / 3), Math.floor(length / 3) + repeat);
      assert.deepEqual(
        streamedEnds(bytes, slices),
        cutBlocks(bytes, true).blocks.map(({ end }) => end),
      );
    }),
    { numRuns: 25 },
  );
});

test("a slice that ends just before a cut does not move it", () => {
  const bytes = pseudoRandom(5, 3 * mib);
  const ends = cutBlocks(bytes, true).blocks.map(({ end }) => end);
  const [first] = ends;
  assert.ok(first !== undefined && first < chunkerV1.bytesMax);
  for (let before = 0; before < 33; before += 1) assert.deepEqual(streamedEnds(bytes, [first - before]), ends);
});

test("each block of a stream starts with a hash of 0", () => {
  const bytes = new Uint8Array(2 * chunkerV1.bytesMax);
  const at = chunkerV1.bytesMax + chunkerV1.bytesMin;
  bytes.set(earlyCut(), at);
  assert.deepEqual(streamedEnds(bytes, []).slice(0, 2), [chunkerV1.bytesMax, at + 3]);
});

test("a cut that is found before the end is known is the cut of the whole", () => {
  const bytes = pseudoRandom(7, 6 * mib);
  const first = nextCut(bytes, 0, bytes.length, true);
  assert.ok(first !== undefined);
  assert.equal(nextCut(bytes, 0, first, false), first);
  assert.equal(nextCut(bytes, 0, first - 1, false), undefined);
  assert.equal(nextCut(bytes, 0, first - 1, true), first - 1);
  assert.equal(nextCut(bytes, first, first, true), undefined);
});

test("blocks cover the input and keep to the sizes", () => {
  const bytes = pseudoRandom(11, 64 * mib);
  const { blocks, consumed } = cutBlocks(bytes, false);
  assert.equal(consumed, blocks.at(-1)?.end);
  let previous = 0;
  for (const { start, end } of blocks) {
    assert.equal(start, previous);
    assert.ok(end - start > chunkerV1.bytesMin && end - start <= chunkerV1.bytesMax);
    previous = end;
  }
  const average = consumed / blocks.length;
  assert.ok(average > 0.9 * mib && average < 1.5 * mib, `the average is ${average}`);
});

test("an inserted byte changes few blocks", () => {
  const bytes = pseudoRandom(3, 32 * mib);
  const at = 9_000_000;
  const edited = new Uint8Array(bytes.length + 1);
  edited.set(bytes.subarray(0, at));
  edited.set(bytes.subarray(at), at + 1);
  const before = new Set(namesOf(bytes));
  const added = namesOf(edited).filter((name) => !before.has(name));
  assert.ok(added.length <= 4, `${added.length} blocks are new`);
});

/** Three bytes that meet the mask when the hash before them is 0. */
function earlyCut(): number[] {
  for (let number = 0; number < 2 ** 24; number += 1) {
    const bytes = [number & 0xff, (number >> 8) & 0xff, number >> 16];
    const gear = bytes.reduce((sum, byte) => ((sum << 1) + (gearV1[byte] ?? 0)) | 0, 0);
    if ((gear & chunkerV1.maskBelowAverage) === 0) return bytes;
  }
  throw new Error("The gear table has no such three bytes.");
}

function namesOf(bytes: Uint8Array): string[] {
  return cutBlocks(bytes, true).blocks.map(({ start, end }) => hash("sha256", bytes.subarray(start, end)));
}

function streamedEnds(bytes: Uint8Array, slices: readonly number[]): number[] {
  const chunker = new Chunker();
  const ends: number[] = [];
  let position = 0;
  for (const length of [...slices, bytes.length]) {
    ends.push(...chunker.push(bytes.subarray(position, position + length)));
    position = Math.min(bytes.length, position + length);
  }
  const last = chunker.finish();
  return last === undefined ? ends : [...ends, last];
}
