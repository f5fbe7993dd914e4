import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { Operation } from "./operation.ts";
import { describe, newTestId, type TestSpace } from "../testing/testing.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";

const { open } = useTestSpaces();

test("a folder is created once, and again only under another name or as itself", async () => {
  const space = await open();
  const folder = await space.mkdir("root", "a");
  const again = { op: "mkdir", place: { path: "/a" } } as const;
  assert.deepEqual(await space.refused(again), { code: "exists", node: folder });
  const [same] = await space.commit([{ ...again, onConflict: "replace" }]);
  assert.deepEqual(same, { status: "committed", node: folder, created: false });
  assert.equal((await space.do({ ...again, onConflict: "rename" })).name, "a (2)");
});

test("parents creates the missing folders, and leaves none behind after a refusal", async () => {
  const space = await open();
  assert.equal((await space.refused({ op: "mkdir", place: { path: "/x/y/z" } })).code, "not_found");
  assert.equal((await space.do({ op: "mkdir", place: { path: "/x/y/z", parents: true } })).path, "/x/y/z");
  const id = newTestId<NodeId>().replace("-8007-", "-8008-") as NodeId;
  assert.equal(
    (await space.refused({ op: "mkdir", id, place: { path: "/u/v", parents: true } })).code,
    "invalid_field",
  );
  assert.equal((await space.refused({ op: "mkdir", place: { path: "/u/v" } })).code, "not_found");
  assert.equal((await space.row()).seq, 3);
});

test("invalid names, paths that are too deep and parents that are not folders are refused", async () => {
  const space = await open();
  const file = await space.put("root", "file", "x");
  for (const name of ["", ".", "..", "a/b", "a\0b", "\u0007", "x".repeat(256)]) {
    const refused = await space.refused({ op: "mkdir", place: { parentId: "root", name } });
    assert.equal(refused.code, "invalid_field", JSON.stringify(name));
  }
  const deep = Array.from({ length: 128 }, () => "d").join("/");
  const deepest = await space.do({ op: "mkdir", place: { path: deep, parents: true } });
  assert.equal(
    (await space.refused({ op: "mkdir", place: { parentId: deepest.id, name: "e" } })).code,
    "invalid_field",
  );
  assert.equal((await space.refused({ op: "mkdir", place: { parentId: file.id, name: "e" } })).code, "invalid_field");
  assert.equal((await space.refused({ op: "mkdir", place: { parentId: "nonsense", name: "e" } })).code, "not_found");
  assert.equal(
    (await space.refused({ op: "mkdir", place: { parentId: newTestId<NodeId>(), name: "e" } })).code,
    "not_found",
  );
});

test("a symbolic link keeps its target, and metadata has limits", async () => {
  const space = await open();
  const link = await space.do({ op: "symlink", place: { path: "l" }, target: "../x", metadata: { a: [1] } });
  assert.deepEqual([link.kind, link.target, link.version, link.metadata], ["symlink", "../x", null, { a: [1] }]);
  for (const metadata of [{ a: "x".repeat(20_000) }, { a: "\0" }, { "\ud800": 1 }]) {
    assert.equal((await space.refused({ op: "set", fileId: link.id, metadata })).code, "invalid_field");
  }
  assert.equal((await space.refused({ op: "symlink", place: { path: "m" }, target: "" })).code, "invalid_field");
});

test("set changes attributes and the revision, and nothing if they are equal", async () => {
  const space = await open();
  const file = await space.put("root", "a", "x");
  const set = await space.do({ op: "set", fileId: file.id, modifiedAtMicros: 7, baseRevision: file.revision });
  assert.deepEqual([set.modified_at, set.seq, set.version], ["1970-01-01T00:00:00.000007Z", 2, 1]);
  assert.deepEqual(await space.do({ op: "set", fileId: file.id, modifiedAtMicros: 7 }), set);
  const stale = await space.refused({ op: "set", fileId: file.id, executable: true, baseRevision: file.revision });
  assert.deepEqual(stale, { code: "conflict", node: set });
  const header = await space.refused({ op: "set", fileId: file.id, executable: true, ifMatch: [file.revision] });
  assert.equal(header.code, "precondition");
});

