import assert from "node:assert/strict";
import { test } from "node:test";
import { progressLine, TransferCounts } from "../output/progress.ts";
import { FileProgress, planCounts, ReadingCounts } from "./import-progress.ts";
import type { ReadArchive } from "./read-archive.ts";

function archiveOf(): ReadArchive {
  const sizes: Record<string, number[]> = { a: [100, 200], b: [50], c: [0] };
  const nodes = Object.keys(sizes).map((id) => ({ id, kind: "file" }));
  const versions = new Map(Object.entries(sizes).map(([id, list]) => [id, list.map((size) => ({ size }))]));
  return { children: new Map([["root", [...nodes, { id: "d", kind: "folder" }]]]), versions } as unknown as ReadArchive;
}

test("reading an archive shows its progress in bytes", () => {
  const counts = new ReadingCounts();
  counts.read(2 ** 20, 2 ** 22);
  counts.read(2 ** 20, 2 ** 22);
  assert.equal(progressLine("read", counts, { bytes: 2 ** 20, work: 0 }), "read:  50 % 2.0 MiB of 4.0 MiB, 1.0 MiB/s");
});

test("an import is done only when each of its files is sent, equal or given up", () => {
  const archive = archiveOf();
  const counts = new TransferCounts();
  planCounts(counts, archive);
  assert.deepEqual([counts.filesTotal, counts.bytesTotal, counts.totalIsFinal], [3, 350, true]);

  new FileProgress(counts, archive, "b").end();
  assert.deepEqual([counts.filesDone, counts.bytesDone], [1, 50]);

  // The older version exists. The other is sent as a stream, which reports its bytes once more.
  const sent = new FileProgress(counts, archive, "a");
  sent.isLeft(200);
  assert.deepEqual([counts.filesDone, counts.bytesDone], [1, 150]);
  const stream = sent.ofStream();
  stream.counts.bytesDone += 120;
  stream.counts.bytesDone += 80;
  assert.deepEqual([stream.counts.bytesDone, counts.bytesDone], [200, 350]);
  sent.moved(200);
  sent.end();
  assert.deepEqual([counts.filesDone, counts.bytesDone], [2, 350]);

  new FileProgress(counts, archive, "c").end();
  assert.deepEqual([counts.workDone, counts.filesDone], [counts.workTotal, counts.filesTotal]);
});
