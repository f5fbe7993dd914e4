import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { hexText } from "@holdfast/codec/testing";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import {
  bodyOf,
  bytesOf,
  countRows,
  put,
  putPart,
  readFile,
  refusalOf,
  startOf,
  startUploadWorld,
  type UploadWorld,
} from "./testing.ts";
import { retentionUsual } from "../../base/config/retention-settings.ts";

let world: UploadWorld;
before(async () => {
  world = await startUploadWorld();
});
after(() => world.stop());

const bytes = bytesOf("commit", 300_000);
const otherHash = "ab".repeat(32) as HashHex;

test("a start is rejected immediately if its commit would fail", async () => {
  const space = await world.space(1_000_000);
  const uploads = world.instance(space);
  const file = await space.put("root", "taken", "text");
  const folder = await space.mkdir("root", "folder");
  const trashed = await space.mkdir("root", "trashed");
  await space.do({ op: "delete", fileId: trashed.id });
  const code = async (more: object, size?: number) =>
    (await refusalOf(uploads.start(space.caller, startOf("new", more, size))))["code"];
  const at = (parentId: string, name: string) => ({ place: { parentId, name } });
  assert.equal(await code({}, 1_000_001), "quota");
  assert.equal(await code(at(space.caller.spaceId, "a")), "not_found");
  assert.equal(await code(at("nonsense", "a")), "not_found");
  assert.equal(await code(at(file.id, "a")), "invalid_field");
  assert.equal(await code(at(trashed.id, "a")), "trashed");
  assert.equal(await code(at("root", "a/b")), "invalid_field");
  assert.equal(await code({ place: { path: "/nowhere/a" } }), "not_found");
  assert.equal(await code({ place: {} }), "invalid_field");
  assert.equal(await code(at("root", "taken")), "exists");
  assert.equal(await code({ ...at("root", "taken"), ifNoneMatch: true }), "precondition");
  assert.equal(await code({ ...at("root", "taken"), ifMatch: ["old"] }), "precondition");
  assert.equal(await code({ ...at("root", "taken"), baseVersion: 7 }), "conflict");
  assert.equal(await code({ ...at("root", "absent"), baseVersion: 1 }), "conflict");
  assert.equal(await code({ place: undefined, fileId: folder.id }), "invalid_field");
  await uploads.start(space.caller, startOf("taken", { baseVersion: 1 }, 999_999));
  await uploads.start(space.caller, startOf("taken", { onConflict: "rename" }));
  await uploads.start(space.caller, startOf("taken", { ifMatch: [file.revision] }));
});

test("a failed commit keeps the bytes, and can continue under another name or replace the other file", async () => {
  const space = await world.space();
  const uploads = world.instance(space);
  const begin = async (name: string) => (await uploads.start(space.caller, startOf(name, {}, bytes.length))).id;
  const [renamed, replaced, repeated] = [await begin("a"), await begin("b"), await begin("c")];
  for (const name of ["a", "b", "c"]) await space.put("root", name, `the other ${name}`);
  for (const id of [renamed, replaced, repeated]) {
    const refusal = await refusalOf(
      putPart(uploads, space, id, { bytes, start: 0, end: bytes.length, total: bytes.length }),
    );
    assert.equal(refusal["code"], "exists");
    assert.equal(refusal["complete"], true);
    assert.ok(refusal["node"]);
    assert.deepEqual(await uploads.state(space.caller, id), {
      durable: bytes.length,
      total: bytes.length,
      complete: true,
      node: undefined,
    });
  }
  const first = await world.instance(space).commit(space.caller, renamed, { place: { name: "a2" } });
  assert.deepEqual([first.created, first.node.name], [true, "a2"]);
  const second = await uploads.commit(space.caller, replaced, { onConflict: "replace" });
  assert.deepEqual([second.created, second.node.name, second.node.version], [false, "b", 2]);
  assert.equal((await refusalOf(uploads.commit(space.caller, repeated, {})))["code"], "exists");
  await space.do({
    op: "delete",
    fileId: (await space.refused({ op: "mkdir", place: { parentId: "root", name: "c" } })).node!.id,
  });
  const third = await put(uploads, space, repeated, "bytes */*");
  assert.ok("node" in third && third.node.name === "c" && (await readFile(world, space, third.node.id)).equals(bytes));
});

test("a commit over quota is rejected, and succeeds once there is free quota", async () => {
  const space = await world.space(400_000);
  const uploads = world.instance(space);
  const { id } = await uploads.start(space.caller, startOf("large", {}, bytes.length));
  const other = await uploads.start(space.caller, startOf("other", {}, bytes.length));
  const done = await put(uploads, space, id, undefined, bytes);
  const refusal = await refusalOf(put(uploads, space, other.id, undefined, bytes));
  assert.deepEqual([refusal["code"], refusal["complete"]], ["quota", true]);
  assert.ok("node" in done);
  await space.commit([{ op: "purge", fileId: done.node.id, trashedOnly: false }]);
  assert.equal((await uploads.commit(space.caller, other.id, {})).node.size, bytes.length);
});

test("a commit before the last byte is rejected with the offset to continue from", async () => {
  const space = await world.space();
  const uploads = world.instance(space);
  const { id } = await uploads.start(space.caller, startOf("early"));
  await putPart(uploads, space, id, { bytes, start: 0, end: 7, total: 100 });
  assert.deepEqual(await refusalOf(uploads.commit(space.caller, id, {})), { code: "offset", size: 7, complete: false });
});