test("a move changes the place, keeps the ID and refuses a cycle", async () => {
  const space = await open();
  const a = await space.mkdir("root", "a");
  const b = await space.mkdir(a.id, "b");
  const file = await space.put(b.id, "f", "x");
  const cycle = await space.refused({ op: "move", fileId: a.id, place: { parentId: b.id, name: "a" } });
  assert.equal(cycle.code, "cycle");
  assert.equal((await space.refused({ op: "move", fileId: a.id, place: { parentId: a.id } })).code, "cycle");
  const moved = await space.do({ op: "move", fileId: b.id, place: { parentId: "root", name: "c" } });
  assert.equal(moved.path, "/c");
  assert.equal((await space.do({ op: "set", fileId: file.id, executable: true })).path, "/c/f");
  const { rows } = await sql<{ kind: string; from_parent: string }>`
    select kind, from_parent from shard.journal where space_id = ${space.caller.spaceId} and node_id = ${b.id}
    order by seq desc limit 1`.execute(space.db);
  assert.deepEqual(rows, [{ kind: "changed", from_parent: a.id }]);
  assert.equal((await space.refused({ op: "move", fileId: "root", place: { name: "r" } })).code, "forbidden");
});

test("a move to an existing name is refused, renamed, or replaces what was there", async () => {
  const space = await open();
  const a = await space.mkdir("root", "a");
  const b = await space.mkdir("root", "b");
  const move = { op: "move", fileId: b.id, place: { name: "a" } } as const;
  assert.deepEqual(await space.refused(move), { code: "exists", node: a });
  assert.equal((await space.do({ ...move, onConflict: "rename" })).name, "a (2)");
  assert.equal((await space.do({ ...move, onConflict: "replace" })).name, "a");
  assert.equal((await space.refused({ op: "set", fileId: a.id, executable: true })).code, "trashed");
  const same = await space.do({ ...move, attributes: { modifiedAtMicros: 1 } });
  assert.equal(same.modified_at, "1970-01-01T00:00:00.000001Z");
});

test("a rename can change the case and normalization form of a name", async () => {
  const space = await open();
  const a = await space.mkdir("root", "\u00e9");
  assert.equal((await space.do({ op: "move", fileId: a.id, place: { name: "e\u0301" } })).name, "e\u0301");
  assert.equal((await space.do({ op: "move", fileId: a.id, place: { name: "E\u0301" } })).name, "E\u0301");
  await space.mkdir("root", "e\u0301");
});

test("a group can rotate names, and fails as a whole if a name is occupied at its end", async () => {
  const space = await open();
  const [a, b, c] = [await space.mkdir("root", "a"), await space.mkdir("root", "b"), await space.mkdir("root", "c")];
  const file = await space.put(a.id, "f", "x");
  const move = (fileId: string, name: string): Operation => ({ op: "move", fileId, place: { name }, group: "g" });
  const rotated = await space.commit([move(a.id, "b"), move(b.id, "c"), move(c.id, "a")]);
  assert.deepEqual(
    rotated.map((result) => (result.status === "committed" ? result.node?.path : describe(result))),
    ["/b", "/c", "/a"],
  );
  assert.equal((await space.do({ op: "set", fileId: file.id, executable: true })).path, "/b/f");
  const failed = await space.commit([move(a.id, "x"), move(b.id, "a"), { ...move(c.id, "y"), group: "h" }]);
  assert.deepEqual(failed.map(codeOf), ["dependency", "exists", "committed"]);
  assert.equal((await space.do({ op: "set", fileId: a.id, executable: true })).path, "/b");
});

