import assert from "node:assert/strict";
import { test } from "node:test";
import { checkInvariants } from "../testing/invariants.ts";
import { rowWeight } from "../weight/metadata-bytes.ts";
import { contentOfText, newTestId } from "../testing/testing.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";
import type { NodeId } from "@holdfast/core/ids";

const { open } = useTestSpaces();

test("a put creates a file with its first version", async () => {
  const space = await open();
  const content = await space.content("hello");
  const [result] = await space.commit([{ op: "put", place: { parentId: "root", name: "a.txt" }, content }]);
  assert.equal(result?.status, "committed");
  assert.equal(result.created, true);
  const { node } = result;
  assert.deepEqual(
    [node?.path, node?.size, node?.version, node?.mime_type, node?.kind, node?.seq, node?.device_id],
    ["/a.txt", 5, 1, "text/plain", "file", 1, space.caller.deviceId],
  );
  assert.deepEqual(space.committed, [1]);
  assert.equal((await space.row()).used_bytes, 5);
});

test("blocks that the space does not hold are reported as missing, and nothing is changed", async () => {
  const space = await open();
  const content = contentOfText("not stored");
  const [result] = await space.commit([{ op: "put", place: { parentId: "root", name: "a" }, content }]);
  assert.deepEqual(result, { status: "missing", missingBlocks: [content.blocks[0]?.hash] });
  assert.equal((await space.row()).seq, 0);
  await space.content("not stored");
  await space.do({ op: "put", place: { parentId: "root", name: "a" }, content });
});

test("a block with a wrong size, a wrong sum and a wrong content ID are refused", async () => {
  const space = await open();
  const { blocks } = await space.content("hello");
  const wrong = blocks.map((block) => ({ ...block, size: 6 }));
  const place = { parentId: "root", name: "a" };
  assert.equal(
    (await space.refused({ op: "put", place, content: { sizeBytes: 6, blocks: wrong } })).code,
    "invalid_field",
  );
  assert.equal((await space.refused({ op: "put", place, content: { sizeBytes: 4, blocks } })).code, "invalid_field");
  const contentId = contentOfText("x").blocks[0]?.hash;
  assert.ok(contentId);
  const mismatch = await space.refused({ op: "put", place, content: { sizeBytes: 5, blocks, contentId } });
  assert.equal(mismatch.code, "content_mismatch");
});

test("an existing name is refused with its node, and as a precondition with If-None-Match", async () => {
  const space = await open();
  const first = await space.put("root", "caf\u00e9", "one");
  const place = { parentId: "root", name: "cafe\u0301" };
  const content = await space.content("two");
  const exists = await space.refused({ op: "put", place, content });
  assert.deepEqual([exists.code, exists.node?.id], ["exists", first.id]);
  const precondition = await space.refused({ op: "put", place, content, ifNoneMatch: true, onConflict: "replace" });
  assert.deepEqual([precondition.code, precondition.node?.id], ["precondition", first.id]);
});

test("on_conflict=rename uses the first free name and keeps the extension", async () => {
  const space = await open();
  await space.put("root", "a.tar.gz", "1");
  const names = [];
  for (const text of ["2", "3"]) {
    const content = await space.content(text);
    const node = await space.do({ op: "put", place: { path: "/a.tar.gz" }, content, onConflict: "rename" });
    names.push(node.name);
  }
  assert.deepEqual(names, ["a.tar (2).gz", "a.tar (3).gz"]);
});

test("on_conflict=replace gives a file a new version and moves a folder to the trash", async () => {
  const space = await open();
  const first = await space.put("root", "a", "one");
  const folder = await space.mkdir("root", "b");
  const content = await space.content("two");
  const second = await space.do({ op: "put", place: { path: "a" }, content, onConflict: "replace" });
  assert.deepEqual([second.id, second.version, second.size], [first.id, 2, 3]);
  const file = await space.do({ op: "put", place: { path: "b" }, content, onConflict: "replace" });
  assert.notEqual(file.id, folder.id);
  assert.equal((await space.refused({ op: "set", fileId: folder.id, executable: true })).code, "trashed");
});

