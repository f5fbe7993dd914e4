import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { checkInvariants } from "../testing/invariants.ts";
import type { Operation } from "./operation.ts";
import { pieceSizes } from "./piece-sizes.ts";
import { makeTestSpace, TestSpace } from "../testing/testing.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTestDatabases();
});
after(async () => databases.stop());

test("many simultaneous commits of two processes to one space get their answers and a journal without gaps", async () => {
  const space = await makeTestSpace(databases.shards);
  const second = new TestSpace(space.db, databases.shards, await space.row(), {
    clock: space.clock,
    pieces: pieceSizes,
  });
  const content = await space.content("x");
  const folders = await Promise.all(["a", "b", "c"].map(async (name) => space.mkdir("root", name)));
  const commits = Array.from({ length: 200 }, async (_, index) => {
    const parentId = folders[index % 3]?.id ?? "";
    const operations: Operation[] = Array.from({ length: 1 + (index % 7) }, (__, part) => ({
      op: "put",
      place: { parentId, name: `${index}-${part}` },
      content,
    }));
    const results = await (index % 2 === 0 ? space : second).commit(operations, space.caller);
    for (const [part, result] of results.entries()) {
      assert.ok(result.status === "committed" && result.node);
      assert.equal(result.node.path, `/${folders[index % 3]?.name}/${index}-${part}`);
    }
    return operations.length;
  });
  const count = (await Promise.all(commits)).reduce((sum, length) => sum + length, 0);
  const row = await space.row();
  assert.equal(row.seq, 3 + count);
  assert.equal(row.used_bytes, count);
  await checkInvariants(space.db, space.caller.spaceId);
  const transactions = space.committed.length + second.committed.length;
  assert.ok(transactions < 100, `what waits is combined: ${transactions} transactions for 203 commits`);
});

test("exactly one of many commits for the same name, or the same base, succeeds", async () => {
  const space = await makeTestSpace(databases.shards);
  const contents = await Promise.all(Array.from({ length: 20 }, async (_, index) => space.content(`text ${index}`)));
  const creates = contents.map(async (content) => space.commit([{ op: "put", place: { path: "a" }, content }]));
  const statuses = (await Promise.all(creates)).map(([result]) => result?.status);
  assert.equal(statuses.filter((status) => status === "committed").length, 1);
  assert.equal(statuses.filter((status) => status === "conflict").length, 19);
  const edits = contents.map(async (content, index) =>
    space.commit([
      { op: "put", place: { path: "a" }, content: index === 0 ? { ...content } : content, baseVersion: 1 },
    ]),
  );
  const codes = (await Promise.all(edits)).map(([result]) =>
    result && "error" in result ? result.error.code : result?.status,
  );
  assert.equal(codes.filter((code) => code === "conflict").length, 18);
  await checkInvariants(space.db, space.caller.spaceId);
});

test("each change of a file in one transaction has its own revision, and only the last is a valid base", async () => {
  const space = await makeTestSpace(databases.shards);
  const file = await space.put("root", "a", "one");
  const count = space.committed.length;
  const results = await space.commit([
    { op: "put", fileId: file.id, content: await space.content("two"), baseRevision: file.revision },
    { op: "put", fileId: file.id, content: await space.content("three") },
  ]);
  assert.equal(space.committed.length, count + 1, "one transaction");
  const [first = "", last = ""] = results.map((result) => (result.status === "committed" ? result.node?.revision : ""));
  assert.equal(new Set([file.revision, first, last]).size, 3);
  const edit = { op: "put", fileId: file.id, content: await space.content("four") } as const;
  assert.equal((await space.refused({ ...edit, baseRevision: first })).code, "conflict");
  await space.do({ ...edit, baseRevision: last });
});

test("moves that would form a cycle together are serialized, and one is refused", async () => {
  const space = await makeTestSpace(databases.shards);
  const [a, b] = [await space.mkdir("root", "a"), await space.mkdir("root", "b")];
  const [first, second] = await Promise.all([
    space.commit([{ op: "move", fileId: a.id, place: { parentId: b.id } }]),
    space.commit([{ op: "move", fileId: b.id, place: { parentId: a.id } }]),
  ]);
  const codes = [first[0], second[0]].map((result) =>
    result && "error" in result ? result.error.code : result?.status,
  );
  assert.deepEqual(new Set(codes), new Set(["committed", "cycle"]));
  await checkInvariants(space.db, space.caller.spaceId);
});

test("a large batch is split into transactions that let others in, and a group is never split", async () => {
  const space = await makeTestSpace(databases.shards);
  const content = await space.content("x");
  const batch = Array.from({ length: 900 }, (_, index): Operation => ({
    op: "put",
    place: { path: `${index}` },
    content,
    ...(index >= 100 && index < 800 ? { group: "g" } : {}),
  }));
  const more = Array.from({ length: 900 }, (_, index): Operation => ({
    op: "mkdir",
    place: { path: `folder ${index}` },
  }));
  const [first, second] = await Promise.all([space.commit(batch), space.commit(more)]);
  assert.ok([...first, ...second].every((result) => result.status === "committed"));
  assert.ok(space.committed.length > 1);
  assert.equal((await space.row()).seq, 1800);
});

test("a commit that breaks its transaction does not break the others in it", async () => {
  const space = await makeTestSpace(databases.shards);
  // The API's schemas reject this time, which the database cannot store.
  const broken = { op: "mkdir", place: { path: "broken" }, modifiedAtMicros: Number.MAX_VALUE } as const;
  const settled = await Promise.allSettled([
    space.commit([{ op: "mkdir", place: { path: "first" } }]),
    space.commit([broken]),
    space.commit([{ op: "mkdir", place: { path: "last" } }]),
  ]);
  assert.deepEqual(
    settled.map((each) => each.status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  assert.equal((await space.row()).seq, 2);
});