test("nothing is done for a group whose operations are not adjacent", async () => {
  const space = await open();
  const mkdir = (name: string, group?: string): Operation => ({
    op: "mkdir",
    place: { path: name },
    ...(group === undefined ? {} : { group }),
  });
  const results = await space.commit([mkdir("a", "g"), mkdir("b"), mkdir("c", "g"), mkdir("d", "h"), mkdir("e", "h")]);
  assert.deepEqual(results.map(codeOf), ["invalid_field", "committed", "invalid_field", "committed", "committed"]);
});

test("blocks missing for one operation of a group stop the whole group", async () => {
  const space = await open();
  const hash = "0".repeat(64) as never;
  const content = { sizeBytes: 1, blocks: [{ hash, size: 1 }] };
  const results = await space.commit([
    { op: "mkdir", place: { path: "a" }, group: "g" },
    { op: "put", place: { path: "b" }, content, group: "g" },
  ]);
  assert.deepEqual(results.map(codeOf), ["dependency", "missing"]);
});

test("operations on the ID of a failed create report dependency, also one level below", async () => {
  const space = await open();
  const [top, middle] = [newTestId<NodeId>(), newTestId<NodeId>()];
  await space.mkdir("root", "a");
  const content = await space.content("x");
  const results = await space.commit([
    { op: "mkdir", id: top, place: { parentId: "root", name: "a" } },
    { op: "mkdir", id: middle, place: { parentId: top, name: "b" } },
    { op: "put", place: { parentId: middle, name: "c" }, content },
    { op: "move", fileId: middle, place: { parentId: "root" } },
    { op: "mkdir", place: { path: "z" } },
  ]);
  assert.deepEqual(results.map(codeOf), ["exists", "dependency", "dependency", "dependency", "committed"]);
});

test("later operations see the results of earlier ones in the batch", async () => {
  const space = await open();
  const [folder, file] = [newTestId<NodeId>(), newTestId<NodeId>()];
  const [one, two] = [await space.content("1"), await space.content("22")];
  const results = await space.commit([
    { op: "mkdir", id: folder, place: { path: "a" } },
    { op: "put", id: file, place: { parentId: folder, name: "f" }, content: one },
    { op: "put", fileId: file, content: two },
    { op: "copy", fileId: file, place: { parentId: "root", name: "copy" } },
    { op: "revert", fileId: file, version: 1 },
    { op: "delete", fileId: file },
    { op: "put", place: { path: "a/f" }, content: two },
    { op: "move", fileId: folder, place: { name: "b" } },
    { op: "restore", fileId: file, onConflict: "rename" },
  ]);
  assert.deepEqual(
    results.map((result) =>
      result.status === "committed" ? [result.node?.path, result.node?.version] : codeOf(result),
    ),
    [
      ["/a", null],
      ["/a/f", 1],
      ["/a/f", 2],
      ["/copy", 1],
      ["/a/f", 3],
      ["/a/f", 3],
      ["/a/f", 1],
      ["/b", null],
      ["/b/f (restored)", 3],
    ],
  );
  assert.equal((await space.row()).used_bytes, 1 + 2 + 2);
});

test("a delete trashes a subtree with one row, and a second one reports trashed", async () => {
  const space = await open();
  const a = await space.mkdir("root", "a");
  const file = await space.put(a.id, "f", "x");
  const deleted = await space.do({ op: "delete", fileId: a.id, baseRevision: a.revision });
  assert.notEqual(deleted.trashed_at, null);
  assert.equal((await space.refused({ op: "delete", fileId: a.id })).code, "trashed");
  assert.equal((await space.refused({ op: "delete", fileId: file.id })).node?.id, a.id);
  assert.equal((await space.refused({ op: "delete", fileId: "root" })).code, "forbidden");
  await space.mkdir("root", "a");
});

test("a delete of a file checks its base", async () => {
  const space = await open();
  const file = await space.put("root", "f", "x");
  await space.do({ op: "put", fileId: file.id, content: await space.content("y") });
  assert.equal((await space.refused({ op: "delete", fileId: file.id, baseVersion: 1 })).code, "conflict");
  assert.equal((await space.refused({ op: "delete", fileId: file.id, baseRevision: file.revision })).code, "conflict");
  await space.do({ op: "delete", fileId: file.id, baseVersion: 2 });
});

