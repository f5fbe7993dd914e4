import assert from "node:assert/strict";
import { test } from "node:test";
import { probeCompress } from "@holdfast/codec/codec";
import { hexText } from "@holdfast/codec/testing";
import { sha256 } from "@holdfast/core/hash";
import { fc } from "@holdfast/tools/properties";
import type { IncomingBlock } from "./incoming-block.ts";
import { packIdOf, tagBytes } from "./pack-format.ts";
import { type SealInput, sealPack } from "./pack.ts";
import { sealAndCheck } from "./seal-and-check.ts";
import { fillSlabs } from "./slab.ts";
import { SlabStock } from "./slab-stock.ts";

const stock = new SlabStock(0);

const drawn = fc.array(fc.record({ length: fc.integer({ min: 1, max: 3000 }), compress: fc.boolean() }), {
  minLength: 1,
  maxLength: 8,
});

function blocksOf(sizes: readonly { length: number; compress: boolean }[]): IncomingBlock[] {
  return sizes.map(({ length, compress }, index) => {
    const plain = hexText(`block ${index} `, length);
    const { codec, payload } = compress ? probeCompress(plain) : { codec: "raw" as const, payload: plain };
    return { hash: sha256(plain), sizeBytes: length, codec, payload, verified: true };
  });
}

function inputOf(blocks: readonly IncomingBlock[], id = 0xab): SealInput {
  const slabs = fillSlabs(blocks, stock);
  const records = slabs.flatMap((slab, number) =>
    slab.blocks.map(({ hash, size, codec, start, length }) => {
      return { hash: Buffer.from(hash, "hex"), sizeBytes: size, codec, slab: number, start, length };
    }),
  );
  const buffers = slabs.map(({ buffer }) => buffer);
  return { packId: packIdOf(Buffer.alloc(16, id)), epoch: 3, key: Buffer.alloc(32, id), slabs: buffers, records };
}

test("a checked pack is identical to the sealed one, byte for byte", () => {
  fc.assert(
    fc.property(drawn, (sizes) => {
      const blocks = blocksOf(sizes);
      const { pieces, faults } = sealAndCheck(inputOf(blocks));
      assert.deepEqual(faults, []);
      assert.deepEqual(Buffer.concat(pieces), Buffer.concat(sealPack(inputOf(blocks))));
    }),
  );
});

test("a bit flipped while sealing names the record or rejects the pack, and the rest can be sealed again", () => {
  fc.assert(
    fc.property(drawn, fc.nat(), fc.nat(7), (sizes, position, bit) => {
      const blocks = blocksOf(sizes);
      const input = inputOf(blocks);
      let hit: number | undefined;
      const broken = (given: SealInput) => {
        const pieces = sealPack(given);
        const total = pieces.reduce((sum, { length }) => sum + length, 0);
        let at = position % total;
        hit = recordAt(given, at);
        const piece = pieces.find(({ length }) => at < length || ((at -= length), false)) ?? assert.fail();
        piece[at] = (piece[at] ?? 0) ^ (1 << bit);
        return pieces;
      };
      if (recordAt(input, position % packBytesOf(input)) === undefined) {
        assert.throws(() => sealAndCheck(input, broken), { code: "internal" });
        return;
      }
      const { faults, slabs, pieces } = sealAndCheck(input, broken);
      assert.deepEqual(
        faults.map(({ index, isSealed }) => [index, isSealed]),
        [[hit, false]],
      );
      assert.deepEqual(pieces, []);
      for (const [index, { slab, start, length }] of input.records.entries()) {
        const payload = Buffer.from(slabs[slab] ?? assert.fail(), start, length);
        if (index !== hit) assert.ok(payload.equals(blocks[index]?.payload ?? assert.fail()), `record ${index}`);
      }
    }),
    { numRuns: 300 },
  );
});

test("a payload that does not match its block is named, whatever spoiled it", () => {
  const [raw, zstd, whole] = blocksOf([
    { length: 2000, compress: false },
    { length: 2000, compress: true },
    { length: 900, compress: true },
  ]);
  assert.ok(raw !== undefined && zstd !== undefined && whole !== undefined && zstd.codec === "zstd");
  const other = probeCompress(hexText("another", 2000));
  const spoilt = [
    { ...raw, payload: Buffer.from(raw.payload).fill(0, 1000, 1001) },
    { ...zstd, payload: Buffer.concat([zstd.payload, Buffer.of(0)]) },
    { ...zstd, payload: other.payload },
  ];
  const { faults } = sealAndCheck(inputOf([whole, ...spoilt, whole]));
  assert.deepEqual(
    faults.map(({ index, reason, isSealed }) => [index, reason, isSealed]),
    [
      [1, "the block has a different hash", true],
      [2, "the block cannot be decoded", true],
      [3, "the block has a different hash", true],
    ],
  );
});

test("every long raw record is read back", () => {
  const blocks = blocksOf(Array.from({ length: 16 }, (_, index) => ({ length: 66_000 + index, compress: false })));
  const spoils = (wanted: (index: number) => boolean) => (given: SealInput) => {
    const pieces = sealPack(given);
    for (const [index, { slab, start }] of given.records.entries()) {
      const bytes = new Uint8Array(given.slabs[slab] ?? assert.fail());
      if (wanted(index)) bytes[start] = (bytes[start] ?? 0) ^ 1;
    }
    return pieces;
  };
  for (const index of blocks.keys()) {
    const { faults } = sealAndCheck(
      inputOf(blocks, index),
      spoils((each) => each === index),
    );
    assert.deepEqual(
      faults.map((fault) => fault.index),
      [index],
    );
  }
  const { faults } = sealAndCheck(
    inputOf(blocks, 3),
    spoils((index) => index > 1),
  );
  assert.equal(faults.length, 14);
});

test("every long compressed record is read back", () => {
  const blocks = blocksOf(Array.from({ length: 9 }, (_, index) => ({ length: 300_000 + index, compress: true })));
  assert.ok(blocks.every(({ codec, payload }) => codec === "zstd" && payload.length > 100_000));
  for (const [index, block] of blocks.entries()) {
    const spoilt = { ...block, payload: Buffer.from(block.payload).fill(0, 90_000, 90_010) };
    const { faults } = sealAndCheck(inputOf(blocks.with(index, spoilt)));
    assert.deepEqual(
      faults.map((fault) => fault.index),
      [index],
    );
  }
});

function headBytesOf({ records }: SealInput): number {
  return 38 + 4 * records.length;
}

function packBytesOf(input: SealInput): number {
  const records = input.records.reduce((sum, { length }) => sum + length + tagBytes, 0);
  return headBytesOf(input) + records + 37 * input.records.length + tagBytes;
}

function recordAt(input: SealInput, at: number): number | undefined {
  let end = headBytesOf(input);
  if (at < end) return undefined;
  const index = input.records.findIndex(({ length }) => at < (end += length + tagBytes));
  return index === -1 ? undefined : index;
}
