import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { seed } from "@holdfast/tools/properties";
import { contentStart, readZipDirectory, type ZipReader } from "./read-zip.ts";

const reader = (bytes: Buffer): ZipReader => ({
  sizeBytes: bytes.length,
  read: async (position, length) => bytes.subarray(position, position + length),
});

/**
 * Makes a zip like the server: stored, sizes after the content, a time in the extra field.
 * @param isLarge uses 64-bit numbers
 */
function makeZip(files: Readonly<Record<string, string>>, isLarge: boolean): Buffer {
  const pieces: Buffer[] = [];
  const records: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(files)) {
    const name = Buffer.from(path);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x0403_4b50, 0);
    head.writeUInt16LE(name.length, 26);
    head.writeUInt16LE(9, 28);
    const local = Buffer.concat([head, name, Buffer.alloc(9), Buffer.from(content), Buffer.alloc(16)]);
    const time = Buffer.from("5554050001000000000000000000".slice(0, 18), "hex");
    time.writeUInt16LE(5, 2);
    const large = Buffer.alloc(28);
    large.writeUInt16LE(1, 0);
    large.writeUInt16LE(24, 2);
    large.writeBigUInt64LE(BigInt(offset), 20);
    const extra = isLarge ? Buffer.concat([time, large]) : time;
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x0201_4b50, 0);
    record.writeUInt16LE(name.length, 28);
    record.writeUInt16LE(extra.length, 30);
    record.writeUInt32LE(isLarge ? 0xffff_ffff : offset, 42);
    records.push(record, name, extra);
    pieces.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(records);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x0605_4b50, 0);
  end.writeUInt32LE(isLarge ? 0xffff_ffff : directory.length, 12);
  end.writeUInt32LE(isLarge ? 0xffff_ffff : offset, 16);
  const large = Buffer.alloc(isLarge ? 76 : 0);
  if (isLarge) {
    large.writeUInt32LE(0x0606_4b50, 0);
    large.writeBigUInt64LE(BigInt(directory.length), 40);
    large.writeBigUInt64LE(BigInt(offset), 48);
    large.writeUInt32LE(0x0706_4b50, 56);
    large.writeBigUInt64LE(BigInt(offset + directory.length), 64);
  }
  return Buffer.concat([...pieces, directory, large, end]);
}

const files = { "a.txt": "first", "low/": "", "low/ü.txt": "second" };

for (const isLarge of [false, true]) {
  test(`each file is found in a zip with numbers of ${isLarge ? 64 : 32} bits`, async () => {
    const zip = makeZip(files, isLarge);
    const entries = await readZipDirectory(reader(zip));
    assert.deepEqual([...entries.keys()], Object.keys(files));
    for (const [path, content] of Object.entries(files)) {
      const start = await contentStart(reader(zip), entries.get(path) ?? -1);
      assert.equal(zip.toString("utf8", start, start + Buffer.byteLength(content)), content);
    }
  });

  test(`a truncated or altered zip of ${isLarge ? 64 : 32} bits is either rejected or read correctly`, async () => {
    const random = randomOf(seed);
    const zip = makeZip(files, isLarge);
    for (let length = 0; length < zip.length; length += 1)
      await assert.rejects(readAll(zip.subarray(0, length)), isRefusal);
    for (let turn = 0; turn < 2000; turn += 1) {
      const altered = Buffer.from(zip);
      for (let changes = 0; changes < 3; changes += 1) altered[random(altered.length)] = random(256);
      await readAll(altered).catch((error: unknown) =>
        assert.ok(isRefusal(error), `HOLDFAST_SEED=${seed}, turn ${turn}: ${String(error)}`),
      );
    }
  });
}

async function readAll(zip: Buffer): Promise<void> {
  for (const header of (await readZipDirectory(reader(zip))).values()) await contentStart(reader(zip), header);
}

function isRefusal(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === "failed";
}

function randomOf(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