test("the head as base, by ID or number, adds a version, and any other base is a conflict", async () => {
  const space = await open();
  const first = await space.put("root", "a", "one");
  const two = await space.content("two");
  const base = { op: "put", fileId: first.id, content: two } as const;
  assert.ok(first.version_id);
  const second = await space.do({ ...base, baseVersion: first.version_id });
  assert.equal(second.version, 2);
  assert.notEqual(second.revision, first.revision);
  const conflict = await space.refused({ ...base, content: await space.content("three"), baseVersion: 1 });
  assert.deepEqual([conflict.code, conflict.node?.version_id], ["conflict", second.version_id]);
  const third = await space.do({ op: "put", place: { path: "a" }, content: await space.content("3"), baseVersion: 2 });
  assert.deepEqual([third.id, third.version], [first.id, 3]);
  const gone = await space.refused({ op: "put", place: { path: "b" }, content: two, baseVersion: 1 });
  assert.deepEqual([gone.code, gone.node], ["conflict", undefined]);
  assert.equal((await space.do({ ...base })).version, 4);
});

test("If-Match accepts the revision, one of several, or any node", async () => {
  const space = await open();
  const first = await space.put("root", "a", "one");
  const put = async (text: string) =>
    ({ op: "put", place: { path: "a" }, content: await space.content(text) }) as const;
  assert.equal((await space.refused({ ...(await put("two")), ifMatch: ["x"] })).code, "precondition");
  assert.equal((await space.do({ ...(await put("two")), ifMatch: ["x", first.revision] })).version, 2);
  assert.equal((await space.do({ ...(await put("3")), ifMatch: "*" })).version, 3);
  const absent = { ...(await put("3")), place: { path: "b" }, ifMatch: "*" } as const;
  assert.equal((await space.refused(absent)).code, "precondition");
});

test("equal content makes no new version, and new attributes are a change", async () => {
  const space = await open();
  const first = await space.put("root", "a", "one");
  const content = await space.content("one");
  const same = await space.do({ op: "put", fileId: first.id, content });
  assert.deepEqual(same, first);
  const touched = await space.do({ op: "put", fileId: first.id, content, modifiedAtMicros: 5, executable: true });
  assert.deepEqual(
    [touched.version, touched.executable, touched.modified_at],
    [1, true, "1970-01-01T00:00:00.000005Z"],
  );
  assert.equal((await space.row()).seq, 2);
});

test("a node created as private stays private through edits, moves and copies", async () => {
  const space = await open();
  const folder = await space.do({ op: "mkdir", place: { name: "d" }, private: true });
  const place = { parentId: folder.id, name: "f" };
  const file = await space.do({ op: "put", place, content: await space.content("one"), private: true });
  assert.deepEqual([folder.private, file.private], [true, true]);
  assert.equal((await space.put("root", "plain", "one")).private, false);
  const edited = await space.do({ op: "put", fileId: file.id, content: await space.content("two") });
  const moved = await space.do({ op: "move", fileId: file.id, place: { name: "g" } });
  const copied = await space.do({ op: "copy", fileId: file.id, place: { name: "h" } });
  const copiedFolder = await space.do({ op: "copy", fileId: folder.id, place: { name: "e" } });
  assert.deepEqual([edited.private, moved.private, copied.private, copiedFolder.private], [true, true, true, true]);
  for (const { id } of [folder, file]) {
    const set = await space.do({ op: "set", fileId: id, private: false });
    assert.equal(set.private, false);
    assert.equal((await space.do({ op: "set", fileId: id, private: false })).seq, set.seq);
  }
});

test("an empty file has no block", async () => {
  const space = await open();
  const node = await space.put("root", "empty", "");
  assert.deepEqual([node.size, node.version], [0, 1]);
  assert.equal((await space.do({ op: "copy", fileId: node.id, place: { name: "again" } })).content_id, node.content_id);
});

