import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "@holdfast/core/limits";
import type { UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { grantTo } from "../rights/testing.ts";
import { newTestId, type TestSpace } from "../testing/testing.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";
import { findNode } from "../read/look-up.ts";
import { listVersions } from "../read/versions-list.ts";
import type { Operation, OperationResult } from "./operation.ts";

const spaces = useTestSpaces();
const { open } = spaces;

const label = (fileId: string, version: number | string, text: string | null): Operation => ({
  op: "label",
  fileId,
  version,
  label: text,
});

async function labelsOf(space: TestSpace, fileId: string): Promise<[number, string | null][]> {
  const { rows } = await sql<{ number: number; label: string | null }>`
    select number, label from shard.versions
    where space_id = ${space.caller.spaceId} and node_id = ${fileId} order by number`.execute(space.db);
  return rows.map((row) => [row.number, row.label]);
}

async function putAgain(space: TestSpace, fileId: string, text: string): Promise<void> {
  await space.do({ op: "put", fileId, content: await space.content(text) });
}

test("a label changes nothing in the file, and no device is notified", async () => {
  const space = await open();
  const file = await space.put("root", "f", "1");
  await putAgain(space, file.id, "2");
  const before = await space.do({ op: "set", fileId: file.id });
  const { seq } = await space.row();
  space.committed.length = 0;
  assert.deepEqual(await space.do(label(file.id, 1, "as sent")), before);
  assert.deepEqual(await labelsOf(space, file.id), [
    [1, "as sent"],
    [2, null],
  ]);
  assert.equal((await space.row()).seq, seq);
  assert.deepEqual(space.committed, []);
});

test("a label can be replaced, removed by null, and set by version ID", async () => {
  const space = await open();
  const file = await space.put("root", "f", "1");
  for (const [text, expected] of [
    ["a", "a"],
    ["longer than before", "longer than before"],
    [null, null],
    ["b", "b"],
    [null, null],
    [null, null],
  ] as const) {
    await space.do(label(file.id, file.version_id ?? "", text));
    assert.deepEqual(await labelsOf(space, file.id), [[1, expected]]);
  }
});

test("a version that does not exist, or belongs to another file, is not found", async () => {
  const space = await open();
  const file = await space.put("root", "f", "1");
  const folder = await space.mkdir("root", "d");
  for (const version of [0, 2, -1, 1.5, "no version", folder.id]) {
    assert.equal((await space.refused(label(file.id, version, "x"))).code, "not_found", String(version));
  }
  assert.equal((await space.refused(label(folder.id, 1, "x"))).code, "invalid_field");
  const other = await space.put("root", "g", "2");
  assert.equal((await space.refused(label(file.id, other.version_id ?? "", "x"))).code, "not_found");
});

test("a label needs the state that the caller saw, and a file outside the trash", async () => {
  const space = await open();
  const file = await space.put("root", "f", "1");
  await putAgain(space, file.id, "2");
  const now = await space.do({ op: "set", fileId: file.id });
  const tried = await space.refused({ ...label(file.id, 1, "x"), ifMatch: [file.revision] });
  assert.deepEqual([tried.code, tried.node], ["precondition", now]);
  assert.equal((await space.refused({ ...label(file.id, 1, "x"), baseVersion: 1 } as Operation)).code, "conflict");
  await space.do({ ...label(file.id, 1, "x"), ifMatch: [now.revision] });
  await space.do({ op: "delete", fileId: file.id });
  assert.equal((await space.refused(label(file.id, 1, "y"))).code, "trashed");
  await space.do({ op: "restore", fileId: file.id });
  assert.deepEqual(await labelsOf(space, file.id), [
    [1, "x"],
    [2, null],
  ]);
});

test("a repeated request returns its first answer, even if the label changed since", async () => {
  const space = await open();
  const file = await space.put("root", "f", "1");
  const operation = { ...label(file.id, 1, "first"), operationId: Buffer.alloc(16, 5), requestHash: Buffer.alloc(32) };
  const versionOf = ([result]: readonly OperationResult[]) =>
    result?.status === "committed" ? result.version : undefined;
  const first = versionOf(await space.commit([operation]));
  assert.equal(first?.label, "first");
  await space.do(label(file.id, 1, "second"));
  assert.deepEqual(versionOf(await space.commit([operation])), first);
  assert.deepEqual(await labelsOf(space, file.id), [[1, "second"]]);
  const reused = await space.refused({ ...operation, requestHash: Buffer.alloc(32, 1) });
  assert.equal(reused.code, "operation_reused");
});

test("a version made in the same commit can be labeled, and a failed group leaves no label", async () => {
  const space = await open();
  const file = await space.put("root", "f", "1");
  const put: Operation = { op: "put", fileId: file.id, content: await space.content("2") };
  await space.commit([put, label(file.id, 2, "once"), label(file.id, 2, "at last"), label(file.id, 1, "old")]);
  const expected = [
    [1, "old"],
    [2, "at last"],
  ];
  assert.deepEqual(await labelsOf(space, file.id), expected);
  const group = "g";
  await space.commit([
    { ...label(file.id, 2, "never, though longer"), group },
    { ...label(file.id, 9, "never"), group },
  ]);
  assert.deepEqual(await labelsOf(space, file.id), expected);
});

test("a label stays with its version through moves, but not in copies or restored versions", async () => {
  const space = await open();
  const folder = await space.mkdir("root", "d");
  const file = await space.put(folder.id, "f", "1");
  await putAgain(space, file.id, "2");
  await space.do(label(file.id, 1, "old"));
  await space.do(label(file.id, 2, "head"));
  const copy = await space.do({ op: "copy", fileId: file.id, place: { parentId: "root", name: "copy" } });
  assert.deepEqual(await labelsOf(space, copy.id), [[1, null]]);
  await space.do({ op: "copy", fileId: folder.id, place: { parentId: "root", name: "d2" } });
  await space.do({ op: "revert", fileId: file.id, version: 1 });
  await space.do({ op: "move", fileId: file.id, place: { parentId: "root", name: "moved" } });
  assert.deepEqual(await labelsOf(space, file.id), [
    [1, "old"],
    [2, "head"],
    [3, null],
  ]);
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from shard.versions
    where space_id = ${space.caller.spaceId} and label is not null`.execute(space.db);
  assert.equal(rows[0]?.count, 2);
});

test("a space without room for more metadata accepts no label", async () => {
  const space = await open({ quotaBytes: 1 });
  const file = await space.put("root", "f", "1");
  const { metadata_bytes } = await space.row();
  const fillBytes = limits.quotaMetadataBytesMin - metadata_bytes - 3;
  const fill = (bytes: number) => sql`
    update shard.spaces set metadata_bytes = metadata_bytes + ${bytes} where id = ${space.caller.spaceId}`;
  await fill(fillBytes).execute(space.db);
  assert.equal((await space.refused(label(file.id, 1, "four"))).code, "quota");
  await space.do(label(file.id, 1, "ten"));
  await fill(-fillBytes).execute(space.db);
});

test("a purged file loses its labels", async () => {
  const space = await open();
  const file = await space.put("root", "f", "1");
  await space.do(label(file.id, 1, "kept while the file is"));
  await space.commit([{ op: "purge", fileId: file.id, trashedOnly: false }]);
  assert.deepEqual(await labelsOf(space, file.id), []);
});

test("an editor can change their own labels, but not those of the owner or another editor", async () => {
  const space = await open();
  const { caller, db } = space;
  const file = await space.put("root", "f", "1");
  await putAgain(space, file.id, "2");
  const [editor, another] = await Promise.all([newEditor(space), newEditor(space)]);
  await space.do(label(file.id, 1, "kept"));
  for (const text of [null, "", "of the editor"]) {
    const { code } = await space.refused(label(file.id, 1, text), editor);
    assert.equal(code, "forbidden", String(text));
  }
  await space.do(label(file.id, 1, "kept"), editor);
  assert.deepEqual(await labelsOf(space, file.id), [
    [1, "kept"],
    [2, null],
  ]);
  const own = ["an editor's", "the same editor's", null, "again"].map((text) => label(file.id, 2, text));
  const results = await space.commit(own, editor);
  assert.deepEqual(
    results.map(({ status }) => status),
    Array(4).fill("committed"),
  );
  await space.do(label(file.id, 2, "later"), editor);
  const lockedFor = async (asker: TestSpace["caller"]) => {
    const { items } = await listVersions(
      spaces.databases.shards,
      await findNode(spaces.databases.shards, asker, file.id),
      asker,
    );
    return items.filter((each) => each.label_locked).map(({ number }) => number);
  };
  assert.deepEqual([await lockedFor(editor), await lockedFor(another), await lockedFor(caller)], [[1], [2, 1], []]);
  assert.equal((await space.refused(label(file.id, 2, null), another)).code, "forbidden");
  await space.do(label(file.id, 2, "later"));
  assert.equal(
    (await space.refused(label(file.id, 2, null), editor)).code,
    "forbidden",
    "the owner set the same label",
  );
  await sql`update shard.versions set label_by = null where space_id = ${caller.spaceId}`.execute(db);
  assert.equal((await space.refused(label(file.id, 1, null), editor)).code, "forbidden", "a label of an older server");
  for (const version of [1, 2]) await space.do(label(file.id, version, null));
  await space.do(label(file.id, 1, "the owner removed the label before"), another);
});

async function newEditor({ caller, db }: TestSpace) {
  const userId = newTestId<UserId>();
  await grantTo(db, { spaceId: caller.spaceId, nodeId: caller.rootId, role: "editor", userId });
  return { ...caller, userId, owns: false, receives: true, grantees: [userId] };
}
