import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import type { HashHex } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import { blockOf, openBlockWorld } from "../../packs/testing.ts";
import { checkInvariants } from "../../tree/testing/invariants.ts";
import { expireBlocks } from "../../tree/retention/expire-blocks.ts";
import { expireStaged } from "../../tree/retention/retention.ts";
import type { TestSpace } from "../../tree/testing/testing.ts";
import { bytesOf, putPart, refusalOf, startOf, startUploadWorld, type UploadWorld } from "./testing.ts";
import { retentionUsual } from "../../base/config/retention-settings.ts";

let world: UploadWorld;
before(async () => {
  world = await startUploadWorld();
});
after(() => world.stop());

const quotaBytes = 1000;
const storedBytesMax = 4 * quotaBytes;

async function upload(space: TestSpace, name: string, content: Uint8Array): Promise<NodeJson> {
  const { node } = await world.instance(space).media({
    caller: space.caller,
    request: { place: { parentId: "root", name }, attributes: {}, onConflict: "replace" },
    body: Readable.from([content]),
    contentLengthBytes: content.length,
    repeatable: false,
    identify: () => ({}),
  });
  return node;
}

async function fillUp(space: TestSpace): Promise<NodeJson> {
  let file = await upload(space, "file", bytesOf("version 0", 900));
  for (let version = 1; version < 4; version += 1)
    file = await upload(space, "file", bytesOf(`version ${version}`, 900));
  assert.deepEqual(codeOf(await refusalOf(upload(space, "file", bytesOf("one more", 900)))), "quota");
  assert.equal((await space.row()).stored_bytes, 3600);
  return file;
}

test("purged content no longer counts, and a full space accepts files again", async () => {
  const space = await world.space(quotaBytes);
  const file = await fillUp(space);
  await space.do({ op: "delete", fileId: file.id });
  assert.equal((await space.row()).stored_bytes, 3600, "the trash counts");
  await space.commit([{ op: "purge", fileId: file.id, trashedOnly: true }]);
  assert.equal((await space.row()).stored_bytes, 0);
  await upload(space, "again", bytesOf("again", 900));
  assert.equal((await space.row()).stored_bytes, 900);
  await checkInvariants(space.db, space.caller.spaceId);
});

test("a block counted again counts once, for any number of references", async () => {
  const space = await world.space(quotaBytes);
  const content = bytesOf("same", 400);
  const file = await upload(space, "a", content);
  await space.commit([{ op: "purge", fileId: file.id, trashedOnly: false }]);
  assert.equal((await space.row()).stored_bytes, 0);
  const [a] = [await upload(space, "a", content), await upload(space, "b", content)];
  assert.equal((await space.row()).stored_bytes, 400);
  await space.commit([{ op: "purge", fileId: a.id, trashedOnly: false }]);
  assert.equal((await space.row()).stored_bytes, 400);
  await checkInvariants(space.db, space.caller.spaceId);
});

test("uncommitted blocks count for a day, and again once a commit uses them", async () => {
  const space = await world.space(quotaBytes);
  const { spaceId, userId } = space.caller;
  const parts = Array.from({ length: 8 }, (_, index) => bytesOf(`staged ${index}`, 500));
  for (const part of parts) await world.blocks.store(spaceId, userId, [blockOf(part)]);
  const small = bytesOf("small", 10);
  assert.equal(codeOf(await refusalOf(upload(space, "small", small))), "quota");
  const job = () => ({ db: space.db, nowMicros: world.clock.nowMicros() });
  await expireStaged(job());
  assert.equal((await space.row()).stored_bytes, storedBytesMax, "not before its day is over");
  world.clock.advanceMs(25 * 3600_000);
  await expireStaged(job());
  assert.equal((await space.row()).stored_bytes, 0);
  await upload(space, "small", small);
  const { hash, sizeBytes } = blockOf(parts[0]!);
  await space.do({ op: "put", place: { path: "named" }, content: { sizeBytes, blocks: [{ hash, size: sizeBytes }] } });
  assert.equal((await space.row()).stored_bytes, 510);
  await checkInvariants(space.db, spaceId);
});

