import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import { longTest } from "@holdfast/tools/tiers";
import { sql } from "kysely";
import type { PieceSizes } from "../commit/piece-sizes.ts";
import { contentOfText, smallPieces, type TestSpace } from "../testing/testing.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";
import { type Pruned, pruneNow } from "./prune-now.ts";

const { open } = useTestSpaces();

interface PruneOptions {
  readonly isDry?: boolean;
  readonly pieces?: PieceSizes;
}

function prune(space: TestSpace, { id, kind }: NodeJson, keep: number, options: PruneOptions = {}): Promise<Pruned> {
  const { db, clock, caller } = space;
  const request = { db, clock, spaceId: caller.spaceId, keep, isDry: false, ...options };
  return pruneNow(request, { id: id as NodeId, kind });
}

async function numbersOf(space: TestSpace, { id }: NodeJson): Promise<number[]> {
  const { rows } = await sql<{ number: number }>`
    select number from shard.versions where space_id = ${space.caller.spaceId} and node_id = ${id} order by number`.execute(
    space.db,
  );
  return rows.map(({ number }) => number);
}

async function putVersions(space: TestSpace, parentId: string, name: string, count: number): Promise<NodeJson> {
  const textOf = (number: number) => `${name} ${number}`.padEnd(10, ".");
  const file = await space.put(parentId, name, textOf(1));
  for (let number = 2; number <= count; number += 1)
    await space.do({ op: "put", fileId: file.id, content: await space.content(textOf(number)) });
  return file;
}

test("the newest and labeled versions stay, and the space of the others is free immediately", async () => {
  const space = await open();
  const file = await putVersions(space, "root", "f", 6);
  await space.do({ op: "label", fileId: file.id, version: 2, label: "sent" });
  assert.deepEqual(await prune(space, file, 3, { isDry: true }), { removed: 2, bytes: 20 });
  assert.deepEqual(await numbersOf(space, file), [1, 2, 3, 4, 5, 6]);
  const before = await space.row();
  assert.deepEqual(await prune(space, file, 3), { removed: 2, bytes: 20 });
  assert.deepEqual(await numbersOf(space, file), [2, 4, 5, 6]);
  const after = await space.row();
  assert.deepEqual([before.stored_bytes - after.stored_bytes, after.used_bytes], [20, before.used_bytes]);
  assert.deepEqual(await prune(space, file, 3), { removed: 0, bytes: 0 });
  assert.equal((await prune(space, file, 1)).removed, 2);
  assert.deepEqual(await numbersOf(space, file), [2, 6]);
});

test("the number of versions kept does not depend on gaps in their numbering", async () => {
  const space = await open();
  const file = await putVersions(space, "root", "f", 5);
  for (const version of [1, 3]) await space.do({ op: "label", fileId: file.id, version, label: "kept" });
  await prune(space, file, 1);
  await space.do({ op: "label", fileId: file.id, version: 3, label: null });
  assert.deepEqual(await numbersOf(space, file), [1, 3, 5]);
  assert.equal((await prune(space, file, 2)).removed, 0);
  assert.deepEqual(await numbersOf(space, file), [1, 3, 5]);
});

test("content shared with a remaining version or another file is not freed", async () => {
  const space = await open();
  const file = await space.put("root", "f", "same");
  await space.put("root", "other", "elsewhere");
  for (const text of ["elsewhere", "only here", "same"])
    await space.do({ op: "put", fileId: file.id, content: await space.content(text) });
  assert.deepEqual(await prune(space, file, 1), { removed: 3, bytes: "only here".length });
});

test("blocks used only by an old version's long list are free immediately", async () => {
  const space = await open();
  const blocks = Array.from({ length: 1800 }, (_, index) => contentOfText(`block ${index}`).blocks).flat();
  await space.store(blocks);
  const sizeOf = (some: typeof blocks) => some.reduce((sum, { size }) => sum + size, 0);
  const contentOf = (some: typeof blocks) => ({ sizeBytes: sizeOf(some), blocks: some });
  const file = await space.do({ op: "put", place: { path: "long" }, content: contentOf(blocks.slice(0, 1200)) });
  await space.do({ op: "put", fileId: file.id, content: contentOf(blocks.slice(600)) });
  assert.deepEqual(await prune(space, file, 1), { removed: 1, bytes: sizeOf(blocks.slice(0, 600)) });
  assert.equal((await space.row()).stored_bytes, sizeOf(blocks.slice(600)));
});

longTest("more versions than fit into one transaction are all removed", async () => {
  const space = await open();
  const file = await putVersions(space, "root", "f", 230);
  assert.deepEqual(await prune(space, file, 10), { removed: 220, bytes: 2200 });
  assert.equal((await numbersOf(space, file)).length, 10);
});

test("pruning a folder affects the files below it, but not others or trashed ones", async () => {
  const space = await open();
  const folder = await space.mkdir("root", "folder");
  const sub = await space.mkdir(folder.id, "sub");
  const inside = [await putVersions(space, folder.id, "a", 3), await putVersions(space, sub.id, "b", 4)];
  const [elsewhere, trashed] = [await putVersions(space, "root", "c", 3), await putVersions(space, sub.id, "d", 3)];
  await space.do({ op: "delete", fileId: trashed.id });
  const pieces = smallPieces;
  assert.deepEqual(await prune(space, folder, 2, { pieces, isDry: true }), { removed: 3, bytes: 30 });
  assert.deepEqual(await prune(space, folder, 2, { pieces }), { removed: 3, bytes: 30 });
  assert.deepEqual(await Promise.all(inside.map((file) => numbersOf(space, file))), [
    [2, 3],
    [3, 4],
  ]);
  const others = await Promise.all([elsewhere, trashed].map((file) => numbersOf(space, file)));
  assert.deepEqual(others, [
    [1, 2, 3],
    [1, 2, 3],
  ]);
});
