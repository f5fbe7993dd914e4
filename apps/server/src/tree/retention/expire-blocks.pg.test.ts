import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { type HashHex, makeId, toBucket, type UploadId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { bounded } from "@holdfast/tools/bounded";
import { type Kysely, sql } from "kysely";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { lockBlocks, lockSpace } from "../commit/load.ts";
import { changeBlockRefs } from "../content/references.ts";
import { checkInvariants } from "../testing/invariants.ts";
import { contentOfText, smallPieces, type TestSpace } from "../testing/testing.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";
import { sweepPurged } from "../commit/removal.ts";
import { expireBlocks } from "./expire-blocks.ts";
import { expireSegments } from "./expire-segments.ts";
import { expireStaged } from "./retention.ts";
import { releaseKind, releasePayload } from "./release-message.ts";
import type { Mended, Retention } from "./retention-job.ts";
import { retentionUsual } from "../../base/config/retention-settings.ts";

const { open } = useTestSpaces();
const dayMs = 24 * 3600_000;

async function expire(space: TestSpace, more: Partial<Retention> = {}): Promise<Mended[]> {
  const mended: Mended[] = [];
  const onMended = (each: Mended) => void mended.push(each);
  const job = { db: space.db, nowMicros: space.clock.nowMicros(), onMended, ...more };
  await expireSegments(job);
  await expireStaged(job);
  await expireBlocks(job, retentionUsual.blocksMs);
  return mended.filter(({ spaceId }) => spaceId === space.caller.spaceId);
}

async function hashesOf(space: TestSpace): Promise<HashHex[]> {
  const { rows } = await sql<{ hash: HashHex }>`
    select encode(hash, 'hex') as hash from shard.space_blocks where space_id = ${space.caller.spaceId} order by hash`.execute(
    space.db,
  );
  return rows.map(({ hash }) => hash);
}

async function releasesOf(space: TestSpace) {
  const { rows } = await sql<{ payload: unknown; bytes: number }>`
    select payload, octet_length(payload::text) as bytes from shard.messages where kind = ${releaseKind} order by number`.execute(
    space.db,
  );
  return rows
    .map(({ payload, bytes }) => ({ release: releasePayload.parse(payload), bytes }))
    .filter(({ release }) => release.space_id === space.caller.spaceId);
}

async function spoilCounters(space: TestSpace): Promise<void> {
  const { spaceId } = space.caller;
  await sql`update shard.space_blocks set refs = 0, counted = false, since = 0 where space_id = ${spaceId}`.execute(
    space.db,
  );
  await sql`update shard.spaces set stored_bytes = 0 where id = ${spaceId}`.execute(space.db);
}

const hashOf = (text: string) => contentOfText(text).blocks[0]?.hash as HashHex;

test("a space releases a block a week after its last file was purged, with the stamp, and informs the cell", async () => {
  const space = await open();
  const file = await space.put("root", "file", "one");
  await space.do({ op: "put", fileId: file.id, content: await space.content("two") });
  await space.put("root", "other", "two");
  await sql`update shard.space_blocks set stamp = 77 where space_id = ${space.caller.spaceId} and hash = ${Buffer.from(hashOf("one"), "hex")}`.execute(
    space.db,
  );
  await space.do({ op: "delete", fileId: file.id });
  space.clock.advanceMs(20 * dayMs);
  await expire(space);
  assert.equal((await hashesOf(space)).length, 2, "what lies in the trash is needed");
  await space.commit([{ op: "purge", fileId: file.id, trashedOnly: false }]);
  space.clock.advanceMs(7 * dayMs - 1000);
  await expire(space);
  assert.equal((await hashesOf(space)).length, 2, "it went too early");
  space.clock.advanceMs(2000);
  assert.deepEqual(await expire(space), []);
  assert.deepEqual(await hashesOf(space), [hashOf("two")]);
  const [release, ...others] = await releasesOf(space);
  assert.deepEqual([release?.release.holders, others], [[[hashOf("one"), 77]], []]);
  const put = { op: "put", place: { path: "late" }, content: contentOfText("one") } as const;
  const [late] = await space.commit([put]);
  assert.equal(late?.status, "missing", "a commit that names it is told so");
  await space.store(contentOfText("one").blocks);
  await space.do(put);
});

test("an uploaded block that was never used is released too, and frees space before", async () => {
  const space = await open();
  await space.put("root", "file", "kept");
  await space.store(contentOfText("staged").blocks);
  await touch(space, "staged");
  space.clock.advanceMs(2 * dayMs);
  await expire(space);
  assert.equal((await space.row()).stored_bytes, 4);
  assert.equal((await hashesOf(space)).length, 2);
  space.clock.advanceMs(6 * dayMs);
  await expire(space);
  assert.deepEqual(await hashesOf(space), [hashOf("kept")]);
});

test("thousands of blocks are released in short portions, with messages of limited size", async () => {
  for (const [count, more] of [
    [5, { pieces: smallPieces }],
    [1700, {}],
  ] as const) {
    const space = await open();
    await space.store(Array.from({ length: count }, (_, index) => contentOfText(`block ${index}`).blocks).flat());
    await sql`update shard.space_blocks set stamp = ${Number.MAX_SAFE_INTEGER}::int8 where space_id = ${space.caller.spaceId}`.execute(
      space.db,
    );
    await expire(space, more);
    const releases = await releasesOf(space);
    assert.ok(releases.every(({ bytes }) => bytes <= limits.messageBytesMax));
    assert.equal(new Set(releases.flatMap(({ release }) => release.holders.map(([hash]) => hash))).size, count);
    assert.deepEqual(await hashesOf(space), []);
  }
});

const needs: Readonly<Record<string, (space: TestSpace) => Promise<readonly string[]>>> = {
  "the newest version": async (space) => {
    await space.put("root", "file", "newest");
    return ["newest"];
  },
  "an old version, and one with a label": async (space) => {
    const file = await space.put("root", "file", "first");
    await space.do({ op: "label", fileId: file.id, version: 1, label: "kept" });
    for (const text of ["second", ""])
      await space.do({ op: "put", fileId: file.id, content: await space.content(text) });
    return ["first", "second"];
  },
  "a file below a folder in the trash": async (space) => {
    const folder = await space.mkdir("root", "folder");
    await space.put(folder.id, "file", "trashed");
    await space.do({ op: "delete", fileId: folder.id });
    return ["trashed"];
  },
  "two files, and one twice in a file": async (space) => {
    const [{ hash, size } = { hash: "" as HashHex, size: 0 }] = (await space.content("twice")).blocks;
    const content = { sizeBytes: 2 * size, blocks: [1, 2].map(() => ({ hash, size })) };
    for (const name of ["a", "b"]) await space.do({ op: "put", place: { parentId: "root", name }, content });
    return ["twice"];
  },
  "the list of a long file": async (space) => {
    const texts = Array.from({ length: 1500 }, (_, index) => `entry ${index}`);
    await putLong(space, texts);
    return texts;
  },
  "an upload that is not finished": async (space) => {
    await space.content("uploading");
    await holdByUpload(space, "uploading");
    return ["uploading"];
  },
};

for (const [what, make] of Object.entries(needs)) {
  test(`blocks that ${what} needs stay despite a low counter, which is corrected`, async () => {
    const space = await open();
    const texts = await make(space);
    await checkInvariants(space.db, space.caller.spaceId);
    const { stored_bytes } = await space.row();
    await spoilCounters(space);
    const mended = await expire(space);
    assert.deepEqual(mended, [{ spaceId: space.caller.spaceId, of: "blocks", count: texts.length }]);
    assert.deepEqual(await hashesOf(space), texts.map(hashOf).toSorted());
    assert.equal((await space.row()).stored_bytes, stored_bytes);
    assert.deepEqual(await releasesOf(space), []);
    assert.deepEqual(await expire(space), []);
  });
}

test("a long file keeps its list despite low counters of its segments", async () => {
  const space = await open();
  await putLong(
    space,
    Array.from({ length: 1500 }, (_, index) => `entry ${index}`),
  );
  const { rows } = await sql`
    update shard.segments set refs = 0, since = 0 where space_id = ${space.caller.spaceId} returning hash`.execute(
    space.db,
  );
  assert.ok(rows.length > 2);
  assert.deepEqual(await expire(space), [{ spaceId: space.caller.spaceId, of: "segments", count: rows.length }]);
  await checkInvariants(space.db, space.caller.spaceId);
});

test("a low counter does not prevent deletion, and the last file releases the block", async () => {
  const space = await open();
  const files = [await space.put("root", "a", "same"), await space.put("root", "b", "same")];
  await spoilCounters(space);
  for (const file of files) {
    await space.commit([{ op: "purge", fileId: file.id, trashedOnly: false }]);
    await sweepPurged(space.db, { nowMicros: space.clock.nowMicros() });
  }
  space.clock.advanceMs(8 * dayMs);
  assert.deepEqual(await expire(space), []);
  assert.deepEqual(await hashesOf(space), []);
});

const meanwhile: Readonly<Record<string, (transaction: Kysely<ShardTables>, space: TestSpace) => Promise<void>>> = {
  "names it": async (transaction, space) => {
    await sql`update shard.space_blocks set counted = true where space_id = ${space.caller.spaceId}`.execute(
      transaction,
    );
    await sql`update shard.spaces set stored_bytes = stored_bytes + 4 where id = ${space.caller.spaceId}`.execute(
      transaction,
    );
    await changeBlockRefs(transaction, space.caller.spaceId, new Map([[hashOf("race"), 1]]), space.clock.nowMicros());
    await addUpload(transaction, space, "race");
  },
  "names it and forgets to count that": async (transaction, space) => {
    await lockBlocks(transaction, space.caller.spaceId, [hashOf("race")]);
    await addUpload(transaction, space, "race");
  },
};

for (const [what, work] of Object.entries(meanwhile)) {
  test(`a block stays if another transaction ${what} during the job`, async () => {
    const space = await open();
    const { spaceId } = space.caller;
    await space.store(contentOfText("race").blocks);
    await expireStaged({ db: space.db, nowMicros: space.clock.nowMicros() });
    let job: Promise<unknown> = Promise.resolve();
    await space.db.transaction().execute(async (transaction) => {
      await lockSpace(transaction, spaceId);
      job = expireBlocks({ db: space.db, nowMicros: space.clock.nowMicros() }, retentionUsual.blocksMs);
      await someoneWaits(space);
      await work(transaction, space);
    });
    await job;
    assert.deepEqual(await hashesOf(space), [hashOf("race")]);
    assert.deepEqual(await releasesOf(space), []);
    // The next run corrects a counter that is too low.
    await expire(space);
    await checkInvariants(space.db, spaceId);
  });
}

test("a block that is requested or uploaded again stays for another week", async () => {
  const space = await open();
  await space.store([...contentOfText("asked").blocks, ...contentOfText("left").blocks]);
  await touch(space, "asked");
  await expire(space);
  assert.deepEqual(await hashesOf(space), [hashOf("asked")]);
});

async function touch(space: TestSpace, text: string): Promise<void> {
  await sql`update shard.space_blocks set since = ${space.clock.nowMicros()}::int8
    where space_id = ${space.caller.spaceId} and hash = ${Buffer.from(hashOf(text), "hex")}`.execute(space.db);
}

async function someoneWaits(space: TestSpace): Promise<void> {
  const stillInTime = bounded("somebody waits for a lock");
  for (;;) {
    stillInTime();
    const { rows } = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(space.db);
    if (rows.length > 0) return;
  }
}

async function putLong(space: TestSpace, texts: readonly string[]): Promise<void> {
  const blocks = texts.flatMap((text) => contentOfText(text).blocks);
  await space.store(blocks);
  const sizeBytes = blocks.reduce((sum, { size }) => sum + size, 0);
  await space.do({ op: "put", place: { parentId: "root", name: "long" }, content: { sizeBytes, blocks } });
}

async function holdByUpload(space: TestSpace, text: string): Promise<void> {
  await space.db.transaction().execute(async (transaction) => {
    await lockSpace(transaction, space.caller.spaceId);
    await changeBlockRefs(transaction, space.caller.spaceId, new Map([[hashOf(text), 1]]), space.clock.nowMicros());
    await addUpload(transaction, space, text);
  });
}

async function addUpload(transaction: Kysely<ShardTables>, space: TestSpace, text: string): Promise<void> {
  const id = makeId<UploadId>(toBucket(7), space.clock.nowMs(), randomBytes(8));
  await sql`insert into shard.upload_blocks (space_id, session_id, "offset", hash, size)
    values (${space.caller.spaceId}, ${id}, 0, ${Buffer.from(hashOf(text), "hex")}, ${Buffer.byteLength(text)})`.execute(
    transaction,
  );
}
