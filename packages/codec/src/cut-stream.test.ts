import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import { cutBlocks } from "@holdfast/core/chunker";
import { sha256 } from "@holdfast/core/hash";
import { contentOf, cutPlans, slicesOf as cutAt, slicings } from "@holdfast/core/testing-cuts";
import { fc } from "@holdfast/tools/properties";
import { isLongTier } from "@holdfast/tools/tiers";
import { decodeFrame } from "./codec.ts";
import { cutStream } from "./cut-stream.ts";
import type { CutStreamOptions, StreamBlock } from "./cut-stream.ts";
import { startCodecPool } from "./pool.ts";

const mib = 1024 * 1024;
const pools = [startCodecPool({ threads: 1 }), startCodecPool({ threads: 2 })] as const;
after(() => Promise.all(pools.map((pool) => pool.close())));

/** Returns noise with runs of zeros, so that both codecs and both kinds of splits occur. */
function sample(length: number, seed: number): Buffer {
  const bytes = createHash("shake256", { outputLength: length }).update(String(seed)).digest();
  return bytes.fill(0, Math.floor(length / 4), Math.floor(length / 2));
}

/** Yields slices that become invalid at the next request, like reused buffers. */
async function* slicesOf(bytes: Uint8Array, sliceBytes: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += sliceBytes) {
    const slice = Uint8Array.from(bytes.subarray(start, start + sliceBytes));
    yield slice;
    slice.fill(0xee);
  }
}

async function collect(
  bytes: Uint8Array,
  sliceBytes: number,
  options: CutStreamOptions & { threads: 1 | 2 },
): Promise<StreamBlock[]> {
  const pool = pools[options.threads - 1] ?? pools[0];
  return (await Array.fromAsync(cutStream(pool, slicesOf(bytes, sliceBytes), options))).flat();
}

test("a stream is cut into the same blocks with any slices, pieces and threads", async () => {
  const input = fc.record({
    length: fc.oneof(fc.nat(300_000), fc.nat(11 * mib)),
    seed: fc.nat(),
    sliceBytes: fc.oneof(fc.integer({ min: 5000, max: 100_000 }), fc.integer({ min: mib, max: 12 * mib })),
    pieceBytes: fc.oneof(fc.integer({ min: 50_000, max: mib }), fc.constant(3 * mib)),
    threads: fc.constantFrom<1 | 2>(1, 2),
    compress: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(input, async ({ length, seed, sliceBytes, ...options }) => {
      const bytes = sample(length, seed);
      const whole: { sha256: string; sizeBytes: number }[] = [];
      const blocks = await collect(bytes, sliceBytes, { ...options, onWhole: (value) => whole.push(value) });
      const expected = cutBlocks(bytes, true).blocks.map(({ start, end }) => ({
        offset: start,
        size: end - start,
        hash: sha256(bytes.subarray(start, end)),
      }));
      assert.deepEqual(
        blocks.map(({ offset, size, hash }) => ({ offset, size, hash })),
        expected,
      );
      for (const { codec, payload, size, hash } of blocks)
        assert.equal(sha256(decodeFrame(codec, payload, size)), hash);
      assert.deepEqual(whole, [{ sha256: sha256(bytes), sizeBytes: length }]);
      if (!options.compress) assert.ok(blocks.every(({ codec }) => codec === "raw"));
    }),
    { numRuns: isLongTier ? 40 : 8 },
  );
});

test("a stream is cut correctly around every length in the chunker's rules, with any slices and pieces", async () => {
  const cases = cutPlans.map(contentOf).chain((content) =>
    fc.record({
      content: fc.constant(content),
      sliceEnds: slicings(content),
      // From less than a block to more than everything, and next to a split.
      pieceBytes: fc.oneof(
        fc.integer({ min: 50_000, max: 3 * mib }),
        fc.constantFrom(mib / 4, mib / 4 + 1, mib / 2, 4 * mib, 13 * mib),
        fc.constantFrom(...content.ends.flatMap((end) => [end - 1, end, end + 1]), mib).filter((each) => each > 50_000),
      ),
      threads: fc.constantFrom<1 | 2>(1, 2),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ content: { bytes, ends }, sliceEnds, pieceBytes, threads }) => {
      const pool = pools[threads - 1] ?? pools[0];
      async function* slices(): AsyncGenerator<Uint8Array> {
        for (const slice of cutAt(bytes, sliceEnds)) {
          yield slice;
          slice.fill(0xee);
        }
      }
      const blocks = (await Array.fromAsync(cutStream(pool, slices(), { compress: false, pieceBytes }))).flat();
      assert.deepEqual(
        blocks.map(({ offset, size }) => offset + size),
        ends,
      );
      for (const { hash, offset, size } of blocks) assert.equal(hash, sha256(bytes.subarray(offset, offset + size)));
    }),
    { numRuns: isLongTier ? 80 : 15 },
  );
});

test("an empty stream has no blocks, and a small file has one on a buffer of its length", async () => {
  assert.deepEqual(await collect(Buffer.alloc(0), 1, { compress: true, threads: 1 }), []);
  const [block, ...others] = await collect(sample(20_000, 1), 7000, { compress: false, threads: 2 });
  assert.equal(others.length, 0);
  assert.equal(block?.payload.buffer.byteLength, 20_000);
});

test("an error of the source reaches the consumer", async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield sample(9 * mib, 2);
    throw new Error("the disk is gone");
  }
  const blocks = cutStream(pools[1], failing(), { compress: false, pieceBytes: mib });
  await assert.rejects(Array.fromAsync(blocks), /the disk is gone/);
});

test("a consumer that stops early ends the source, which was read at most a few pieces ahead", async () => {
  let given = 0;
  let ended = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        given += 1;
        yield sample(mib, given);
      }
    } finally {
      ended = true;
    }
  }
  const blocks = cutStream(pools[1], endless(), { compress: false, pieceBytes: 2 * mib });
  assert.equal((await blocks.next()).done, false);
  await blocks.return();
  assert.equal(ended, true);
  assert.ok(given <= 14, `${given} MiB were read`);
});
