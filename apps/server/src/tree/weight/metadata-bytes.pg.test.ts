import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { copyFolder } from "../commit/copy-folder.ts";
import type { Operation } from "../commit/operation.ts";
import { pruneVersions } from "../retention/retention.ts";
import { contentOfText, TestSpace } from "../testing/testing.ts";
import { pieceSizes } from "../commit/piece-sizes.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";

const world = useTestSpaces({ fsync: false });
const { open } = world;
const row = limits.rowWeightBytes;

async function take(space: TestSpace, leftBytes: number): Promise<{ give: () => Promise<unknown> }> {
  const { metadata_bytes } = await space.row();
  const takenBytes = limits.quotaMetadataBytesMin - metadata_bytes - leftBytes;
  const change = (bytes: number) =>
    sql`update shard.spaces set metadata_bytes = metadata_bytes + ${bytes} where id = ${space.caller.spaceId}`.execute(
      space.db,
    );
  await change(takenBytes);
  return { give: () => change(-takenBytes) };
}

async function codesOf(space: TestSpace, operations: readonly Operation[]): Promise<string[]> {
  const results = await space.commit(operations);
  return results.map((result) => ("error" in result ? result.error.code : result.status));
}

const mkdir = (path: string, metadata?: Record<string, unknown>): Operation => ({
  op: "mkdir",
  place: { path },
  ...(metadata === undefined ? {} : { metadata }),
});

test("a node weighs its name, target and metadata, and a version its list of blocks", async () => {
  const space = await open();
  const weightOf = async (change: () => Promise<unknown>) => {
    const before = (await space.row()).metadata_bytes;
    await change();
    return (await space.row()).metadata_bytes - before;
  };
  assert.equal(await weightOf(() => space.mkdir("root", "four")), row + 4);
  assert.equal(await weightOf(() => space.do(mkdir("m", { key: "value" }))), row + 1 + 15);
  assert.equal(await weightOf(() => space.do({ op: "symlink", place: { path: "l" }, target: "../x" })), row + 1 + 4);
  assert.equal(await weightOf(() => space.put("root", "file", "text")), row + 4 + row + 36);
  const file = await space.put("root", "f", "one");
  assert.equal(
    await weightOf(async () => space.do({ op: "put", fileId: file.id, content: await space.content("2") })),
    row + 36,
  );
  assert.equal(await weightOf(() => space.do({ op: "move", fileId: file.id, place: { name: "longer" } })), 5);
  assert.equal(await weightOf(() => space.do({ op: "set", fileId: file.id, metadata: { a: 1 } })), 7);
  assert.equal(await weightOf(() => space.do({ op: "delete", fileId: file.id })), 0);
  assert.equal(
    await weightOf(() => space.commit([{ op: "purge", fileId: file.id, trashedOnly: true }])),
    -(row + 6 + 7 + 2 * (row + 36)),
  );
});

test("a copied folder weighs as much as its source, and pruned versions and removed segments nothing", async () => {
  const space = await open();
  const a = await space.mkdir("root", "a");
  await space.do(mkdir("/a/sub", { some: "thing" }));
  const file = await space.put(a.id, "f", "one");
  const source = (await space.row()).metadata_bytes;
  const rootOnly = row;
  await space.do({ op: "copy", fileId: a.id, place: { parentId: "root", name: "b" } });
  assert.equal((await space.row()).metadata_bytes, 2 * source - rootOnly);
  for (let version = 2; version < 5; version += 1) {
    await space.do({ op: "put", fileId: file.id, content: await space.content(`version ${version}`) });
  }
  const entries = Array.from({ length: 600 }, (_, index) => contentOfText(`block ${index}`).blocks).flat();
  await space.store(entries);
  const sizeBytes = entries.reduce((sum, { size }) => sum + size, 0);
  const before = (await space.row()).metadata_bytes;
  await space.do({ op: "put", fileId: file.id, content: { sizeBytes, blocks: entries } });
  assert.ok((await space.row()).metadata_bytes > before + 600 * 36, "its segments weigh");
  await pruneVersions({ db: space.db, nowMicros: space.clock.nowMicros() }, { keptMin: 1, lifetimeMs: 0 });
  const { rows } = await sql`select from shard.versions where node_id = ${file.id}`.execute(space.db);
  assert.equal(rows.length, 1);
});

