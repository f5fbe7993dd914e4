import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { sql } from "kysely";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { checkInvariants } from "../testing/invariants.ts";
import { sweepPurged } from "./removal.ts";
import { expireSegments } from "../retention/expire-segments.ts";
import { expireJournal, expireOperations, expireTrash, pruneVersions } from "../retention/retention.ts";
import { openCommitter } from "./commit-queue.ts";
import { storeFull } from "../../packs/write/disk-reserve.ts";
import { noBlocks, smallPieces, type TestSpace } from "../testing/testing.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";

const spaces = useTestSpaces();
const open = (): Promise<TestSpace> => spaces.open({ pieces: smallPieces });
const dayMs = 24 * 3600_000;
const pieces = smallPieces;

async function count(space: TestSpace, table: "nodes" | "versions" | "segments" | "operations" | "journal") {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ${sql.table(`shard.${table}`)} where space_id = ${space.caller.spaceId}`.execute(
    space.db,
  );
  return rows[0]?.count;
}

async function longContent(space: TestSpace, blockCount: number) {
  const blocks = Array.from({ length: blockCount }, () => ({
    hash: randomBytes(32).toString("hex") as HashHex,
    size: 3,
  }));
  await space.store(blocks);
  return { sizeBytes: 3 * blockCount, blocks };
}

test("a purge leaves large subtrees and files with many versions to the sweep", async () => {
  const space = await open();
  const top = await space.mkdir("root", "top");
  const deep = await space.mkdir(top.id, "deep");
  for (const name of ["a", "b", "c"]) await space.put(deep.id, name, name);
  const file = await space.put("root", "file", "1");
  for (const text of ["22", "333", "4444"]) {
    await space.do({ op: "put", fileId: file.id, content: await space.content(text) });
  }
  await space.commit([
    { op: "purge", fileId: file.id, trashedOnly: false },
    { op: "purge", fileId: top.id, trashedOnly: false },
  ]);
  await checkInvariants(space.db, space.caller.spaceId);
  assert.equal((await space.refused({ op: "restore", fileId: file.id })).code, "not_found");
  assert.ok((await space.row()).used_bytes > 0);
  await sweepPurged(space.db, { nowMicros: space.clock.nowMicros(), pieces });
  assert.deepEqual([await count(space, "nodes"), await count(space, "versions")], [1, 0]);
  assert.equal((await space.row()).used_bytes, 0);
});

test("a purged file has its head as long as its row exists, for any number of versions", async () => {
  for (const versions of [1, 2, 3, 4, 5]) {
    const space = await open();
    const folder = await space.mkdir("root", "folder");
    const file = await space.put(folder.id, "file", "1");
    const other = await space.put(folder.id, "other", "2");
    for (let number = 2; number <= versions; number += 1) {
      const text = "x".repeat(number);
      await space.do({ op: "put", fileId: file.id, content: await space.content(text) });
      await space.do({ op: "put", fileId: other.id, content: await space.content(text) });
    }
    await space.commit([{ op: "purge", fileId: file.id, trashedOnly: false }]);
    await checkInvariants(space.db, space.caller.spaceId);
    await space.commit([{ op: "purge", fileId: folder.id, trashedOnly: false }]);
    await checkInvariants(space.db, space.caller.spaceId);
    await sweepPurged(space.db, { nowMicros: space.clock.nowMicros(), pieces });
    assert.deepEqual([await count(space, "nodes"), await count(space, "versions")], [1, 0]);
    await checkInvariants(space.db, space.caller.spaceId);
  }
});

test("a folder is copied node by node, completely, including long manifests", async () => {
  const space = await open();
  const top = await space.mkdir("root", "top");
  const deep = await space.mkdir(top.id, "deep");
  for (const name of ["a", "b", "c"]) await space.put(deep.id, name, name);
  await space.do({ op: "put", place: { parentId: top.id, name: "long" }, content: await longContent(space, 1500) });
  const before = await space.row();
  await space.do({ op: "copy", fileId: top.id, place: { parentId: "root", name: "copy" } });
  assert.equal(await count(space, "nodes"), 1 + 2 * 6);
  assert.equal((await space.row()).used_bytes, 2 * before.used_bytes);
  assert.equal((await space.row()).stored_bytes, before.stored_bytes);
});

test("a long manifest is staged and released segment by segment", async () => {
  const space = await open();
  const content = await longContent(space, 3000);
  const file = await space.do({ op: "put", place: { path: "/long" }, content });
  assert.ok(((await count(space, "segments")) ?? 0) > 4);
  await space.commit([{ op: "purge", fileId: file.id, trashedOnly: false }]);
  space.clock.advanceMs(2 * dayMs);
  const job = { db: space.db, nowMicros: space.clock.nowMicros(), pieces };
  await sweepPurged(space.db, job);
  await expireSegments(job);
  assert.equal(await count(space, "segments"), 0);
});

test("retention removes all expired rows, also in pieces of one row", async () => {
  const space = await open();
  const file = await space.put("root", "kept", "0");
  for (let version = 1; version <= 5; version += 1) {
    await space.do({ op: "put", fileId: file.id, content: await space.content("x".repeat(version)) });
  }
  for (const name of ["a", "b", "c"]) {
    const operation = { operationId: randomBytes(16), requestHash: Buffer.alloc(32) };
    const { id } = await space.do({ op: "mkdir", place: { parentId: "root", name }, ...operation });
    await space.do({ op: "delete", fileId: id });
  }
  space.clock.advanceMs(2 * limits.journalLifetimeMs);
  const job = { db: space.db, nowMicros: space.clock.nowMicros(), pieces };
  assert.equal(await expireOperations(job), 3);
  assert.equal(await expireTrash(job, limits.journalLifetimeMs), 3);
  assert.equal(await sweepPurged(space.db, job), 3);
  assert.equal(await pruneVersions(job, { keptMin: 2, lifetimeMs: limits.journalLifetimeMs }), 4);
  await expireJournal(job);
  assert.deepEqual(
    [await count(space, "nodes"), await count(space, "versions"), await count(space, "journal")],
    [2, 2, 1],
  );
});

test("more changes than are checked individually count as a change in the deleted folder", async () => {
  const space = await open();
  const folder = await space.mkdir("root", "folder");
  const { seq } = await space.row();
  const other = space.otherDevice();
  for (const name of ["a", "b"]) await space.do({ op: "mkdir", place: { parentId: "root", name } }, other);
  await space.do({ op: "delete", fileId: folder.id, seen: seq });
  await space.do({ op: "restore", fileId: folder.id });
  const { seq: later } = await space.row();
  for (const name of ["c", "d", "e"]) await space.do({ op: "mkdir", place: { parentId: "root", name } }, other);
  assert.equal((await space.refused({ op: "delete", fileId: folder.id, seen: later })).code, "subtree_changed");
});

test("a folder copy interrupted by a full disk leaves nothing, and can be repeated", async () => {
  const space = await open();
  const top = await space.mkdir("root", "top");
  for (const name of ["a", "b", "c"]) await space.put(top.id, name, name);
  await space.mkdir("root", "taken");
  let piecesLeft = 2;
  const assertRoom = async (): Promise<void> => {
    piecesLeft -= 1;
    if (piecesLeft < 0) throw storeFull();
  };
  const committer = openCommitter({
    shards: spaces.databases.shards,
    blocks: { ...noBlocks.blocks, assertRoom },
    clock: space.clock,
    random: randomBytes,
    onCommitted: () => {},
    log: { warn: () => {}, error: () => {} },
    pieces,
  });
  const place = { parentId: "root", name: "taken" };
  const copy = { op: "copy", fileId: top.id, place, onConflict: "replace" } as const;
  const before = await space.row();
  const { results } = await committer.commit(space.caller, [copy]);
  assert.match(JSON.stringify(results), /"status":"error".*"store_full"/);
  assert.deepEqual([await count(space, "nodes"), await space.row()], [6, before], "what was to be replaced stays, too");
  piecesLeft = Infinity;
  const [repeated] = (await committer.commit(space.caller, [copy])).results;
  assert.equal(repeated?.status, "committed");
  assert.equal(await count(space, "nodes"), 6 + 4);
});
