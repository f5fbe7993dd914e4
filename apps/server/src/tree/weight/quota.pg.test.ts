import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { seed } from "@holdfast/tools/properties";
import { sql } from "kysely";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { messagesOn, openTestQueue } from "../../base/queue/testing.ts";
import { openCommitter } from "../commit/commit-queue.ts";
import type { Operation } from "../commit/operation.ts";
import { checkInvariants } from "../testing/invariants.ts";
import {
  contentOfText,
  describe,
  makeTestSpace,
  noBlocks,
  smallPieces,
  storeBlocks,
  type TestSpace,
  type TestSpaceOptions,
} from "../testing/testing.ts";
import { sweepPurged } from "../commit/removal.ts";
import { markOf, type QuotaWarning, quotaWarningKind } from "./quota-warning.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTestDatabases({ fsync: false });
});
after(() => databases.stop());

const open = (options?: TestSpaceOptions) => makeTestSpace(databases.shards, options);
const quotaBytes = 1000;
const writersCount = 8;

async function audit({ db, caller }: TestSpace): Promise<{ used: number; counted: number }> {
  const { rows } = await sql<{ used: number; counted: number }>`
    select s.used_bytes as used, (
      select coalesce(sum(n.size), 0) from shard.nodes n where n.space_id = s.id and n.kind = 'file'
    ) as counted
    from shard.spaces s where s.id = ${caller.spaceId}`.execute(db);
  return rows[0] ?? assert.fail();
}

function writers({ clock, caller }: TestSpace) {
  const { shards } = databases;
  const log = { warn: () => {}, error: () => {} };
  return Array.from({ length: writersCount }, () => {
    const committer = openCommitter({ ...noBlocks, shards, clock, random: randomBytes, onCommitted: () => {}, log });
    return async (operation: Operation) => (await committer.commit(caller, [operation])).results[0] ?? assert.fail();
  });
}

async function auditing(space: TestSpace, work: Promise<unknown>): Promise<number> {
  const over = new AbortController();
  const ended = work.finally(() => over.abort());
  let looks = 0;
  for (; !over.signal.aborted; looks += 1) {
    const { used, counted } = await audit(space);
    assert.equal(used, counted);
    assert.ok(used <= quotaBytes, `${used} are used`);
  }
  await ended;
  return looks;
}

test("eight parallel writers never exceed the quota, and none is refused while there is room", async () => {
  const space = await open({ quotaBytes });
  const refusedSizes: number[] = [];
  let committedBytes = 0;
  const sizes = sizesOf(seed, writersCount * 30);
  const contents = await Promise.all(sizes.map((size) => space.content("x".repeat(size))));
  const work = writers(space).map(async (write, writer) => {
    for (let index = writer; index < contents.length; index += writersCount) {
      const content = contents[index] ?? assert.fail();
      const result = await write({ op: "put", place: { name: `file ${index}` }, content });
      if (result.status === "committed") committedBytes += content.sizeBytes;
      else if (result.status === "error" && result.error.code === "quota") refusedSizes.push(content.sizeBytes);
      else assert.fail(result.status);
    }
  });
  const looks = await auditing(space, Promise.all(work));
  const { used } = await audit(space);
  const summary = `HOLDFAST_SEED=${seed}: ${used} used, refused ${refusedSizes.join(" ")}`;
  assert.equal(used, committedBytes, summary);
  assert.ok(looks > 0 && refusedSizes.length > 0, summary);
  // Usage only grows here, so a file that did not fit then does not fit now.
  assert.ok(Math.min(...refusedSizes) > quotaBytes - used, summary);
  await checkInvariants(space.db, space.caller.spaceId);
});

