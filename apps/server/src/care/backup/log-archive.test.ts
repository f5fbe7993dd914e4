import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import {
  type ArchiveHead,
  type LogArchive,
  listFollowing,
  pruneArchives,
  readLogFile,
  writeLogFile,
  writeLogPart,
} from "./log-archive.ts";
import { openBox } from "./sealed-box.ts";
import { walFileBytes } from "./wal-names.ts";

const [before, first, second] = ["000000010000000000000001", "000000010000000000000002", "000000010000000000000003"];

function newArchive(): LogArchive {
  const box = openBox(randomBytes(32), randomBytes);
  return { place: { store: makeMemoryStore({ nowMs: () => 1 }), box }, run: "00112233445566ff" };
}

function headAt(wal: string, bytes?: number): ArchiveHead {
  return { wal, at: "2027-01-01T00:00:00.000Z", ...(bytes === undefined ? {} : { bytes }) };
}

const keysOf = async ({ place }: LogArchive) => (await Array.fromAsync(place.store.list(""))).map(({ key }) => key);

test("a growing file is read as one, padded with zeros, and merged once it is complete", async () => {
  const archive = newArchive();
  const content = randomBytes(walFileBytes);
  await writeLogPart(archive, first, 0, content.subarray(0, 1000));
  // Simulates a crash between part and head: the next call continues at the head.
  await writeLogPart(archive, first, 1000, content.subarray(1000, 1200));
  await writeLogPart(archive, first, 1000, content.subarray(1000, 5000));
  const [file, ...others] = await listFollowing(archive, before, headAt(first, 5000));
  assert.deepEqual(others, []);
  const read = await readLogFile(archive, file!);
  assert.ok(content.subarray(0, 5000).equals(read.subarray(0, 5000)));
  assert.ok(read.length === walFileBytes && read.subarray(5000).every((byte) => byte === 0));

  await writeLogFile(archive, first, content);
  await writeLogPart(archive, second, 0, content.subarray(0, 10));
  const both = await listFollowing(archive, before, headAt(second, 10));
  assert.deepEqual(
    both.map(({ name, starts }) => [name, starts]),
    [
      [first, []],
      [second, [0]],
    ],
  );
  assert.ok(content.equals(await readLogFile(archive, both[0]!)));
  assert.equal((await keysOf(archive)).length, 2, "its parts are gone");
});

test("a file without one of its parts is reported as damaged", async () => {
  const archive = newArchive();
  await writeLogPart(archive, first, 0, randomBytes(1000));
  await writeLogPart(archive, first, 2000, randomBytes(1000));
  const isDamaged = (error: unknown) => error instanceof HoldfastError && error.code === "damaged";
  const [file] = await listFollowing(archive, before, headAt(first, 3000));
  await assert.rejects(readLogFile(archive, file!), isDamaged);
  // A file that is not the last must be complete.
  await writeLogPart(archive, first, 1000, randomBytes(1000));
  await writeLogPart(archive, second, 0, randomBytes(10));
  const [short] = await listFollowing(archive, before, headAt(second, 10));
  await assert.rejects(readLogFile(archive, short!), isDamaged);
});

test("a file from before parts existed is read unchanged, until its first part replaces it", async () => {
  const archive = newArchive();
  const old = Buffer.concat([randomBytes(1000), Buffer.alloc(walFileBytes - 1000)]);
  await writeLogFile(archive, first, old);
  const [file] = await listFollowing(archive, before, headAt(first));
  assert.ok(old.equals(await readLogFile(archive, file!)));
  const newer = randomBytes(2000);
  await writeLogPart(archive, first, 0, newer);
  const [now] = await listFollowing(archive, before, headAt(first, 2000));
  assert.ok(newer.equals((await readLogFile(archive, now!)).subarray(0, 2000)));
});

test("archives without a backup are removed entirely, and others keep what their backup needs", async () => {
  const archive = newArchive();
  const other: LogArchive = { ...archive, run: "ffffffffffffffff" };
  await writeLogFile(other, first, Buffer.alloc(walFileBytes));
  await writeLogPart(archive, before, 0, randomBytes(10));
  await writeLogFile(archive, first, Buffer.alloc(walFileBytes));
  await writeLogPart(archive, second, 0, randomBytes(10));
  await pruneArchives(archive.place, new Map([[archive.run, first]]));
  assert.deepEqual(await keysOf(archive), [`log/${archive.run}/${first}`, `log/${archive.run}/${second}.00000000`]);
});