test("bytes that do not match the declared hash are never committed, by any process", async () => {
  const space = await world.space();
  for (const [index, uploads] of [world.instance(space), undefined].entries()) {
    const instance = () => uploads ?? world.instance(space);
    const { id } = await instance().start(space.caller, startOf(`wrong ${index}`, { sha256: otherHash }));
    await putPart(instance(), space, id, { bytes, start: 0, end: 1000, total: "*" });
    const work = putPart(instance(), space, id, { bytes, start: 1000, end: bytes.length, total: bytes.length });
    assert.deepEqual(await refusalOf(work), { code: "hash_mismatch", field: "sha256", complete: true });
    assert.equal(
      (await refusalOf(instance().commit(space.caller, id, { place: { name: "x" } })))["code"],
      "hash_mismatch",
    );
    assert.equal((await instance().state(space.caller, id)).complete, true);
  }
  assert.equal((await space.row()).used_bytes, 0);
  const { id } = await world.instance(space).start(space.caller, startOf("right", { sha256: sha256(bytes) }));
  await putPart(world.instance(space), space, id, { bytes, start: 0, end: 1000, total: "*" });
  const done = await putPart(world.instance(space), space, id, {
    bytes,
    start: 1000,
    end: bytes.length,
    total: bytes.length,
  });
  assert.ok("node" in done);
});

test("a key starts one upload, even if repeated, and rejects another request", async () => {
  const space = await world.space();
  const uploads = world.instance(space);
  const key = (text: string) => ({
    operationId: createHash("sha256").update("key").digest().subarray(0, 16),
    requestHash: createHash("sha256").update(text).digest(),
  });
  const begin = (text: string) => uploads.start(space.caller, { ...startOf("keyed"), key: key(text) });
  const [one, two] = await Promise.all([begin("request"), begin("request")]);
  assert.equal(one.id, two.id);
  assert.ok("node" in (await put(uploads, space, one.id, undefined, bytes)));
  assert.equal((await begin("request")).id, one.id);
  assert.equal((await refusalOf(begin("another")))["code"], "operation_reused");
  await uploads.remove(space.caller, one.id);
  assert.equal((await refusalOf(begin("request")))["code"], "exists");
});

test("an upload is found only by its owner, until a week has passed or it is deleted", async () => {
  const space = await world.space();
  const stranger = await world.space();
  const uploads = world.instance(space);
  const long = bytesOf("gone", 5_000_002);
  const begin = async () => {
    const { id } = await uploads.start(space.caller, startOf("gone"));
    await putPart(uploads, space, id, { bytes: long, start: 0, end: 5_000_000, total: "*" });
    await putPart(uploads, space, id, { bytes: long, start: 5_000_000, end: 5_000_001, total: "*" });
    return id;
  };
  const missing = { code: "not_found" };
  const [removed, expired] = [await begin(), await begin()];
  for (const id of [removed, "nonsense", space.caller.spaceId]) {
    assert.deepEqual(await refusalOf(uploads.state(stranger.caller, id)), missing);
    assert.deepEqual(await refusalOf(put(uploads, stranger, id, "bytes */*")), missing);
    assert.deepEqual(await refusalOf(uploads.remove(stranger.caller, id)), missing);
    assert.deepEqual(await refusalOf(uploads.commit(stranger.caller, id, {})), missing);
  }
  assert.ok((await countRows(space)).refs > 0);
  await uploads.remove(space.caller, removed);
  assert.deepEqual(await refusalOf(uploads.state(space.caller, removed)), missing);
  world.clock.advanceMs(retentionUsual.sessionsMs - 1000);
  await putPart(uploads, space, expired, { bytes: long, start: 5_000_001, end: 5_000_002, total: "*" });
  world.clock.advanceMs(retentionUsual.sessionsMs - 1000);
  await uploads.expire();
  assert.equal((await uploads.state(space.caller, expired)).durable, 5_000_002);
  world.clock.advanceMs(2000);
  assert.deepEqual(await refusalOf(put(uploads, space, expired, "bytes */*")), missing);
  assert.equal(await uploads.expire(), 1);
  assert.deepEqual(await countRows(space), { refs: 0, sessions: 0, blocks: 0, tails: 0 });
});

test("a compressor defect fails the upload without a file, and a repeated upload succeeds", async () => {
  const space = await world.space();
  const content = hexText("defect", 3_000_000);
  let spoils = true;
  const codec: UploadWorld["pool"] = {
    ...world.pool,
    run: async (name, input, move) => {
      const output = await world.pool.run(name, input, move);
      if (name !== "encodeBlocksTask" || !spoils) return output;
      const { buffer, blocks } = output as { buffer: ArrayBuffer; blocks: { start: number; length: number }[] };
      const { start, length } = blocks.at(-1) ?? assert.fail();
      new Uint8Array(buffer, start + (length >> 1), 20).fill(0);
      return output;
    },
  };
  const uploads = world.instance(space, { codec });
  const upload = () =>
    uploads.media({
      caller: space.caller,
      request: { place: { parentId: "root", name: "defect" }, attributes: {} },
      body: bodyOf(content),
      contentLengthBytes: content.length,
      repeatable: false,
      identify: () => ({}),
    });
  assert.equal((await refusalOf(upload()))["code"], "internal");
  const { id } = await uploads.start(space.caller, startOf("pieces", {}, content.length));
  assert.equal((await refusalOf(put(uploads, space, id, undefined, content)))["code"], "internal");
  spoils = false;
  const { node } = await upload();
  assert.deepEqual(await readFile(world, space, node.id), content);
  const whole = await put(uploads, space, id, undefined, content);
  assert.ok("node" in whole);
  assert.deepEqual(await readFile(world, space, whole.node.id), content);
});