test("splices edit the base's list, and a base that is not the head is a conflict", async () => {
  const space = await open();
  const [one, two, three] = ["1", "22", "333"].map((text) => contentOfText(text).blocks[0]);
  assert.ok(one && two && three);
  await space.store([one, two, three]);
  const first = await space.do({ op: "put", place: { path: "a" }, content: { sizeBytes: 3, blocks: [one, two] } });
  const splices = [{ at: 1, remove: 1, insert: [three] }];
  assert.ok(first.version_id);
  const edit = {
    op: "put",
    place: { path: "a" },
    baseVersion: first.version_id,
    content: { sizeBytes: 4, splices },
  } as const;
  const second = await space.do(edit);
  const whole = await space.do({ op: "put", place: { path: "b" }, content: { sizeBytes: 4, blocks: [one, three] } });
  assert.equal(second.content_id, whole.content_id);
  assert.equal((await space.refused(edit)).code, "conflict");
  assert.equal((await space.refused({ ...edit, baseVersion: newTestId() })).code, "conflict");
  const byNumber = { ...edit, baseVersion: 2, content: { sizeBytes: 1, splices: [{ at: 1, remove: 1, insert: [] }] } };
  assert.equal((await space.do(byNumber)).size, 1);
});

test("splices can use another file's version only in the same space, and count toward the quota", async () => {
  const space = await open({ quotaBytes: 10 });
  const first = await space.put("root", "a", "1234");
  const sourceVersion = first.version_id ?? "";
  const copy = { op: "put", place: { path: "b" }, content: { sizeBytes: 4, splices: [], sourceVersion } } as const;
  const made = await space.do(copy);
  assert.deepEqual([made.content_id, made.version], [first.content_id, 1]);
  assert.equal((await space.row()).used_bytes, 8);
  assert.equal((await space.refused({ ...copy, place: { path: "c" } })).code, "quota");
  const other = await open();
  assert.equal((await other.refused(copy)).code, "not_found");
  // A base is loaded too, but the same version as a source must be readable.
  await space.commit([{ op: "purge", fileId: first.id, trashedOnly: false }]);
  assert.deepEqual(
    (await space.commit([{ ...copy, baseVersion: sourceVersion, content: { sizeBytes: 4, splices: [] } }, copy])).map(
      (result) => ("error" in result ? result.error.code : result.status),
    ),
    ["conflict", "not_found"],
  );
});

test("a long list is stored in segments that reference each block once", async () => {
  const space = await open();
  const blocks = Array.from({ length: 1500 }, (_, index) => contentOfText(`block ${index}`).blocks[0]);
  const entries = blocks.filter((block) => block !== undefined);
  const sizeBytes = entries.reduce((sum, block) => sum + block.size, 0);
  const put = { op: "put", place: { path: "long" }, content: { sizeBytes, blocks: entries } } as const;
  const [missing] = await space.commit([put]);
  assert.equal(missing?.status, "missing");
  assert.equal(missing.missingBlocks.length, 1500);
  await space.store(entries);
  const node = await space.do(put);
  const copy = await space.do({ op: "copy", fileId: node.id, place: { name: "copy" } });
  assert.equal(copy.content_id, node.content_id);
  await checkInvariants(space.db, space.caller.spaceId);
  const edited = { sizeBytes: sizeBytes - (entries[0]?.size ?? 0), splices: [{ at: 0, remove: 1, insert: [] }] };
  await space.do({ op: "put", fileId: node.id, baseVersion: 1, content: edited });
  await space.commit([{ op: "purge", fileId: node.id, trashedOnly: false }]);
});

test("a change beyond the quota is refused and uses nothing", async () => {
  const space = await open({ quotaBytes: 10 });
  const node = await space.put("root", "a", "12345678");
  const content = await space.content("abc");
  assert.equal((await space.refused({ op: "put", place: { path: "b" }, content })).code, "quota");
  assert.equal((await space.refused({ op: "copy", fileId: node.id, place: { name: "b" } })).code, "quota");
  assert.equal((await space.do({ op: "put", fileId: node.id, content })).size, 3);
  await space.do({ op: "put", place: { path: "b" }, content: await space.content("1234567") });
});

