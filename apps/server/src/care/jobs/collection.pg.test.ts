import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import { sql } from "kysely";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
import type { BlockCells } from "../../packs/cells/open-block-cells.ts";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { noteRebuilt, requireRebuild } from "../../packs/facts/cell-facts.ts";
import type { OpenBlockService } from "../../packs/service/open-block-service.ts";
import { releaseKinds } from "../../packs/index/release-kind.ts";
import { blockOf, openBlockWorld, silentBlockLog, startTestPool } from "../../packs/testing.ts";
import { retentionUsual } from "../../base/config/retention-settings.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { readCut } from "../../tree/retention/retention-cut.ts";
import { releaseKind } from "../../tree/retention/release-message.ts";
import { checkInvariants } from "../../tree/testing/invariants.ts";
import { makeTestSpace, TestClock, type TestSpace } from "../../tree/testing/testing.ts";
import type { Kind } from "../../base/queue/kind.ts";
import { messagesOn, openTestQueue } from "../../base/queue/testing.ts";
import { collectNow } from "./collect-now.ts";
import { giveUpBlocks, retainShard, type RetentionParts } from "./run-retention.ts";

const dayMs = 24 * 3600_000;
const { signal } = new AbortController();

let databases: TestDatabases;
let pool: BlockPool;
let cells: BlockCells;
let cell: BlockCell;
let blocks: OpenBlockService;
let parts: RetentionParts;
const clock = new TestClock();
const spaces: TestSpace[] = [];

before(async () => {
  databases = await startTestDatabases();
  pool = startTestPool();
  const store = makeMemoryStore({ nowMs: () => clock.nowMs() });
  ({ cells, service: blocks } = await openBlockWorld(pool, { databases, store, clock }));
  [cell] = cells.all() as [BlockCell];
  const { shards } = databases;
  parts = { shards, cells, clock, settings: retentionUsual, kick: () => {}, onMended: () => assert.fail("mended") };
});
after(async () => {
  await blocks?.close();
  await pool?.close();
  await databases?.stop();
});
afterEach(async () => {
  for (const { db, caller } of spaces.splice(0)) await checkInvariants(db, caller.spaceId);
});

async function open(): Promise<TestSpace> {
  const space = await makeTestSpace(databases.shards, { clock });
  spaces.push(space);
  return space;
}

/** Stored as an upload does: pack, cell rows, space rows. */
async function contentOf(space: TestSpace, text: string) {
  const { spaceId, userId } = space.caller;
  const block = blockOf(Buffer.from(text));
  await blocks.store(spaceId, userId, [block]);
  return { sizeBytes: block.sizeBytes, blocks: [{ hash: block.hash, size: block.sizeBytes }] };
}

async function passDays(days: number): Promise<void> {
  clock.advanceMs(days * dayMs);
  for (const shard of databases.shards.all()) {
    await retainShard(parts, shard, signal);
    await giveUpBlocks(parts, shard, signal);
  }
}

/** Simulates the next process after a crash. */
async function workMessages(): Promise<void> {
  const { queue } = openTestQueue(databases.shards, releaseKinds({ cells, clock }));
  await queue.idle();
  await queue.stop();
}

const messages = async () => messagesOn(databases.shards.all()[0]!);

async function inCell(space: TestSpace, ...texts: string[]) {
  const held: string[] = [];
  const unheld: string[] = [];
  for (const text of texts) {
    const hash = Buffer.from(sha256(Buffer.from(text)), "hex");
    const { rows: holders } = await sql`
      select from cell.holders where hash = ${hash} and space_id = ${space.caller.spaceId}`.execute(cell.db);
    const { rows: waiting } = await sql`
      select from cell.blocks where hash = ${hash} and unreferenced_since is not null`.execute(cell.db);
    if (holders.length > 0) held.push(text);
    if (waiting.length > 0) unheld.push(text);
  }
  return { held, unheld };
}

test("a file's blocks are released once neither its versions nor the trash contain them", async () => {
  const space = await open();
  const file = await space.do({ op: "put", place: { path: "file" }, content: await contentOf(space, "one") });
  for (let version = 2; version <= 32; version += 1)
    await space.do({ op: "put", fileId: file.id, content: await contentOf(space, `version ${version}`) });
  await passDays(29);
  await passDays(8);
  assert.deepEqual((await inCell(space, "one", "version 2", "version 3")).held, ["one", "version 2", "version 3"]);
  await passDays(7);
  await workMessages();
  // The newest 30 of 32 versions stay at any age.
  assert.deepEqual(await inCell(space, "one", "version 2", "version 3"), {
    held: ["version 3"],
    unheld: ["one", "version 2"],
  });
  await space.do({ op: "delete", fileId: file.id });
  await passDays(29);
  await passDays(0);
  assert.deepEqual((await inCell(space, "version 3", "version 32")).held, ["version 3", "version 32"]);
  await passDays(2);
  await passDays(8);
  // The process that removed the rows died, so only the queue knows.
  assert.deepEqual((await inCell(space, "version 3", "version 32")).held, ["version 3", "version 32"]);
  assert.deepEqual(new Set((await messages()).map(({ kind }) => kind)), new Set([releaseKind]));
  await workMessages();
  assert.deepEqual(await inCell(space, "version 3", "version 32"), { held: [], unheld: ["version 3", "version 32"] });
  assert.deepEqual(await messages(), []);
});