test("discarded blocks stop counting and expire in an hour, unless a file, upload or other sender needs them", async () => {
  const space = await world.space(quotaBytes);
  const { spaceId, userId } = space.caller;
  const names = ["useless", "named", "asked for", "of somebody else"] as const;
  const blocks = names.map((name) => blockOf(bytesOf(`discarded ${name}`, 500)));
  const [useless, named, asked, others] = blocks.map(({ hash }) => hash) as [HashHex, HashHex, HashHex, HashHex];
  await world.blocks.store(spaceId, userId, blocks);
  await space.do({
    op: "put",
    place: { path: "named" },
    content: { sizeBytes: 500, blocks: [{ hash: named, size: 500 }] },
  });
  await world.blocks.store(spaceId, (await world.space(quotaBytes)).caller.userId, [blocks[3]!]);
  const discarded = await world.blocks.discard(spaceId, userId, [useless, named, asked, others]);
  assert.deepEqual(discarded, { count: 2, bytes: 1000 });
  assert.equal((await space.row()).stored_bytes, 1000);
  const expire = () => expireBlocks({ db: space.db, nowMicros: world.clock.nowMicros() }, retentionUsual.blocksMs);
  world.clock.advanceMs(3599_000);
  await expire();
  assert.deepEqual([...(await world.blocks.held(spaceId, [asked]))], [asked], "another upload is told not to send it");
  world.clock.advanceMs(2000);
  await expire();
  const { rows } = await sql<{ hash: HashHex }>`
    select encode(hash, 'hex') as hash from shard.space_blocks where space_id = ${spaceId}`.execute(space.db);
  assert.deepEqual(rows.map(({ hash }) => hash).toSorted(), [named, asked, others].toSorted());
  await checkInvariants(space.db, spaceId);
});

test("a commit whose blocks exceed the quota is rejected, and the rest of its batch succeeds", async () => {
  const space = await world.space(quotaBytes);
  const { spaceId, userId } = space.caller;
  const old = bytesOf("old", 800);
  await world.blocks.store(spaceId, userId, [blockOf(old)]);
  world.clock.advanceMs(25 * 3600_000);
  await expireStaged({ db: space.db, nowMicros: world.clock.nowMicros() });
  const file = await fillUp(space);
  const { sizeBytes, hash } = blockOf(old);
  const content = { sizeBytes, blocks: [{ hash, size: sizeBytes }] };
  const results = await space.commit([
    { op: "put", fileId: file.id, content },
    { op: "mkdir", place: { path: "folder" } },
  ]);
  assert.deepEqual(
    results.map((result) => ("error" in result ? result.error.code : result.status)),
    ["quota", "committed"],
  );
  await checkInvariants(space.db, spaceId);
});

test("a segmented manifest counts its blocks, and frees them when purged", async () => {
  const space = await world.space(100_000);
  const { spaceId, userId } = space.caller;
  const blocks = Array.from({ length: 600 }, (_, index) => blockOf(bytesOf(`piece ${index}`, 100)));
  await world.blocks.store(spaceId, userId, blocks);
  world.clock.advanceMs(25 * 3600_000);
  await expireStaged({ db: space.db, nowMicros: world.clock.nowMicros() });
  assert.equal((await space.row()).stored_bytes, 0);
  const content = { sizeBytes: 60_000, blocks: blocks.map(({ hash, sizeBytes }) => ({ hash, size: sizeBytes })) };
  const file = await space.do({ op: "put", place: { path: "long" }, content });
  assert.equal((await space.row()).stored_bytes, 60_000);
  await checkInvariants(space.db, spaceId);
  await sql`update shard.spaces set quota_bytes = 1 where id = ${spaceId}`.execute(space.db);
  await space.commit([{ op: "purge", fileId: file.id, trashedOnly: false }]);
  await checkInvariants(space.db, spaceId);
});

