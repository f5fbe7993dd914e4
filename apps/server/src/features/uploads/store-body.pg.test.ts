import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { cutBlocks } from "@holdfast/core/chunker";
import { sha256 } from "@holdfast/core/hash";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { contentOf, cutPlans, slicesOf, slicings } from "@holdfast/core/testing-cuts";
import { fc } from "@holdfast/tools/properties";
import { isLongTier } from "@holdfast/tools/tiers";
import type { TestSpace } from "../../tree/testing/testing.ts";
import { BodiesAtWork } from "./bodies-at-work.ts";
import { BodySource } from "./body-source.ts";
import { SeenHashes } from "./seen-hashes.ts";
import { storeBody } from "./store-body.ts";
import { bodyOf, bytesOf, startUploadWorld, type UploadWorld } from "./testing.ts";

const mib = 1024 * 1024;
let world: UploadWorld;
before(async () => {
  world = await startUploadWorld();
});
after(() => world.stop());

function portsOf({ committer }: TestSpace) {
  return {
    shards: world.databases.shards,
    blocks: world.blocks,
    codec: world.pool,
    committer,
    clock: world.clock,
    random: () => new Uint8Array(8),
    crashPoint: () => {},
    hashes: new SeenHashes(),
    bodies: new BodiesAtWork(),
    pieceBytes: () => 4 * mib,
    lifetimeMs: 1000,
  };
}

test("a body is cut correctly near every chunker limit, for any slices, pieces and earlier end", async () => {
  const space = await world.space();
  const { spaceId, userId } = space.caller;
  const ports = portsOf(space);
  const cases = cutPlans.map(contentOf).chain((content) =>
    fc.record({
      content: fc.constant(content),
      split: slicings(content),
      sliceEnds: slicings(content),
      pieceBytes: fc.oneof(fc.integer({ min: 50_000, max: 4 * mib }), fc.constantFrom(mib / 4, mib / 2, 4 * mib)),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ content: { bytes, ends }, split, sliceEnds, pieceBytes }) => {
      const sizes: number[] = [];
      const at = split[0] ?? 0;
      const store = (part: Uint8Array, sliced: readonly number[], left: Uint8Array, fileEnds: boolean) => {
        const slices = Readable.from(slicesOf(part, sliced).filter((slice) => slice.length > 0));
        const source = new BodySource(slices, { bytesMax: part.length, before: left });
        const onStored = async (stored: readonly ManifestEntry[]) => void sizes.push(...stored.map(({ size }) => size));
        return storeBody(ports, { spaceId, uploader: userId, pieceBytes, fileEnds: () => fileEnds, onStored }, source);
      };
      const until = sliceEnds.filter((end) => end < at);
      const tail = Buffer.from(await store(bytes.subarray(0, at), [...until, at], new Uint8Array(0), false));
      const rest = sliceEnds.filter((end) => end > at).map((end) => end - at);
      await store(bytes.subarray(at), rest, tail, true);
      let sum = 0;
      assert.deepEqual(
        sizes.map((size) => (sum += size)),
        ends,
      );
    }),
    { numRuns: isLongTier ? 30 : 6 },
  );
});

test("a body's blocks do not depend on its slices, piece size or an earlier request's end", async () => {
  const space = await world.space();
  const { spaceId, userId } = space.caller;
  const ports = portsOf(space);
  const store = async (bytes: Uint8Array, tail: Uint8Array, how: { slice: number; piece: number; ends: boolean }) => {
    const entries: ManifestEntry[] = [];
    const source = new BodySource(bodyOf(bytes, how.slice), { bytesMax: bytes.length, before: tail });
    const target = {
      spaceId,
      uploader: userId,
      pieceBytes: how.piece,
      fileEnds: () => how.ends,
      onStored: async (stored: readonly ManifestEntry[]) => void entries.push(...stored),
    };
    return { entries, tail: Buffer.from(await storeBody(ports, target, source)) };
  };
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 11 * mib }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom(997_000, 65_536, 5 * mib),
      fc.constantFrom(mib, 4 * mib, 100_000),
      async (size, part, slice, piece) => {
        const bytes = bytesOf(`body ${size % 7}`, size);
        const split = Math.floor(size * part);
        const first = await store(bytes.subarray(0, split), new Uint8Array(0), { slice, piece, ends: false });
        const rest = await store(bytes.subarray(split), first.tail, { slice, piece, ends: true });
        const blocks = cutBlocks(bytes, true).blocks.map(({ start, end }) => bytes.subarray(start, end));
        assert.deepEqual(
          [...first.entries, ...rest.entries],
          blocks.map((block) => ({ hash: sha256(block), size: block.length })),
        );
        assert.equal(rest.tail.length, 0);
      },
    ),
    { numRuns: isLongTier ? 24 : 6 },
  );
});
