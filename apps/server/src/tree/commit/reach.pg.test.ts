import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { NodeJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import { bounded } from "@holdfast/tools/bounded";
import { listFolder } from "../read/list-folder.ts";
import { findNode } from "../read/look-up.ts";
import type { Operation, Place } from "./operation.ts";
import { newTestId, type TestSpace } from "../testing/testing.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";

const world = useTestSpaces({ fsync: false });
const { open } = world;

async function chain(space: TestSpace, parentId: string, names: readonly string[]): Promise<NodeJson[]> {
  const ids = names.map(() => newTestId<NodeId>());
  const results = await space.commit(
    names.map((name, index) => ({
      op: "mkdir",
      id: ids[index]!,
      place: { parentId: index === 0 ? parentId : ids[index - 1]!, name },
    })),
  );
  return results.map((result) => {
    assert.ok(result.status === "committed" && result.node !== undefined);
    return result.node;
  });
}

const levels = (name: string, count: number) => Array.from({ length: count }, () => name);

async function codesOf(space: TestSpace, operations: readonly Operation[]): Promise<string[]> {
  const results = await space.commit(operations);
  return results.map((result) => ("error" in result ? result.error.code : result.status));
}

async function deepAndShallow(space: TestSpace) {
  const tall = await chain(space, "root", levels("t", 100));
  const deep = await chain(space, "root", levels("d", 60));
  return { top: tall[0]!, end: tall.at(-1)!, tooDeep: deep.at(-1)!, fits: deep[27]!, over: deep[28]! };
}

test("a move respects the depth limit for everything below the folder, exactly", async () => {
  const space = await open();
  const { top, tooDeep, fits, over } = await deepAndShallow(space);
  for (const parent of [tooDeep, over]) {
    const refused = await space.refused({ op: "move", fileId: top.id, place: { parentId: parent.id } });
    assert.equal(refused.code, "invalid_field");
  }
  await space.do({ op: "move", fileId: top.id, place: { parentId: fits.id } });
  assert.equal((await space.refused({ op: "move", fileId: fits.id, place: { parentId: over.id } })).code, "cycle");
});

test("copies, restores, revivals and automatic renames respect the depth limit", async () => {
  const space = await open();
  const { top, end, tooDeep, fits } = await deepAndShallow(space);
  const into = (parent: NodeJson) => ({ parentId: parent.id });
  assert.equal((await space.refused({ op: "copy", fileId: top.id, place: into(tooDeep) })).code, "invalid_field");
  await space.do({ op: "copy", fileId: top.id, place: into(fits) });
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from shard.nodes where space_id = ${space.caller.spaceId}`.execute(space.db);
  assert.equal(rows[0]?.count, 1 + 100 + 60 + 100, "a copy that may not be is not made");
  await space.do({ op: "delete", fileId: top.id });
  for (const operation of [
    { op: "restore", fileId: top.id, place: into(tooDeep) },
    { op: "move", fileId: top.id, place: into(tooDeep), revive: true },
  ] satisfies Operation[]) {
    assert.equal((await space.refused(operation)).code, "invalid_field", operation.op);
  }
  await space.do({ op: "restore", fileId: top.id });
  await space.put(end.id, "f", "x");
});

test("in a batch or group each operation sees the depths made by those before it", async () => {
  const space = await open();
  const { top, fits, over } = await deepAndShallow(space);
  const [middle] = await chain(space, "root", ["middle"]);
  const [tower, shelf] = [newTestId<NodeId>(), newTestId<NodeId>()];
  const operations: Operation[] = [
    { op: "mkdir", id: tower, place: { parentId: "root", name: "tower" } },
    { op: "move", fileId: top.id, place: { parentId: tower } },
    { op: "move", fileId: tower, place: { parentId: fits.id } },
    { op: "move", fileId: top.id, place: { parentId: middle!.id } },
    { op: "mkdir", id: shelf, place: { parentId: "root", name: "shelf" } },
    { op: "move", fileId: middle!.id, place: { parentId: shelf } },
    { op: "move", fileId: shelf, place: { parentId: over.id } },
  ];
  const done = ["committed", "committed", "invalid_field", "committed", "committed", "committed", "invalid_field"];
  assert.deepEqual(await codesOf(space, operations), done);
  const group = [
    { op: "move", fileId: top.id, place: { parentId: "root" }, group: "g" },
    { op: "move", fileId: top.id, place: { parentId: over.id }, group: "g" },
  ] satisfies Operation[];
  assert.deepEqual(await codesOf(space, group), ["dependency", "invalid_field"]);
});

test("the length of paths is limited for everything below, including file names", async () => {
  const space = await open();
  const long = (letter: string) => letter.repeat(249);
  const [top, ...below] = await chain(space, "root", levels(long("a"), 10));
  const shelf = await chain(space, "root", levels(long("b"), 6));
  const file = await space.put(below.at(-1)!.id, "x".repeat(95), "x");
  const move = (name: string) =>
    space.refused({ op: "move", fileId: top!.id, place: { parentId: shelf.at(-1)!.id, name } });
  // 4,096 bytes: 16 names of 250 bytes and one of 96, with slashes.
  assert.equal((await move(`${long("a")}a`)).code, "invalid_field");
  await space.do({ op: "move", fileId: top!.id, place: { parentId: shelf.at(-1)!.id } });
  assert.equal(
    Buffer.byteLength((await findNode(world.databases.shards, space.caller, file.id)).path),
    limits.pathBytesMax,
  );
  assert.equal(
    (await space.refused({ op: "move", fileId: file.id, place: { name: "x".repeat(96) } })).code,
    "invalid_field",
  );
  await space.put(below.at(-1)!.id, "y".repeat(94), "y");
  const rename = { op: "copy", fileId: file.id, place: {}, onConflict: "rename" } as const;
  assert.equal((await space.refused(rename)).code, "invalid_field", "the free name is longer than the path may be");
});

test("purged content no longer counts for the depth limit, but trashed content still does", async () => {
  const space = await open();
  const { top, tooDeep } = await deepAndShallow(space);
  const cut = await findNode(world.databases.shards, space.caller, top.id);
  const { rows } = await sql<{ id: string }>`
    select id from shard.nodes where space_id = ${space.caller.spaceId} and parent_id = ${cut.row.id}`.execute(
    space.db,
  );
  const move: Operation = { op: "move", fileId: top.id, place: { parentId: tooDeep.id } };
  await space.do({ op: "delete", fileId: rows[0]!.id });
  assert.equal((await space.refused(move)).code, "invalid_field", "it could come back out of the trash");
  await space.commit([{ op: "purge", fileId: rows[0]!.id, trashedOnly: true }]);
  await space.do(move);
});

test("a tree beyond the depth limit can be read, trashed and moved up or sideways, but not down", async () => {
  const space = await open();
  const { top, end, tooDeep, fits } = await deepAndShallow(space);
  await sql`update shard.nodes set parent_id = ${tooDeep.id} where id = ${top.id}`.execute(space.db);
  await sql`update shard.nodes set names_below = 200, bytes_below = 400 where space_id = ${space.caller.spaceId}
    and (name = 'd' or name = '')`.execute(space.db);
  assert.equal((await findNode(world.databases.shards, space.caller, end.id)).path.split("/").length, 161);
  const folder = await findNode(world.databases.shards, space.caller, "root");
  let seen = 0;
  for (let cursor: string | undefined, more = true; more;) {
    const page = await listFolder(world.databases.shards, space.caller, folder, { recursive: true, limit: 7, cursor });
    seen += page.items.length;
    cursor = page.next_cursor ?? undefined;
    more = cursor !== undefined;
  }
  assert.equal(seen, 160);
  const deeper = await space.mkdir(tooDeep.id, "deeper");
  const move = (place: Place): Operation => ({ op: "move", fileId: top.id, place });
  assert.deepEqual(
    await codesOf(space, [move({ name: "u" }), move({ parentId: deeper.id }), move({ parentId: fits.id })]),
    ["committed", "invalid_field", "committed"],
  );
  await sql`update shard.nodes set parent_id = ${tooDeep.id} where id = ${top.id}`.execute(space.db);
  await space.do({ op: "delete", fileId: top.id });
  await space.do({ op: "restore", fileId: top.id });
  assert.equal((await space.refused({ op: "mkdir", place: { parentId: end.id, name: "x" } })).code, "invalid_field");
  await space.do({ op: "move", fileId: top.id, place: { parentId: "root" } });
  await space.mkdir(end.id, "x");
});

test("a recursive listing covers the deepest and longest legal trees, with bounded cursors", async () => {
  const space = await open();
  const deep = await chain(space, "root", levels("d", limits.pathNamesMax - 1));
  for (const [index, folder] of deep.entries()) if (index % 3 === 0) await space.put(folder.id, "a file", "x");
  const root = await findNode(world.databases.shards, space.caller, "root");
  const expected = deep.length + Math.ceil(deep.length / 3);
  const paths: string[] = [];
  const lengths = new Set<number>();
  for (let cursor: string | undefined, more = true; more;) {
    const page = await listFolder(world.databases.shards, space.caller, root, { recursive: true, limit: 3, cursor });
    paths.push(...page.items.map((item) => item.path));
    cursor = page.next_cursor ?? undefined;
    more = cursor !== undefined;
    if (cursor !== undefined) lengths.add(cursor.length);
  }
  assert.equal(paths.length, expected);
  assert.equal(new Set(paths).size, expected);
  assert.ok(Math.max(...lengths) < 400, `${Math.max(...lengths)} characters`);
});

test("a recursive listing skips no remaining node when an ancestor of its position moves", async () => {
  const space = await open();
  const tops = [await space.mkdir("root", "one"), await space.mkdir("root", "two"), await space.mkdir("root", "three")];
  for (const top of tops) {
    const [middle, inner] = await chain(space, top.id, ["middle", "inner"]);
    for (let index = 0; index < 4; index += 1) await space.put(inner!.id, `f${index}`, "x");
    await space.put(middle!.id, "beside", "x");
  }
  const root = await findNode(world.databases.shards, space.caller, "root");
  const list = (cursor?: string, limit = 1) =>
    listFolder(world.databases.shards, space.caller, root, { recursive: true, limit, cursor });
  for (const when of [6, 8, 10, 12]) {
    const seen = new Set<string>();
    let stays = (await list(undefined, 1000)).items;
    let cursor: string | undefined;
    let pages = 0;
    let hasMoved = false;
    const stillInTime = bounded("the last page");
    do {
      stillInTime();
      const page = await list(cursor);
      for (const { id } of page.items) seen.add(id);
      cursor = page.next_cursor ?? undefined;
      pages += 1;
      if (pages !== when) continue;
      const [, top, middle] = page.items[0]!.path.split("/");
      const moved = stays.find((item) => item.path === `/${top}/${middle}`);
      if (moved === undefined) continue;
      stays = stays.filter((item) => !`${item.path}/`.startsWith(`${moved.path}/`));
      const parentId = tops.find(({ name }) => name !== top)!.id;
      await space.do({ op: "move", fileId: moved.id, place: { parentId, name: `moved ${when}` } });
      hasMoved = true;
    } while (cursor !== undefined && pages < 200);
    assert.ok(hasMoved, `nothing moved when ${when}`);
    assert.ok(stays.length > 0);
    for (const { id, path } of stays) assert.ok(seen.has(id), `${path} when ${when}`);
  }
});
