import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { cutBlocks } from "@holdfast/core/chunker";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { contentOf, cutPlans } from "@holdfast/core/testing-cuts";
import { fc } from "@holdfast/tools/properties";
import { decodeFrame } from "./codec.ts";
import { cutFile } from "./cut-file.ts";
import { startCodecPool } from "./pool.ts";
import { SharedWindows } from "./shared-windows.ts";

const mib = 1024 * 1024;
const pool = startCodecPool({ threads: 2 });
const folder = mkdtempSync(join(tmpdir(), "holdfast-cut-file-"));
after(async () => {
  await pool.close();
  rmSync(folder, { recursive: true });
});

/** Returns noise with runs of zeros, so that both codecs and both kinds of splits occur. */
function sample(length: number, seed: number): Buffer {
  const bytes = createHash("shake256", { outputLength: length }).update(String(seed)).digest();
  return bytes.fill(0, Math.floor(length / 4), Math.floor(length / 2));
}

async function withFile<Result>(bytes: Uint8Array, use: (descriptor: number) => Promise<Result>): Promise<Result> {
  const path = join(folder, "file");
  writeFileSync(path, bytes);
  const descriptor = openSync(path, "r");
  try {
    return await use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

async function collect(descriptor: number, windows: SharedWindows, compress: boolean) {
  const blocks: { hash: string; size: number }[] = [];
  for await (const window of cutFile(pool, descriptor, { windows, compress })) {
    for (const { hash, size, codec, payload } of window.blocks) {
      assert.equal(sha256(decodeFrame(codec, Uint8Array.from(payload), size)), hash);
      blocks.push({ hash, size });
    }
    window.giveBack();
  }
  return blocks;
}

function expected(bytes: Uint8Array) {
  return cutBlocks(bytes, true).blocks.map(({ start, end }) => {
    return { hash: sha256(bytes.subarray(start, end)), size: end - start };
  });
}

test("a file is cut into the same blocks with any window sizes", async () => {
  const input = fc.record({
    length: fc.oneof(fc.nat(300_000), fc.nat(14 * mib), fc.constantFrom(0, 5 * mib, 10 * mib)),
    seed: fc.nat(),
    windowBytes: fc.constantFrom(4 * mib, 5 * mib),
    count: fc.integer({ min: 1, max: 3 }),
    compress: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(input, async ({ length, seed, windowBytes, count, compress }) => {
      const bytes = sample(length, seed);
      const windows = new SharedWindows(windowBytes, count);
      const blocks = await withFile(bytes, (descriptor) => collect(descriptor, windows, compress));
      assert.deepEqual(blocks, expected(bytes));
    }),
    { numRuns: 15 },
  );
});

test("a file is cut correctly around every length in the chunker's rules, with any window sizes", async () => {
  const cases = cutPlans.map(contentOf).chain((content) =>
    fc.record({
      content: fc.constant(content),
      windowBytes: fc.oneof(
        fc.integer({ min: 4 * mib, max: 9 * mib }),
        fc
          .constantFrom(...content.ends.flatMap((end) => [end - 1, end, end + 1]), 4 * mib)
          .filter((bytes) => bytes >= 4 * mib),
      ),
      compress: fc.boolean(),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ content: { bytes, ends }, windowBytes, compress }) => {
      const windows = new SharedWindows(windowBytes, 2);
      const blocks = await withFile(bytes, (descriptor) => collect(descriptor, windows, compress));
      const starts = [0, ...ends];
      assert.deepEqual(
        blocks,
        ends.map((end, index) => {
          const start = starts[index] ?? 0;
          return { hash: sha256(bytes.subarray(start, end)), size: end - start };
        }),
      );
    }),
    { numRuns: 30 },
  );
});

test("all files that share one window are completed", async () => {
  const bytes = sample(9 * mib, 7);
  const windows = new SharedWindows(4 * mib, 1);
  await withFile(bytes, async (descriptor) => {
    const each = await Promise.all([1, 2, 3].map(() => collect(descriptor, windows, true)));
    for (const blocks of each) assert.deepEqual(blocks, expected(bytes));
  });
});

test("a file that is abandoned or unreadable releases its windows", async () => {
  const windows = new SharedWindows(4 * mib, 2);
  await withFile(sample(12 * mib, 8), async (descriptor) => {
    const cutting = cutFile(pool, descriptor, { windows, compress: true });
    const first = await cutting.next();
    first.value?.giveBack();
    await cutting.return();
  });
  const noFile = openSync(folder, "r");
  await assert.rejects(collect(noFile, windows, true), (thrown: unknown) => {
    return thrown instanceof HoldfastError && thrown.code === "failed" && thrown.body["errno"] === "EISDIR";
  });
  closeSync(noFile);
  assert.ok(windows.takeFree() !== undefined && windows.takeFree() !== undefined, "a window is lost");
});