test("a repeated or late message releases no blocks that were stored since", async () => {
  const space = await open();
  const { spaceId } = space.caller;
  const content = await contentOf(space, "again");
  await passDays(2);
  await passDays(7);
  const [message] = await messages();
  assert.ok(message);
  const kind = releaseKinds({ cells, clock })[releaseKind] as Kind;
  const attempt = { id: message.id, attempt: 1, signal };
  await kind.work(message.payload, attempt);
  await kind.work(message.payload, attempt);
  assert.deepEqual(await inCell(space, "again"), { held: [], unheld: ["again"] });
  assert.deepEqual(await blocks.held(spaceId, [content.blocks[0]!.hash]), new Set());
  await space.do({ op: "put", place: { path: "file" }, content: await contentOf(space, "again") });
  await kind.work(message.payload, attempt);
  assert.deepEqual((await inCell(space, "again")).held, ["again"]);
  await workMessages();
  assert.deepEqual(await blocks.held(spaceId, [content.blocks[0]!.hash]), new Set([content.blocks[0]!.hash]));
});

test("a block stored again before the message arrives keeps its holder", async () => {
  const space = await open();
  await contentOf(space, "between");
  await passDays(2);
  await passDays(7);
  const put = { op: "put", place: { path: "file" } } as const;
  const [early] = await space.commit([{ ...put, content: textContent("between") }]);
  assert.equal(early?.status, "missing");
  await space.do({ ...put, content: await contentOf(space, "between") });
  await workMessages();
  assert.deepEqual((await inCell(space, "between")).held, ["between"]);
});

test("nothing is released or deleted while the block index is being rebuilt", async () => {
  const space = await open();
  await contentOf(space, "early");
  await passDays(2);
  await passDays(7);
  await contentOf(space, "late");
  const required = await requireRebuild(cell.db);
  await passDays(2);
  await passDays(7);
  await workMessages();
  assert.deepEqual((await inCell(space, "early", "late")).held, ["early", "late"]);
  assert.equal((await messages()).length, 1);
  await noteRebuilt(cell.db, required);
  await passDays(0);
  await sql`update shard.messages set due_at = 0`.execute(space.db);
  await workMessages();
  assert.deepEqual((await inCell(space, "early", "late")).held, []);
});

test("a dry run changes nothing, and reports what the next run removes", async () => {
  const space = await open();
  const collection = { ...parts, pool, random: randomBytes, log: { ...silentBlockLog, debug: () => {} } };
  const collect = (dryRun: boolean) => collectNow(collection, { dryRun });
  await collect(false);
  const file = await space.do({ op: "put", place: { path: "file" }, content: await contentOf(space, "1") });
  for (let version = 2; version <= 33; version += 1)
    await space.do({ op: "put", fileId: file.id, content: await contentOf(space, `${version}`) });
  const folder = await space.mkdir("root", "folder");
  const inner = await space.mkdir(folder.id, "inner");
  for (const name of ["a", "b"])
    await space.do({ op: "put", place: { parentId: inner.id, name }, content: await contentOf(space, name) });
  await space.do({ op: "delete", fileId: inner.id });
  await space.do({ op: "delete", fileId: folder.id });
  const dueNow = async () => {
    const { versions, nodes } = await collect(true);
    return { versions, nodes };
  };
  assert.deepEqual(await dueNow(), { versions: 0, nodes: 0 });
  clock.advanceMs(31 * dayMs);
  const young = await space.mkdir("root", "young");
  await space.do({ op: "delete", fileId: young.id });
  assert.deepEqual(await dueNow(), { versions: 3, nodes: 4 });
  assert.deepEqual(await count(space), { nodes: 7, versions: 35 });
  const done = await collect(false);
  assert.deepEqual([done.versions, done.nodes], [3, 4]);
  assert.deepEqual(await count(space), { nodes: 3, versions: 30 });
  assert.deepEqual(await dueNow(), { versions: 0, nodes: 0 });
});

function textContent(text: string) {
  const bytes = Buffer.from(text);
  return { sizeBytes: bytes.length, blocks: [{ hash: sha256(bytes), size: bytes.length }] };
}

async function count({ db, caller }: TestSpace) {
  const { rows } = await sql<{ nodes: number; versions: number }>`
    select (select count(*) from shard.nodes where space_id = ${caller.spaceId}) as nodes,
      (select count(*) from shard.versions where space_id = ${caller.spaceId}) as versions`.execute(db);
  return rows[0];
}

test("a run records since when trash and versions are complete, and longer retention later does not move that back", async () => {
  const [shard] = databases.shards.all();
  assert.ok(shard !== undefined);
  const runWith = async (settings: Partial<RetentionParts["settings"]>) => {
    await retainShard({ ...parts, settings: { ...retentionUsual, ...settings } }, shard, signal);
    // In days, because each reading moves the clock by a microsecond.
    return Math.round((clock.nowMicros() - (await readCut(shard.db))) / 1000 / dayMs);
  };
  assert.equal(await runWith({ trashMs: 5 * dayMs }), 5);
  assert.equal(await runWith({ trashMs: 60 * dayMs, versionAgeMs: 40 * dayMs }), 5);
  clock.advanceMs(50 * dayMs);
  assert.equal(await runWith({ trashMs: 60 * dayMs, versionAgeMs: 40 * dayMs }), 40);
});