test("a delete with seen is refused only if another device changed content since", async () => {
  const space = await open();
  const other = space.otherDevice();
  const a = await space.mkdir("root", "a");
  const b = await space.mkdir(a.id, "b");
  const file = await space.put(b.id, "f", "x");
  const seen = (await space.row()).seq;
  await space.do({ op: "set", fileId: file.id, executable: true });
  await space.do({ op: "mkdir", place: { path: "elsewhere" } }, other);
  const remove = { op: "delete", fileId: a.id, seen } as const;
  await space.do({ op: "set", fileId: file.id, executable: false }, other);
  assert.equal((await space.refused(remove)).code, "subtree_changed");
  // The other two commits wait for the first and share a transaction, so the change is not written yet.
  const { seq } = await space.row();
  const [, , combined] = await Promise.all([
    space.mkdir("root", "first"),
    space.commit([{ op: "set", fileId: file.id, executable: true }], other),
    space.commit([{ ...remove, seen: seq }]),
  ]);
  assert.equal(codeOf(combined[0]), "subtree_changed");
  assert.deepEqual(space.committed.slice(-2), [seq + 1, seq + 2]);
  const newest = (await space.row()).seq;
  const beyond = await space.refused({ ...remove, seen: newest + 1 });
  assert.equal(beyond.code, "subtree_changed", "a number of an epoch before the server was restored");
  await space.do({ ...remove, seen: newest });
});

test("restore puts a node back under a free name, or into a stand-in for its trashed folder", async () => {
  const space = await open();
  const a = await space.mkdir("root", "a");
  const file = await space.put(a.id, "f.txt", "x");
  await space.do({ op: "delete", fileId: file.id });
  await space.put(a.id, "f.txt", "y");
  assert.equal((await space.refused({ op: "restore", fileId: file.id })).code, "exists");
  const back = await space.do({ op: "restore", fileId: file.id, onConflict: "rename" });
  assert.deepEqual([back.path, back.trashed_at, back.version], ["/a/f (restored).txt", null, 1]);
  assert.deepEqual(await space.do({ op: "restore", fileId: file.id }), back);
  await space.do({ op: "delete", fileId: file.id });
  await space.do({ op: "delete", fileId: a.id });
  assert.equal((await space.do({ op: "restore", fileId: file.id, onConflict: "rename" })).path, "/a/f (restored).txt");
  await space.do({ op: "delete", fileId: file.id });
  const b = await space.mkdir("root", "b");
  await space.put(b.id, "g", "z");
  const place = { parentId: b.id, name: "g" };
  assert.equal((await space.refused({ op: "restore", fileId: file.id, place, onConflict: "fail" })).code, "exists");
  assert.equal((await space.do({ op: "restore", fileId: file.id, place, onConflict: "replace" })).path, "/b/g");
  assert.equal((await space.do({ op: "restore", fileId: a.id })).path, "/a");
  const kinds = await sql<{ kind: string }>`
    select kind from shard.journal where space_id = ${space.caller.spaceId} and node_id = ${a.id} order by seq`.execute(
    space.db,
  );
  assert.deepEqual(
    kinds.rows.map((row) => row.kind),
    ["changed", "gone", "appeared"],
  );
});

test("a move out of a trashed folder needs revive, which restores only that node", async () => {
  const space = await open();
  const a = await space.mkdir("root", "a");
  const b = await space.mkdir(a.id, "b");
  const file = await space.put(b.id, "f", "x");
  await space.do({ op: "delete", fileId: a.id });
  const move = { op: "move", fileId: file.id, place: { name: "g" } } as const;
  assert.equal((await space.refused(move)).code, "trashed");
  const revived = await space.do({ ...move, revive: true });
  assert.equal(revived.path, "/a/b/g");
  const into = { op: "move", fileId: revived.id, place: { parentId: b.id, name: "h" } } as const;
  assert.equal((await space.refused(into)).node?.id, a.id);
  const moved = await space.do({ ...into, revive: true });
  assert.equal(moved.path, "/a/b/h");
  assert.notEqual(moved.parent_id, b.id);
});