test("above the metadata limit nothing can be added, but everything else works, per operation", async () => {
  const space = await open({ quotaBytes: 1000 });
  const [file, doomed] = [await space.put("root", "file", "x"), await space.put("root", "doomed", "y")];
  const content = await space.content("z");
  const { give } = await take(space, row + 10);
  assert.deepEqual(
    await codesOf(space, [
      mkdir("a", { much: "x".repeat(100) }),
      { op: "put", place: { path: "new" }, content },
      mkdir("b"),
      mkdir("c"),
      { op: "set", fileId: file.id, metadata: { much: "x".repeat(100) } },
      { op: "set", fileId: file.id, executable: true },
      { op: "move", fileId: file.id, place: { name: "x" } },
      { op: "copy", fileId: file.id, place: { name: "copy" } },
      { op: "delete", fileId: doomed.id },
      { op: "restore", fileId: doomed.id },
    ]),
    ["quota", "quota", "committed", "quota", "quota", "committed", "committed", "quota", "committed", "committed"],
  );
  assert.deepEqual(await codesOf(space, [{ op: "purge", fileId: doomed.id, trashedOnly: false }]), ["committed"]);
  assert.deepEqual(await codesOf(space, [{ op: "put", place: { path: "new" }, content }]), ["committed"]);
  await give();
});

test("a small quota can hold many small files, and the metadata limit follows the quota", async () => {
  const space = await open({ quotaBytes: 1_000_000 });
  const content = await space.content("x".repeat(2000));
  const puts = Array.from({ length: 500 }, (_, index): Operation => ({
    op: "put",
    place: { path: `${index}` },
    content,
  }));
  assert.deepEqual(new Set(await codesOf(space, puts)), new Set(["committed"]));
  assert.equal((await space.row()).used_bytes, 1_000_000);
  assert.equal(
    (await space.refused({ op: "put", place: { path: "more" }, content: await space.content("y") })).code,
    "quota",
  );
  await space.mkdir("root", "a folder has no bytes");
  const { give } = await take(space, 0);
  assert.equal((await space.refused(mkdir("no room"))).code, "quota");
  await sql`update shard.spaces set quota_bytes = ${2 * limits.quotaMetadataBytesMin} where id = ${space.caller.spaceId}`.execute(
    space.db,
  );
  await space.mkdir("root", "room again");
  await sql`update shard.spaces set quota_bytes = null where id = ${space.caller.spaceId}`.execute(space.db);
  await space.mkdir("root", "no bound");
  await give();
});

test("simultaneous commits of two processes do not exceed the limit", async () => {
  const space = await open({ quotaBytes: 1000 });
  const second = new TestSpace(space.db, world.databases.shards, await space.row(), {
    clock: space.clock,
    pieces: pieceSizes,
  });
  const { give } = await take(space, 10 * (row + 2));
  const codes = await Promise.all(
    Array.from({ length: 40 }, (_, index) => codesOf(index % 2 === 0 ? space : second, [mkdir(String(10 + index))])),
  );
  assert.equal(codes.flat().filter((code) => code === "committed").length, 10);
  assert.equal(codes.flat().filter((code) => code === "quota").length, 30);
  await give();
});

test("a folder copy without room for bytes or metadata stops and leaves nothing", async () => {
  const space = await open({ quotaBytes: 10_000 });
  const a = await space.mkdir("root", "a");
  const content = await space.content("123456");
  const puts = Array.from({ length: 1200 }, (_, index): Operation => ({
    op: "put",
    place: { path: `/a/${index}` },
    content,
  }));
  for (const part of [puts.slice(0, 600), puts.slice(600)]) {
    assert.deepEqual(new Set(await codesOf(space, part)), new Set(["committed"]));
  }
  const count = async () =>
    (await sql`select from shard.nodes where space_id = ${space.caller.spaceId}`.execute(space.db)).rows.length;
  const nodes = await count();
  const place = {
    db: space.db,
    spaceId: space.caller.spaceId,
    clock: space.clock,
    random: randomBytes,
    pieces: pieceSizes,
  };
  const copy = { op: "copy", fileId: a.id, place: { parentId: "root", name: "b" } } as const;
  const step = {
    caller: space.caller,
    operation: copy,
    content: undefined,
    refused: undefined,
    missing: [],
    lost: [],
    attach: undefined,
    named: undefined,
  };
  const { rows } = await sql<never>`select * from shard.nodes where id = ${a.id}`.execute(space.db);
  await assert.rejects(copyFolder(place, step, { copyFolder: rows[0]!, isStrangers: false }), { code: "quota" });
  assert.equal(await count(), nodes);
  await sql`update shard.spaces set quota_bytes = 100000 where id = ${space.caller.spaceId}`.execute(space.db);
  const { give } = await take(space, 1100 * 2 * row);
  await assert.rejects(copyFolder(place, step, { copyFolder: rows[0]!, isStrangers: false }), { code: "quota" });
  assert.equal(await count(), nodes);
  await give();
});
