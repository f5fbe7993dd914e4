import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { DeviceId, RewindId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { Actor } from "../actor.ts";
import type { Operation, OperationResult } from "./operation.ts";
import { contentOfText, newTestId, noBlocks, type TestSpace } from "../testing/testing.ts";
import { resumeDevice } from "../../care/suspensions/resume-device.ts";
import { openCommitter } from "./commit-queue.ts";
import { readCounts, sumOf } from "../brake/brake-counts.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";

const spaces = useTestSpaces({ fsync: false });
const minuteMs = 60_000;

function syncing(space: TestSpace): Actor {
  return { ...space.otherDevice(), braked: true };
}

async function fill(space: TestSpace, count: number, parentId = "root"): Promise<string[]> {
  const content = await space.content("as it was");
  const made = await space.commit(
    Array.from({ length: count }, (_, index) => ({ op: "put", place: { parentId, name: `file ${index}` }, content })),
    space.otherDevice(),
  );
  return made.map(idOf);
}

function idOf(result: OperationResult): string {
  assert.equal(result.status, "committed");
  return result.node?.id ?? "";
}

let texts = 0;
async function rewrites(space: TestSpace, ids: readonly string[]): Promise<Operation[]> {
  texts += 1;
  const content = contentOfText(`scrambled ${texts}`);
  await space.store(content.blocks);
  return ids.map((fileId) => ({ op: "put", fileId, content }));
}

const deletions = (ids: readonly string[]): Operation[] => ids.map((fileId) => ({ op: "delete", fileId }));

function outcome(results: readonly OperationResult[]): { done: number; codes: string[] } {
  const refused = results.flatMap((result) => ("error" in result ? [result.error.code] : []));
  return { done: results.length - refused.length, codes: [...new Set(refused)] };
}

async function messages(space: TestSpace) {
  const { rows } = await sql<{ payload: { space_id: string } & Record<string, unknown> }>`
    select payload from shard.messages where kind = 'device_suspension'`.execute(space.db);
  return rows.map(({ payload }) => payload).filter((payload) => payload.space_id === space.caller.spaceId);
}

test("499 files can be rewritten, and later rewrites of the device are refused with a time", async () => {
  const space = await spaces.open();
  const files = await fill(space, 600);
  const device = syncing(space);
  const before = space.clock.nowMicros();
  const results = await space.commit(await rewrites(space, files), device);
  assert.deepEqual(outcome(results), { done: 499, codes: ["device_suspended"] });
  const [refused] = results.flatMap((result) => ("error" in result ? [result.error] : []));
  assert.match(String(refused?.body["since"]), /^\d{4}-/);
  assert.equal(refused?.status, 403);
  const queued = await messages(space);
  assert.deepEqual(
    queued.map(({ reason, rewritten, device_id }) => ({ reason, rewritten, device_id })),
    [{ reason: "rewritten", rewritten: 499, device_id: device.deviceId }],
  );
  assert.ok(Number(queued[0]?.["moment"]) >= before, "the moment is after the files were made");
  const next = [...(await rewrites(space, files.slice(599))), ...deletions(files.slice(0, 1))];
  assert.deepEqual(outcome(await space.commit(next, device)), { done: 0, codes: ["device_suspended"] });
  assert.equal((await messages(space)).length, 1, "it is told once");
  assert.deepEqual(outcome(await space.commit(next, space.otherDevice())), { done: 2, codes: [] });
});

test("refused changes and later creations of the batch are not made", async () => {
  const space = await spaces.open();
  const files = await fill(space, 500);
  const create: Operation = { op: "mkdir", place: { parentId: "root", name: "after" } };
  const results = await space.commit([...(await rewrites(space, files)), create], syncing(space));
  assert.deepEqual(outcome(results), { done: 499, codes: ["device_suspended"] });
  const { rows } = await sql<{ version_number: number }>`
    select version_number from shard.nodes where space_id = ${space.caller.spaceId} and id = ${files[499]}`.execute(
    space.db,
  );
  assert.equal(rows[0]?.version_number, 1);
});

test("changes count for an hour: those of 54 minutes ago do, those of 61 minutes ago do not", async () => {
  for (const [pauseMs, done] of [
    [54 * minuteMs, 0],
    [61 * minuteMs, 100],
  ] as const) {
    const space = await spaces.open();
    const files = await fill(space, 600);
    const device = syncing(space);
    assert.equal(outcome(await space.commit(await rewrites(space, files.slice(0, 499)), device)).done, 499);
    space.clock.advanceMs(pauseMs);
    const late = await space.commit(await rewrites(space, files.slice(499, 599)), device);
    assert.equal(outcome(late).done, done);
  }
});

test("each device is counted separately, and browsers, tokens and rewinds are not counted", async () => {
  const space = await spaces.open();
  const files = await fill(space, 1000);
  const [one, other] = [syncing(space), syncing(space)];
  assert.equal(outcome(await space.commit(await rewrites(space, files.slice(0, 499)), one)).done, 499);
  assert.equal(outcome(await space.commit(await rewrites(space, files.slice(499, 998)), other)).done, 499);
  const browser = space.otherDevice();
  assert.equal(outcome(await space.commit(await rewrites(space, files), browser)).done, 1000);
  const token = { ...syncing(space), deviceId: null };
  assert.equal(outcome(await space.commit(await rewrites(space, files), token)).done, 1000);
  const rewindId = newTestId<RewindId>();
  const content = await space.content("as it was once");
  const rewinding = files.map((fileId): Operation => ({ op: "put", fileId, content, rewindId }));
  assert.equal(outcome(await space.commit(rewinding, syncing(space))).done, 1000);
  assert.deepEqual(await messages(space), []);
});

test("two devices with batches in one transaction are counted separately", async () => {
  const space = await spaces.open();
  const files = await fill(space, 600);
  const [one, other] = [syncing(space), syncing(space)];
  const [left, right] = [await rewrites(space, files.slice(0, 300)), await rewrites(space, files.slice(300))];
  const first = space.commit([{ op: "mkdir", place: { parentId: "root", name: "first" } }]);
  const both = await Promise.all([space.commit(left, one), space.commit(right, other)]);
  await first;
  assert.deepEqual(both.map(outcome), [
    { done: 300, codes: [] },
    { done: 300, codes: [] },
  ]);
  assert.deepEqual([(await brakeOf(space, one))?.rewritten, (await brakeOf(space, other))?.rewritten], [300, 300]);
});

test("600 files of a tree more than four times as large can be rewritten", async () => {
  const space = await spaces.open();
  for (const name of ["a", "b"]) await fill(space, 1000, (await space.mkdir("root", name)).id);
  const files = await fill(space, 600);
  const device = syncing(space);
  assert.equal(outcome(await space.commit(await rewrites(space, files), device)).done, 600);
  assert.equal((await brakeOf(space, device))?.known, 2603);
});

test("files made within the hour, and repeated rewrites of one file, do not count", async () => {
  const space = await spaces.open();
  const device = syncing(space);
  const content = await space.content("new");
  const making = Array.from({ length: 700 }, (_, index): Operation => ({
    op: "put",
    place: { name: `new ${index}` },
    content,
  }));
  const made = (await space.commit(making, device)).map(idOf);
  assert.equal(outcome(await space.commit(await rewrites(space, made), device)).done, 700);
  assert.equal(await brakeOf(space, device), undefined, "for what is new there is no row at all");
  const [often = ""] = await fill(space, 1);
  for (let round = 0; round < 3; round += 1) await space.commit(await rewrites(space, [often]), device);
  assert.deepEqual((await brakeOf(space, device))?.rewritten, 1);
});

test("recently renamed files still count as known", async () => {
  const space = await spaces.open();
  const device = syncing(space);
  const content = await space.content("mine");
  const making = Array.from({ length: 500 }, (_, index): Operation => ({
    op: "put",
    place: { name: `mine ${index}` },
    content,
  }));
  const made = (await space.commit(making, device)).map(idOf);
  space.clock.advanceMs(61 * minuteMs);
  await space.commit(
    made.map((fileId, index): Operation => ({ op: "move", fileId, place: { name: `${index}.locked` } })),
    device,
  );
  assert.equal(outcome(await space.commit(await rewrites(space, made), device)).done, 499);
});

test("100 deletions from half of a small tree suspend a device, and 1,000 from a large one", async () => {
  const small = await spaces.open();
  const few = await fill(small, 198);
  assert.deepEqual(outcome(await small.commit(deletions(few), syncing(small))), {
    done: 99,
    codes: ["device_suspended"],
  });
  const large = await spaces.open();
  const many = await fill(large, 1000);
  const more = await fill(large, 1000, (await large.mkdir("root", "more")).id);
  const device = syncing(large);
  assert.equal(outcome(await large.commit(deletions(many), device)).done, 999);
  assert.equal((await messages(large))[0]?.["reason"], "deleted");
  assert.equal(outcome(await large.commit(deletions(more.slice(0, 1)), device)).done, 0);
});

test("a deleted folder counts with its content, after earlier moves in and out of it", async () => {
  const space = await spaces.open();
  const [folder, aside, deep] = [
    await space.mkdir("root", "folder"),
    await space.mkdir("root", "aside"),
    await space.mkdir("root", "deep"),
  ];
  await space.do({ op: "move", fileId: deep.id, place: { parentId: folder.id, name: "deep" } });
  const files = await fill(space, 150, deep.id);
  const out = files.map((fileId, index): Operation => ({
    op: "move",
    fileId,
    place: { parentId: aside.id, name: `${index}` },
  }));
  const device = syncing(space);
  const kept = await space.commit([...out, ...deletions([folder.id])], device);
  assert.deepEqual(outcome(kept), { done: 151, codes: [] });
  assert.equal((await brakeOf(space, device))?.deleted, 2);
  const last = await space.mkdir("root", "last");
  const back = files.map((fileId, index): Operation => ({
    op: "move",
    fileId,
    place: { parentId: last.id, name: `${index}` },
  }));
  assert.deepEqual(outcome(await space.commit([...back, ...deletions([last.id])], device)), {
    done: 150,
    codes: ["device_suspended"],
  });
});

test("deletions by their own route, and changes approved on the device, do not count", async () => {
  const space = await spaces.open();
  const folder = await space.mkdir("root", "folder");
  await fill(space, 300, folder.id);
  const files = await fill(space, 900);
  const device = syncing(space);
  await space.do({ op: "delete", alone: true, fileId: folder.id }, device);
  const approved = (operation: Operation): Operation => ({ ...operation, approved: true });
  const rewritten = (await rewrites(space, files)).map(approved);
  assert.deepEqual(outcome(await space.commit(rewritten, device)), { done: 900, codes: [] });
  assert.deepEqual(outcome(await space.commit(deletions(files).map(approved), device)), { done: 900, codes: [] });
  assert.equal(await brakeOf(space, device), undefined);
});

test("recently made content may be deleted, and its later deletion counts", async () => {
  const space = await spaces.open();
  const device = syncing(space);
  const make = async (count: number, parentId = "root"): Promise<string[]> => {
    const made = Array.from({ length: count }, (_, index): Operation => ({
      op: "mkdir",
      place: { parentId, name: `made ${index}` },
    }));
    return (await space.commit(made, device)).map(idOf);
  };
  const [top = ""] = await make(1);
  await make(300, top);
  assert.deepEqual(outcome(await space.commit(deletions([top]), device)), { done: 1, codes: [] });
  assert.equal((await brakeOf(space, device))?.deleted, 0);
  const [later = ""] = await make(1);
  await make(300, later);
  space.clock.advanceMs(61 * minuteMs);
  assert.deepEqual(outcome(await space.commit(deletions([later]), device)), { done: 0, codes: ["device_suspended"] });
});

test("a device allowed to continue is not counted for an hour", async () => {
  const space = await spaces.open();
  const files = await fill(space, 1000);
  const device = syncing(space);
  const deviceId = device.deviceId as DeviceId;
  await space.commit(await rewrites(space, files), device);
  const { shards } = spaces.databases;
  const { userId, spaceId } = space.caller;
  await sql`
    insert into shard.suspensions (user_id, device_id, space_id, since, reason, rewritten, deleted, moment)
    values (${userId}, ${deviceId}, ${spaceId}, 1, 'rewritten', 499, 0, 0)`.execute(space.db);
  const world = { shards, clock: space.clock };
  await assert.rejects(resumeDevice(world, { userId, deviceId }, deviceId), { code: "forbidden" });
  await assert.rejects(resumeDevice(world, { userId: newTestId(), deviceId: null }, deviceId), { code: "not_found" });
  await resumeDevice(world, { userId, deviceId: null }, deviceId);
  space.clock.advanceMs(10 * minuteMs);
  assert.equal(outcome(await space.commit(await rewrites(space, files), device)).done, 1000);
  space.clock.advanceMs(51 * minuteMs);
  const others = await fill(space, 600, (await space.mkdir("root", "others")).id);
  const later = await space.commit(await rewrites(space, others), device);
  assert.equal(outcome(later).done, 499, "what it did in that hour does not count after it either");
});

test("nothing is counted while the brake is off", async () => {
  const space = await spaces.open();
  const files = await fill(space, 600);
  const { shards } = spaces.databases;
  const ports = { ...noBlocks, shards, clock: space.clock, random: randomBytes, onCommitted: () => {} };
  const committer = openCommitter({ ...ports, log: { warn: () => {}, error: () => {} }, brakes: false });
  const device = { ...syncing(space), suspendedAtMicros: 1 };
  const { results } = await committer.commit(device, await rewrites(space, files));
  assert.equal(outcome(results).done, 600);
  assert.equal(await brakeOf(space, device), undefined);
});

async function brakeOf(space: TestSpace, { deviceId }: Actor) {
  const { rows } = await sql<{ counts: string; known: number }>`
    select counts, known from shard.device_brakes where device_id = ${deviceId}`.execute(space.db);
  const [row] = rows;
  if (row === undefined) return undefined;
  return { known: row.known, ...sumOf(readCounts(row.counts, space.clock.nowMicros())) };
}
