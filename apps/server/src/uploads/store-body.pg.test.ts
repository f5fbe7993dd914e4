import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cutBlocks } from "@holdfast/core/chunker";
import { sha256 } from "@holdfast/core/hash";
import type { ManifestEntry } from "@holdfast/core/manifest";
import fc from "fast-check";
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

test("the blocks of a body do not depend on how it arrives, how large its pieces are, or where an earlier request ended", async () => {
  const space = await world.space();
  const { spaceId, userId } = space.caller;
  const ports = {
    shards: world.databases.shards,
    blocks: world.blocks,
    codec: world.pool,
    committer: space.committer,
    clock: world.clock,
    random: () => new Uint8Array(8),
    crashPoint: () => {},
    hashes: new SeenHashes(),
    bodies: new BodiesAtWork(),
    pieceBytes: () => 4 * mib,
  };
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
    { numRuns: 12 },
  );
});