test("tails of uploads count until they become blocks or the upload is removed", async () => {
  const space = await world.space(quotaBytes);
  const uploads = world.instance(space);
  const bytes = bytesOf("tails", 1001);
  const begin = async (name: string) => (await uploads.start(space.caller, startOf(name))).id;
  const append = (id: string, start: number, end: number, total: number | "*" = "*") =>
    putPart(uploads, space, id, { bytes, start, end, total });
  const large = bytesOf("large tail", 250_000);
  assert.equal(
    codeOf(
      await refusalOf(
        putPart(uploads, space, await begin("large"), { bytes: large, start: 0, end: 250_000, total: "*" }),
      ),
    ),
    "quota",
  );
  const ids: string[] = [];
  for (let index = 0; index < 4; index += 1) {
    ids.push(await begin(`tail ${index}`));
    await append(ids[index]!, 0, 400);
    await append(ids[index]!, 400, 999);
  }
  assert.equal((await space.row()).stored_bytes, 4 * 999);
  const last = await begin("one too many");
  assert.equal(codeOf(await refusalOf(append(last, 0, 5))), "quota");
  assert.deepEqual(await append(last, 0, 4), { durable: 4 });
  await checkInvariants(space.db, space.caller.spaceId);
  for (const id of [last, ...ids.slice(2)]) await uploads.remove(space.caller, id);
  assert.equal((await space.row()).stored_bytes, 2 * 999);
  assert.ok("node" in (await append(ids[0]!, 999, 1000, 1000)));
  assert.equal((await space.row()).stored_bytes, 1000 + 999);
  world.clock.advanceMs(retentionUsual.sessionsMs);
  await uploads.expire();
  assert.equal((await space.row()).stored_bytes, 1000);
  await checkInvariants(space.db, space.caller.spaceId);
});

test("merged tail rows count once", async () => {
  const space = await world.space(quotaBytes);
  const uploads = world.instance(space);
  const bytes = bytesOf("many pieces", 200);
  const { id } = await uploads.start(space.caller, startOf("many pieces"));
  for (let start = 0; start < 200; start += 2) {
    await putPart(uploads, space, id, { bytes, start, end: start + 2, total: "*" });
  }
  assert.equal((await space.row()).stored_bytes, 200);
  await checkInvariants(space.db, space.caller.spaceId);
});

test("concurrent uploads store no more than the quota, in one process and across several", async () => {
  const second = await openBlockWorld(world.pool, { databases: world.databases, store: world.store });
  for (const services of [[world.blocks], [world.blocks, second.service]]) {
    const space = await world.space(quotaBytes);
    const { spaceId, userId } = space.caller;
    const calls = Array.from({ length: 40 }, (_, index) => {
      const service = services[index % services.length] ?? world.blocks;
      return service.store(spaceId, userId, [blockOf(bytesOf(`at once ${services.length} ${index}`, 900))]);
    });
    const outcomes = await Promise.allSettled(calls);
    const stored = outcomes.filter(({ status }) => status === "fulfilled").length;
    const codes = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.code] : []));
    assert.deepEqual(new Set(codes), new Set(["quota"]));
    assert.equal((await space.row()).stored_bytes, stored * 900);
    if (services.length === 1) assert.equal(stored, 4, "all that fits");
    assert.ok(stored <= 4);
    await checkInvariants(space.db, spaceId);
  }
  await second.service.close();
});

test("a short body over quota is rejected before its bytes count", async () => {
  const space = await world.space(quotaBytes);
  assert.deepEqual(codeOf(await refusalOf(upload(space, "large", bytesOf("large", quotaBytes + 1)))), "quota");
  assert.equal((await space.row()).stored_bytes, 0);
  await upload(space, "file", bytesOf("first", 900));
  await upload(space, "file", bytesOf("in its place there is room", 1000));
  await checkInvariants(space.db, space.caller.spaceId);
});

test("repairing blocks in a full space needs no free quota", async () => {
  const space = await world.space(quotaBytes);
  await fillUp(space);
  const cell = world.databases.cells.all()[0]?.db ?? assert.fail();
  const states = async () =>
    (
      await sql<{ state: string }>`select block.state from cell.blocks as block
        join cell.holders as holder on holder.hash = block.hash
        where holder.space_id = ${space.caller.spaceId} and block.size = 900 order by block.state`.execute(cell)
    ).rows.map(({ state }) => state);
  await sql`update cell.blocks set state = 'damaged' from cell.holders as holder
    where holder.hash = cell.blocks.hash and holder.space_id = ${space.caller.spaceId}`.execute(cell);
  const earlier = await states();
  await upload(space, "file", bytesOf("version 3", 900));
  assert.deepEqual(await states(), [...earlier, "live"]);
  assert.equal((await space.row()).stored_bytes, 3600);
  await checkInvariants(space.db, space.caller.spaceId);
});

function codeOf(refusal: Record<string, unknown>): unknown {
  return refusal["code"];
}