test("eight parallel writers that replace, copy, trash and purge keep the figure exact at every moment", async () => {
  const space = await open({ quotaBytes });
  const draw = drawerOf(seed);
  const contents = await Promise.all(sizesOf(seed, 40).map((size) => space.content("y".repeat(size))));
  const made: string[] = [];
  const large = await space.content("f".repeat(60));
  for (let index = 0; index < 16; index += 1) made.push((await space.put("root", `full ${index}`, "f".repeat(60))).id);
  const pick = <Item>(items: readonly Item[]): Item => items[draw() % items.length] ?? assert.fail();
  const next = (): Operation => {
    const content = pick(contents);
    const place = { name: `n${draw() % 50}` };
    const fileId = pick(made);
    const operations: readonly Operation[] = [
      { op: "put", place, content, onConflict: "replace" },
      { op: "put", fileId, content },
      { op: "copy", fileId, place: { name: `copy ${draw()}` } },
      { op: "delete", fileId },
      { op: "purge", fileId, trashedOnly: false },
      { op: "purge", fileId, trashedOnly: false },
    ];
    return pick(operations);
  };
  const codes = new Set<string>();
  const work = writers(space).map(async (write, writer) => {
    for (let index = 0; index < 40; index += 1) {
      const first: Operation = { op: "put", place: { name: `first ${writer}` }, content: large };
      const result = await write(index === 0 ? first : next());
      codes.add(result.status === "committed" || result.status === "missing" ? result.status : result.error.code);
      if (result.status === "committed" && result.node?.kind === "file") made.push(result.node.id);
    }
  });
  await auditing(space, Promise.all(work));
  assert.ok(codes.has("quota") && codes.has("committed"), `HOLDFAST_SEED=${seed}: ${[...codes].join()}`);
  await checkInvariants(space.db, space.caller.spaceId);
});

test("the owner is warned once at each mark, and again only after usage was well below it", async () => {
  const warnings: [number, number][] = [];
  const space = await open({ quotaBytes });
  const { id } = await space.put("root", "file", "");
  let fillCount = 0;
  const use = async (bytes: number) => {
    fillCount += 1;
    const content = await space.content(`${fillCount}`.padEnd(bytes, "."));
    await space.do({ op: "put", fileId: id, content: bytes === 0 ? contentOfText("") : content });
    return drain(space, warnings);
  };
  for (const [bytes, expected] of [
    [799, []],
    [800, [80]],
    [940, []],
    [760, []],
    [810, []],
    [950, [95]],
    [1000, []],
    [901, []],
    [960, []],
    [899, []],
    [950, [95]],
    [749, []],
    [999, [95]],
    [0, []],
    [850, [80]],
  ] as const) {
    assert.deepEqual(await use(bytes), expected, `${bytes} bytes`);
  }
  assert.deepEqual(warnings, [
    [80, 800],
    [95, 950],
    [95, 950],
    [95, 999],
    [80, 850],
  ]);
});

