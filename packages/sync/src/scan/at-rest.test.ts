import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import type { LocalDisk, LocalStat } from "@holdfast/sync-ports/ports";
import { contentOfBlocks } from "../model/content.ts";
import { readAtRest } from "./at-rest.ts";

const blocksOf = (text: string, ...sizes: number[]) => {
  let offset = 0;
  return sizes.map((size) => ({
    hash: sha256(Buffer.from(text.slice(offset, (offset += size)))),
    size,
    pieces: new Uint8Array(),
  }));
};

class OneFile {
  text = "0123456789";
  readonly kept: string[] = [];
  readonly reads: number[] = [];
  readonly theirs = blocksOf(this.text, 2, 8);
  mtimeNs = 1n;

  read() {
    const stat = () =>
      ({ kind: "file", fingerprint: { sizeBytes: this.text.length, mtimeNs: this.mtimeNs } }) as LocalStat;
    const disk = {
      cut: () =>
        Promise.resolve({ blocks: blocksOf(this.text, 4, 3, this.text.length - 7), before: stat(), after: stat() }),
      readAt: (_path: string, offset: number, sizeBytes: number) => {
        this.reads.push(offset);
        return Promise.resolve(Buffer.from(this.text.slice(offset, offset + sizeBytes)));
      },
      stat: () => Promise.resolve(stat()),
    } as unknown as LocalDisk;
    const known = contentOfBlocks(this.theirs);
    const keep = (content: string) => void this.kept.push(content);
    const manifests = { keep, blocksOf: (content: string) => (content === known ? this.theirs : undefined) };
    return readAtRest(disk, "file", manifests, known, undefined);
  }
}

test("equal bytes that another client cut into other blocks are no edit", async () => {
  const file = new OneFile();
  const read = await file.read();
  assert.ok(typeof read !== "string");
  assert.equal(read.content, contentOfBlocks(file.theirs));
  assert.deepEqual([file.reads, file.kept], [[0, 2], []]);
});

test("different bytes are an edit, and are re-read only up to the first block that differs", async () => {
  const file = new OneFile();
  file.text = "x123456789";
  const read = await file.read();
  assert.ok(typeof read !== "string");
  assert.equal(read.content, contentOfBlocks(blocksOf(file.text, 4, 3, 3)));
  assert.deepEqual([file.reads, file.kept], [[0], [read.content]]);
  file.text = "0123456789+";
  await file.read();
  assert.deepEqual(file.reads, [0], "another size is read once");
});

test("a block at the same place with another hash is an edit without a second read", async () => {
  const file = new OneFile();
  file.theirs.splice(0, 2, ...blocksOf("0123456780", 4, 6));
  file.text = "9123456780";
  await file.read();
  assert.deepEqual(file.reads, []);
});