test("a client's own ID must be in the owner's bucket and unused", async () => {
  const space = await open();
  const id = newTestId<NodeId>();
  const content = await space.content("x");
  const node = await space.do({ op: "put", id, place: { path: "a" }, content });
  assert.equal(node.id, id);
  assert.equal((await space.refused({ op: "put", id, place: { path: "b" }, content })).node?.id, id);
  const foreign = id.replace("-8007-", "-8008-") as NodeId;
  assert.equal((await space.refused({ op: "mkdir", id: foreign, place: { path: "b" } })).code, "invalid_field");
  const other = await open();
  assert.equal((await other.do({ op: "mkdir", id, place: { path: "b" } })).id, id);
});

test("a put at a trashed node is refused with it, and revive restores only that node", async () => {
  const space = await open();
  const outer = await space.mkdir("root", "outer");
  const inner = await space.mkdir(outer.id, "inner");
  const file = await space.put(inner.id, "file", "one");
  await space.put(inner.id, "sibling", "two");
  await space.do({ op: "delete", fileId: outer.id });
  const put = { op: "put", fileId: file.id, content: await space.content("edit") } as const;
  const trashed = await space.refused(put);
  assert.deepEqual([trashed.code, trashed.node?.id], ["trashed", outer.id]);
  const revived = await space.do({ ...put, revive: true });
  assert.deepEqual([revived.id, revived.path, revived.version], [file.id, "/outer/inner/file", 2]);
  assert.notEqual(revived.parent_id, inner.id);
  const sibling = await space.refused({
    op: "put",
    place: { path: "/outer/inner/sibling" },
    content: put.content,
    baseVersion: 1,
  });
  assert.equal(sibling.node, undefined);
});

test("an upload session records its node and passes its references to the version", async () => {
  const space = await open();
  const { blocks } = await space.content("upload");
  const uploadId = newTestId<NodeId>();
  const { spaceId, userId } = space.caller;
  await space.db
    .insertInto("shard.upload_sessions")
    .values({
      space_id: spaceId,
      id: uploadId as never,
      user_id: userId,
      device_id: null,
      request: "{}",
      generation: 1,
      blocks_end: 6,
      durable: 6,
      total: 6,
      node_id: null,
      expires_at: 1,
      created_at: 1,
    })
    .execute();
  const metadata_bytes = (await space.row()).metadata_bytes + rowWeight(2);
  await space.db.updateTable("shard.spaces").set({ metadata_bytes }).where("id", "=", spaceId).execute();
  const hash = Buffer.from(blocks[0]?.hash ?? "", "hex");
  await space.db
    .insertInto("shard.upload_blocks")
    .values({ space_id: spaceId, session_id: uploadId as never, offset: 0, hash, size: 6 })
    .execute();
  await space.db.updateTable("shard.space_blocks").set({ refs: 1 }).where("space_id", "=", spaceId).execute();
  const references = async () =>
    (await space.db.selectFrom("shard.space_blocks").select("refs").where("space_id", "=", spaceId).execute()).map(
      ({ refs }) => refs,
    );
  assert.deepEqual(await references(), [1]);
  await checkInvariants(space.db, spaceId);
  const node = await space.do({ op: "put", place: { path: "a" }, content: { sizeBytes: 6, blocks }, uploadId });
  const session = await space.db
    .selectFrom("shard.upload_sessions")
    .selectAll()
    .where("id", "=", uploadId as never)
    .executeTakeFirst();
  assert.equal(session?.node_id, node.id);
  const held = space.db
    .selectFrom("shard.upload_blocks")
    .selectAll()
    .where("session_id", "=", uploadId as never);
  assert.deepEqual(await held.execute(), [], "the session holds nothing any more");
  assert.deepEqual(await references(), [1], "only the version holds the block");
  await checkInvariants(space.db, spaceId);
});
