import assert from "node:assert/strict";
import { chmodSync, lstatSync, statSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { verifyFrame } from "@holdfast/codec/codec";
import { contentIdOf } from "@holdfast/core/manifest";
import { seededRandom } from "@holdfast/disk/seeded-random";
import { parseFrames } from "@holdfast/protocol/frames";
import { ContentJournal } from "./content-journal.ts";
import { framesBytesMax, readFiles, toStamp } from "./read-files.ts";

const home = mkdtempSync(join(tmpdir(), "holdfast-read-"));
after(() => rmSync(home, { recursive: true }));

function write(
  name: string,
  bytes: Uint8Array | string,
): { path: string; sizeBytes: number; knownContentId: undefined } {
  const path = join(home, name);
  writeFileSync(path, bytes);
  return { path, sizeBytes: Buffer.byteLength(bytes), knownContentId: undefined };
}

test("frames of many files, cut and compressed, decode to their bytes again", () => {
  const random = seededRandom(20_260_103);
  const noise = Uint8Array.from({ length: 1_500_000 }, () => random() * 256);
  const contents = ["", "short", "x".repeat(300_000), noise];
  const files = contents.map((bytes, index) => write(`file-${index}`, bytes));
  const window = new SharedArrayBuffer(files.reduce((sum, { sizeBytes }) => sum + framesBytesMax(sizeBytes), 0));
  new Uint8Array(window).fill(0xee);
  const { outcomes } = readFiles({ files, window });
  for (const [index, outcome] of outcomes.entries()) {
    assert.ok(outcome.status === "read");
    assert.equal(outcome.contentId, contentIdOf(outcome.blocks));
    const { start, end } = outcome.frames ?? { start: 0, end: 0 };
    const frames = parseFrames(new Uint8Array(window, start, end - start));
    const plain = frames.map(({ kind, hash, size, payload }) =>
      verifyFrame({ kind: kind as "raw" | "zstd", hash, size, payload }),
    );
    assert.ok(Buffer.concat(plain).equals(Buffer.from(contents[index] as Uint8Array)), `file ${index}`);
    assert.deepEqual(
      frames.map(({ hash, size }) => ({ hash, size })),
      outcome.blocks,
    );
  }
});

test("content that the other side already has needs no frames", () => {
  const file = write("known", "the same");
  const [first] = readFiles({ files: [file], window: undefined }).outcomes;
  assert.ok(first?.status === "read");
  const { outcomes } = readFiles({
    files: [{ ...file, knownContentId: first.contentId }],
    window: new SharedArrayBuffer(1000),
  });
  assert.deepEqual(outcomes, [first]);
});

test("a file that differs from its listing, a link and a missing file are not read", () => {
  const grown = write("grown", "longer than it was");
  symlinkSync(grown.path, join(home, "link"));
  const files = [
    { ...grown, sizeBytes: 3 },
    { ...grown, path: join(home, "link") },
    { ...grown, path: join(home, "missing") },
  ];
  assert.deepEqual(readFiles({ files, window: new SharedArrayBuffer(1000) }).outcomes, [
    { status: "changed" },
    { status: "failed", errno: "ELOOP" },
    { status: "failed", errno: "ENOENT" },
  ]);
});

test("the executable bit is the user's", () => {
  const file = write("run.sh", "#!/bin/sh");
  for (const [mode, executable] of [
    [0o644, false],
    [0o744, true],
    [0o655, false],
  ] as const) {
    chmodSync(file.path, mode);
    const [outcome] = readFiles({ files: [file], window: undefined }).outcomes;
    assert.equal(outcome?.status === "read" && outcome.executable, executable);
  }
});

test("the journal recognizes a file by its stamp, unless it was modified while being read", () => {
  const { path } = write("journalled", "content");
  const now = Date.now();
  const stamp = { ...toStamp(lstatSync(path, { bigint: true })), ctimeNanos: BigInt(now - 60_000) * 1_000_000n };
  const old = { ...stamp, mtimeNanos: BigInt(now - 60_000) * 1_000_000n };
  const folder = join(home, "config");
  let journal = new ContentJournal(folder);
  journal.record(path, old, "id", now);
  journal.record(`${path}-racy`, { ...old, mtimeNanos: BigInt(now - 10) * 1_000_000n }, "id", now);
  journal.record(`${path}-future`, { ...old, ctimeNanos: BigInt(now + 9999) * 1_000_000n }, "id", now);
  journal.close();
  journal = new ContentJournal(folder);
  assert.equal(journal.find(path, old), "id");
  assert.equal(journal.find(path, { ...old, mtimeNanos: 13_569_465_600_000_000_000n }), undefined, "the year 2400");
  for (const changed of [{ sizeBytes: 1 }, { mtimeNanos: 1n }, { ctimeNanos: 1n }, { inode: 1n }]) {
    assert.equal(journal.find(path, { ...old, ...changed }), undefined);
  }
  assert.equal(journal.find(`${path}-racy`, { ...old, mtimeNanos: BigInt(now - 10) * 1_000_000n }), undefined);
  assert.equal(journal.find(`${path}-future`, { ...old, ctimeNanos: BigInt(now + 9999) * 1_000_000n }), undefined);
  journal.close();
  utimesSync(path, 0, 0);
});

test("a damaged journal is replaced by an empty one", () => {
  const folder = mkdtempSync(join(home, "damaged-"));
  writeFileSync(
    join(folder, "put-journal.sqlite"),
    "this is no database, but long enough to be taken for one".repeat(100),
  );
  const journal = new ContentJournal(folder);
  assert.equal(journal.find("/x", { sizeBytes: 0, mtimeNanos: 0n, ctimeNanos: 0n, inode: 0n }), undefined);
  journal.close();
});

test("an unwritable journal costs only time", () => {
  const { path } = write("unjournalled", "content");
  const stamp = toStamp(statSync(path, { bigint: true }));
  const nowhere = new ContentJournal(join(path, "config"));
  nowhere.record(path, stamp, "id", Date.now() + 10_000);
  assert.equal(nowhere.find(path, stamp), undefined);
  nowhere.close();
});

test("a file that cannot be encoded, or read, is reported individually", () => {
  const good = write("good", "good");
  const folder = { path: home, sizeBytes: 4, knownContentId: undefined };
  // Reading it from the start is a disk error (EIO).
  const unreadable = { path: "/proc/self/mem", sizeBytes: 0, knownContentId: undefined };
  const tooLong = write("too-long", "x".repeat(100));
  const window = new SharedArrayBuffer(100);
  const { outcomes } = readFiles({ files: [good, folder, unreadable, tooLong, good], window });
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["read", "changed", "failed", "refused", "read"],
  );
});
