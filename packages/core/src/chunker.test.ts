import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { gearV1 } from "./chunker-gear.ts";
import { chunkerV1, cutBlocks, nextCut } from "./chunker.ts";
import { contentOf, cutPlans, slicings } from "./testing-cuts.ts";

const mib = 1024 * 1024;

/** Input of the test vectors in docs/format.md: xorshift32 from `seed`, each state as four bytes, little-endian. */
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

test("the test vectors of docs/format.md are cut as documented", () => {
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

test("no run of one repeated byte matches a mask", () => {
  for (const gear of gearV1) assert.notEqual(-gear & chunkerV1.maskAboveAverage, 0);
});

test("blocks end at mask matches, the maximum length and the end of content, for every length in the rules", () => {
  fc.assert(
    fc.property(cutPlans, (plan) => {
      const { bytes, ends } = contentOf(plan);
      assert.deepEqual(
        cutBlocks(bytes, true).blocks.map(({ end }) => end),
        ends,
      );
    }),
    { numRuns: 60 },
  );
});

test("the first byte that may end a block follows the minimum, with a hash of that byte alone", () => {
  const bytes = new Uint8Array(2 * chunkerV1.bytesMax);
  const at = chunkerV1.bytesMax + chunkerV1.bytesMin;
  bytes.set(earlyCut(), at);
  assert.deepEqual(
    cutBlocks(bytes, true)
      .blocks.slice(0, 2)
      .map(({ end }) => end),
    [chunkerV1.bytesMax, at + 3],
  );
});

test("a prefix of the content has exactly the cuts of the whole content within it", () => {
  const cases = cutPlans.map(contentOf).chain((content) => fc.tuple(fc.constant(content), slicings(content)));
  fc.assert(
    fc.property(cases, ([{ bytes, named }, known]) => {
      for (const end of known) {
        const { blocks, consumed } = cutBlocks(bytes.subarray(0, end), false);
        const expected = named.filter((each) => each <= end);
        assert.deepEqual(
          blocks.map((block) => block.end),
          expected,
        );
        assert.equal(consumed, expected.at(-1) ?? 0);
      }
    }),
    { numRuns: 40 },
  );
});

test("a cut found before the end is known is a cut of the whole content", () => {
  const bytes = pseudoRandom(7, 6 * mib);
  const first = nextCut(bytes, 0, bytes.length, true);
  assert.ok(first !== undefined);
  assert.equal(nextCut(bytes, 0, first, false), first);
  assert.equal(nextCut(bytes, 0, first - 1, false), undefined);
  assert.equal(nextCut(bytes, 0, first - 1, true), first - 1);
  assert.equal(nextCut(bytes, first, first, true), undefined);
});

test("blocks cover the input and respect the size limits", () => {
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

/** Returns three bytes that meet the mask after a hash of 0. */
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