test("refused and rolled back changes cause no warning", async () => {
  const space = await open({ quotaBytes });
  const content = await space.content("z".repeat(900));
  const tooMuch = await space.content("z".repeat(1001));
  assert.equal((await space.refused({ op: "put", place: { name: "a" }, content: tooMuch })).code, "quota");
  const group = "g";
  const results = await space.commit([
    { op: "put", place: { name: "a" }, content, group },
    { op: "delete", fileId: space.caller.spaceId, group },
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["error", "error"],
  );
  assert.deepEqual(await drain(space), []);
  assert.equal((await space.row()).quota_warned, 0);
});

test("a change without room is refused before its blocks are requested", async () => {
  const space = await open({ quotaBytes });
  const { id } = await space.put("root", "file", "t".repeat(600));
  const results = async (...operations: Operation[]) =>
    (await space.commit(operations)).map((result) => ("error" in result ? result.error.code : result.status));
  const content = contentOfText("never sent".padEnd(700, "."));
  const small = contentOfText("never sent");
  const put = { op: "put", place: { name: "new" } } as const;
  assert.deepEqual(await results({ ...put, content }, { ...put, content: small }), ["quota", "missing"]);
  assert.deepEqual(await results({ op: "put", fileId: id, content }), ["missing"], "in its place there is room");
  assert.deepEqual(await results({ ...put, place: { name: "file" }, content }), ["missing"], "the name is told later");
  const group = "g";
  const gone = { op: "delete", fileId: id, group } as const;
  assert.deepEqual(await results(gone, { ...put, content, group }), ["dependency", "quota"]);
  assert.deepEqual(await results(gone, { ...put, content: small, group }), ["dependency", "missing"]);
  const first = { ...put, place: { name: "first" }, content: await space.content("held".padEnd(390, ".")) };
  const second = { ...put, content: contentOfText("not held".padEnd(11, ".")) };
  assert.deepEqual(await results(first, second), ["committed", "quota"]);
  await checkInvariants(space.db, space.caller.spaceId);
});

test("an editor does not learn how much room the owner has", async () => {
  const space = await open({ quotaBytes });
  const { userId, ...rest } = await open().then(({ caller }) => caller);
  const folder = await space.mkdir("root", "shared");
  await sql`insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
    values (${space.caller.spaceId}, gen_random_uuid(), ${folder.id}, 'user', ${userId}, 'editor',
      ${space.caller.userId}, 0)`.execute(space.db);
  const { spaceId, rootId, bucket } = space.caller;
  const editor = { ...rest, userId, spaceId, rootId, bucket, owns: false, grantees: [userId] };
  const put = { op: "put", place: { parentId: folder.id, name: "large" } } as const;
  const sent = async (text: string) => {
    const content = contentOfText(text);
    await storeBlocks(space.db, editor, content.blocks);
    return content;
  };
  for (const content of [await sent("h".repeat(1001)), contentOfText("not sent".padEnd(1001, "."))]) {
    const [result] = await space.commit([{ ...put, content }], editor);
    assert.ok(result?.status === "error" && result.error.code === "quota", describe(result));
    assert.doesNotMatch(result.error.message, /\d/);
    assert.deepEqual(result.error.body, {});
  }
  const [made] = await space.commit([{ ...put, content: await sent("fits") }], editor);
  assert.equal(made?.status, "committed", describe(made));
  assert.equal((await space.row()).used_bytes, 4, "it counts to the owner");
});

test("usage counts as below the mark again after a large folder was swept", async () => {
  const space = await open({ quotaBytes, pieces: smallPieces });
  const folder = await space.mkdir("root", "folder");
  for (let index = 0; index < 9; index += 1) await space.put(folder.id, `${index}`, `${index}`.repeat(100));
  assert.deepEqual(await drain(space), [80]);
  const [purged] = await space.commit([{ op: "purge", fileId: folder.id, trashedOnly: false }]);
  assert.equal(purged?.status, "committed");
  assert.equal((await space.row()).quota_warned, 80);
  await sweepPurged(space.db, { nowMicros: space.clock.nowMicros(), pieces: smallPieces });
  assert.deepEqual([(await space.row()).used_bytes, (await space.row()).quota_warned], [0, 0]);
  await checkInvariants(space.db, space.caller.spaceId);
});

test("marks do not move by rounding, and a space without a quota has none", () => {
  const mark = (used_bytes: number, quota_bytes: number | null, quota_warned = 0) =>
    markOf({ used_bytes, quota_bytes, quota_warned });
  assert.deepEqual([mark(8, 10), mark(79, 99), mark(80, 99)], [80, 0, 80]);
  assert.deepEqual([mark(1e15, null), mark(0, 0), mark(5, null, 95)], [0, 0, 0]);
  assert.deepEqual([mark(1, 0), mark(2e12 * 0.95, 2e12), mark(2e12 * 0.95 - 1, 2e12)], [95, 95, 80]);
  assert.deepEqual([mark(90, 100, 95), mark(89, 100, 95), mark(75, 100, 80), mark(74, 100, 95)], [95, 80, 80, 0]);
});

async function drain(space: TestSpace, seen: [number, number][] = []): Promise<number[]> {
  const warnings: QuotaWarning[] = [];
  const kinds = quotaWarningKind([async (warning) => void warnings.push(warning)]);
  const { queue } = openTestQueue(databases.shards, kinds);
  await queue.idle();
  await queue.stop();
  assert.deepEqual(await messagesOn(databases.shards.ofId(space.caller.spaceId)), []);
  const own = warnings.filter(({ userId }) => userId === space.caller.userId);
  for (const { percent, usedBytes, quotaBytes: quota } of own) {
    assert.equal(quota, quotaBytes);
    seen.push([percent, usedBytes]);
  }
  return own.map(({ percent }) => percent);
}

function drawerOf(start: number): () => number {
  let state = start | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

function sizesOf(start: number, count: number): number[] {
  const draw = drawerOf(start + 1);
  return Array.from({ length: count }, () => 1 + (draw() % 60));
}