test("a purge removes a subtree with its versions, bytes and references", async () => {
  const space = await open();
  const a = await space.mkdir("root", "a");
  const file = await space.put(a.id, "f", "xyz");
  await space.do({ op: "put", fileId: file.id, content: await space.content("12345") });
  await space.put("root", "kept", "xyz");
  const purge = { op: "purge", fileId: a.id, trashedOnly: true } as const;
  assert.equal((await space.refused(purge)).code, "not_found");
  await space.do({ op: "delete", fileId: a.id });
  assert.deepEqual(await space.commit([purge]), [{ status: "committed", node: undefined, created: false }]);
  assert.equal((await space.refused(purge)).code, "not_found");
  assert.equal((await space.row()).used_bytes, 3);
  const { rows } = await sql`select 1 from shard.nodes where space_id = ${space.caller.spaceId}`.execute(space.db);
  assert.equal(rows.length, 2);
  assert.equal((await space.refused({ op: "purge", fileId: "root", trashedOnly: false })).code, "forbidden");
});

test("an old version is restored as a new version with the same content", async () => {
  const space = await open();
  const file = await space.put("root", "f", "one");
  const second = await space.do({ op: "put", fileId: file.id, content: await space.content("two!") });
  const third = await space.do({ op: "revert", fileId: file.id, version: file.version_id as never });
  assert.deepEqual([third.version, third.content_id, third.size], [3, file.content_id, 3]);
  assert.deepEqual(await space.do({ op: "revert", fileId: file.id, version: 1 }), third);
  const dated = await space.do({ op: "set", fileId: file.id, modifiedAtMicros: 7 });
  assert.deepEqual(await space.do({ op: "revert", fileId: file.id, version: 1 }), dated, "its date is in no version");
  assert.equal((await space.do({ op: "revert", fileId: file.id, version: 2 })).content_id, second.content_id);
  assert.equal((await space.refused({ op: "revert", fileId: file.id, version: 9 })).code, "not_found");
  const other = await space.put("root", "g", "other");
  const foreign = await space.refused({ op: "revert", fileId: file.id, version: other.version_id as never });
  assert.equal(foreign.code, "not_found");
});

test("an operation ID returns its first answer, and is refused with another request", async () => {
  const space = await open();
  const operation = {
    op: "mkdir",
    place: { path: "a" },
    operationId: Buffer.alloc(16, 1),
    requestHash: Buffer.alloc(32, 1),
  } as const;
  const [first] = await space.commit([operation]);
  await space.do({ op: "move", fileId: (first?.status === "committed" && first.node?.id) || "", place: { name: "b" } });
  assert.deepEqual(await space.commit([operation, operation]), [first, first]);
  const reused = await space.refused({ ...operation, requestHash: Buffer.alloc(32, 2) });
  assert.equal(reused.code, "operation_reused");
  const fresh = { ...operation, operationId: Buffer.alloc(16, 2), place: { path: "c" } };
  const [once, twice] = await Promise.all([space.commit([fresh]), space.commit([fresh])]);
  assert.deepEqual(once, twice);
});

test("a wrong epoch changes nothing", async () => {
  const space = await open();
  const commit = space.committer.commit(space.caller, [{ op: "mkdir", place: { path: "a" } }], { epoch: "other" });
  await assert.rejects(commit, { code: "reset", body: { reason: "epoch" } });
  const { epoch } = await space.row();
  const outcome = await space.committer.commit(space.caller, [{ op: "mkdir", place: { path: "a" } }], { epoch });
  assert.deepEqual([outcome.seq, outcome.epoch], [1, epoch]);
  assert.deepEqual((await space.committer.commit(space.caller, [])).results, []);
});

function codeOf(result: Awaited<ReturnType<TestSpace["commit"]>>[number] | undefined): string {
  return result !== undefined && "error" in result ? result.error.code : (result?.status ?? "none");
}
