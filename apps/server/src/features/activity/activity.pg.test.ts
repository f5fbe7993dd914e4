import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { ActivityJson } from "@holdfast/protocol/activity-routes";
import { sql } from "kysely";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import type { Actor } from "../../tree/actor.ts";
import { openViewCommitter } from "../../tree/commit/view-committer.ts";
import { noBlocks } from "../../tree/testing/testing.ts";
import type { Operation } from "../../tree/commit/operation.ts";
import { expireEvents } from "../../tree/retention/retention.ts";
import { useTestSpaces } from "../../tree/testing/testing-spaces.ts";
import type { TestSpace } from "../../tree/testing/testing.ts";
import { signInTo } from "../notify/testing.ts";
import { grantTo } from "../../tree/rights/testing.ts";
import { type ActivityRequest, listActivity } from "./list-activity.ts";
import { recordEvent } from "./record-event.ts";

const spaces = useTestSpaces({ fsync: false });

async function open(name: string): Promise<TestSpace> {
  const space = await spaces.open();
  await signInTo(space);
  await sql`update shard.users set name = ${name} where id = ${space.caller.userId}`.execute(space.db);
  return space;
}

const list = (caller: Actor, request: ActivityRequest = {}) => listActivity(spaces.databases.shards, caller, request);
const toLine = ({ verb, node, count }: ActivityJson) => `${verb} ${node.path ?? node.name} ${count}`;
const linesFor = async (caller: Actor, request: ActivityRequest = {}) =>
  (await list(caller, request)).items.map(toLine);
const share = (space: TestSpace, nodeId: string, role: GrantRow["role"], { userId }: Actor) =>
  grantTo(space.db, { spaceId: space.caller.spaceId, nodeId, role, userId });
async function doAs(space: TestSpace, caller: Actor, operation: Operation): Promise<void> {
  const committer = openViewCommitter({ ...noBlocks, shards: spaces.databases.shards }, space.committer);
  const { results } = await committer.commit(caller, [operation]);
  assert.equal(results[0]?.status, "committed", JSON.stringify(results[0]));
}

const later = ({ clock }: TestSpace) => clock.advanceMs(120_000);

test("each kind of change has its verb, newest first", async () => {
  const space = await open("Ann");
  const file = await space.put("root", "file", "one");
  const steps: Operation[] = [
    { op: "put", fileId: file.id, content: await space.content("two") },
    { op: "move", fileId: file.id, place: { name: "renamed" } },
    { op: "mkdir", place: { parentId: "root", name: "folder" } },
  ];
  for (const step of steps) {
    later(space);
    await space.do(step);
  }
  const folder = (await space.do({ op: "mkdir", place: { parentId: "root", name: "other" } })).id;
  for (const step of [
    { op: "move", fileId: file.id, place: { parentId: folder } },
    { op: "delete", fileId: file.id },
    { op: "approve", fileId: file.id },
    { op: "restore", fileId: file.id },
  ] satisfies Operation[]) {
    later(space);
    await space.do(step);
  }
  assert.deepEqual(await linesFor(space.caller), [
    "restored /other/renamed 1",
    "trashed /other/renamed 1",
    "moved /other/renamed 1",
    "created /other 2",
    "renamed /other/renamed 1",
    "edited /other/renamed 1",
    "created /other/renamed 1",
  ]);
  const { items } = await list(space.caller);
  assert.deepEqual(items[0]?.actor, { id: space.caller.userId, name: "Ann" });
  assert.deepEqual(items[0]?.device?.id, space.caller.deviceId);
  assert.deepEqual(items[2]?.detail, { from: "/" });
  assert.equal(new Set(items.map(({ id }) => id)).size, items.length);
});

test("many files of one action are one item, and a folder includes what was created with it", async () => {
  const space = await open("Ann");
  const place = (parentId: string, name: string) => ({ op: "mkdir", place: { parentId, name } }) as const;
  const makeSome = (from: number) =>
    space.commit(Array.from({ length: 300 }, (_, index) => place("root", `n${from + index}`)));
  await makeSome(0);
  const firstMs = space.clock.nowMs();
  space.clock.advanceMs(40_000);
  await makeSome(300);
  later(space);
  const top = await space.mkdir("root", "tree");
  for (const name of ["a", "b"]) {
    const inner = await space.mkdir(top.id, name);
    await space.commit(Array.from({ length: 3 }, (_, index) => place(inner.id, `${name}${index}`)));
  }
  later(space);
  const other = space.otherDevice();
  await space.commit([place("root", "of another device")], other);
  await space.commit([place("root", "of this device")]);
  const { items } = await list(space.caller);
  assert.deepEqual(items.map(toLine), [
    "created /of this device 1",
    "created /of another device 1",
    "created /tree 9",
    "created /n599 600",
  ]);
  const [sinceMs, untilMs] = [items[3]?.since, items[3]?.at].map((time) => Date.parse(time ?? ""));
  assert.equal(sinceMs, firstMs);
  assert.ok(untilMs !== undefined && untilMs >= firstMs + 40_000);
});

test("an action in several folders is named after the one with most items, or else the newest", async () => {
  const space = await open("Ann");
  const inside = (parentId: string, count: number, prefix = "n") =>
    space.commit(
      Array.from({ length: count }, (_, index) => {
        return { op: "mkdir", place: { parentId, name: `${prefix}${index}` } } as const;
      }),
    );
  const first = await space.mkdir("root", "first");
  const second = await space.mkdir("root", "second");
  await space.mkdir("root", "third");
  await inside(first.id, 40);
  await inside(second.id, 3);
  assert.deepEqual(await linesFor(space.caller), ["created /first 46"]);
  await inside(second.id, 37, "more");
  assert.deepEqual(await linesFor(space.caller), ["created /third 83"]);
});

test("pages continue where the previous ended, for any size", async () => {
  const space = await open("Ann");
  for (let index = 0; index < 7; index += 1) {
    await space.mkdir("root", `n${index}`);
    later(space);
  }
  const all = await linesFor(space.caller);
  assert.equal(all.length, 7);
  for (const limit of [1, 2, 3, 7]) {
    const pages: string[] = [];
    let cursor: string | null | undefined;
    for (let page = 0; page < 9 && cursor !== null; page += 1) {
      const { items, next_cursor } = await list(space.caller, { limit, ...(cursor === undefined ? {} : { cursor }) });
      assert.ok(items.length <= limit);
      pages.push(...items.map(toLine));
      cursor = next_cursor;
    }
    assert.deepEqual([pages, cursor], [all, null], `pages of ${limit}`);
  }
  const stolen = (await list(space.caller, { limit: 1 })).next_cursor ?? "";
  const other = await open("Bob");
  assert.deepEqual(await list(other.caller, { cursor: stolen }), { items: [], next_cursor: null });
  await assert.rejects(list(space.caller, { cursor: "bm8" }), { code: "bad_request" });
});

test("events expire with the entries of their time", async () => {
  const space = await open("Ann");
  const { userId: actor, spaceId, deviceId, rootId: nodeId } = space.caller;
  const event = { spaceId, nodeId, verb: "commented", actor, deviceId, detail: {} } as const;
  await recordEvent(space.db, { clock: space.clock, random: randomBytes }, event);
  space.clock.advanceMs(1000);
  const world = { clock: space.clock, random: randomBytes };
  await recordEvent(space.db, world, event);
  await expireEvents({ db: space.db, nowMicros: space.clock.nowMicros() }, 500);
  assert.equal((await list(space.caller)).items.length, 1);
});

test("a page reads a limited number of entries", async () => {
  const space = await open("Ann");
  await space.mkdir("root", "wanted");
  const { caller, db } = space;
  const { seq } = await space.row();
  const many = limits.activityScanMax + 10;
  await sql`
    insert into shard.journal (space_id, seq, tag, node_id, kind, actor, at)
    select ${caller.spaceId}, ${seq}::int8 + g, '\\x0000000000000000', ${caller.spaceId}, 'changed', ${caller.userId}, g
    from generate_series(1, ${many}) g`.execute(db);
  await sql`update shard.spaces set seq = seq + ${many} where id = ${caller.spaceId}`.execute(db);
  const first = await list(caller);
  assert.deepEqual(first.items, []);
  assert.ok(first.next_cursor !== null);
  assert.deepEqual((await list(caller, { cursor: first.next_cursor })).items.map(toLine), ["created /wanted 1"]);
});

test("activity can be filtered by folder and by account", async () => {
  const space = await open("Ann");
  const editor = { caller: { ...(await open("Bob")).caller, receives: true } };
  const [inside, outside] = [await space.mkdir("root", "inside"), await space.mkdir("root", "outside")];
  later(space);
  await share(space, inside.id, "editor", editor.caller);
  await doAs(space, editor.caller, { op: "mkdir", place: { parentId: inside.id, name: "by Bob" } });
  later(space);
  const file = await space.put(outside.id, "file", "one");
  later(space);
  await space.do({ op: "move", fileId: file.id, place: { parentId: inside.id } });
  assert.deepEqual(await linesFor(space.caller, { in: inside.id }), [
    "moved /inside/file 1",
    "created /inside/file 1",
    "created /inside/by Bob 1",
    "created /inside 1",
  ]);
  assert.deepEqual(await linesFor(space.caller, { actor: editor.caller.userId }), ["created /inside/by Bob 1"]);
  assert.deepEqual(await linesFor(space.caller, { in: file.id, actor: space.caller.userId }), [
    "moved /inside/file 1",
    "created /inside/file 1",
  ]);
  const stranger = await open("Eve");
  await assert.rejects(list(stranger.caller, { in: inside.id }), { code: "not_found" });
});

test("an item in the trash or purged is reported with the folder that it was in", async () => {
  const space = await open("Ann");
  const viewer = await open("Bob");
  const seen = await space.mkdir("root", "seen");
  const inner = await space.mkdir(seen.id, "inner");
  await share(space, seen.id, "viewer", viewer.caller);
  const file = await space.put(inner.id, "file", "one");
  const atTop = await space.put("root", "top", "one");
  const folders = async (caller: Actor) =>
    (await list(caller, { in: caller === viewer.caller ? seen.id : undefined })).items
      .filter(({ node }) => node.id === file.id || node.id === atTop.id)
      .map(({ verb, node: { name, path, folder } }) => [verb, name, path ?? "-", folder ?? "-"].join(" "));
  later(space);
  await space.do({ op: "delete", fileId: file.id });
  later(space);
  await space.do({ op: "delete", fileId: atTop.id });
  assert.deepEqual(await folders(space.caller), ["trashed top - /", "trashed file - /seen/inner"]);
  assert.deepEqual(await folders(viewer.caller), ["trashed file - /inner"]);
  later(space);
  await space.commit([{ op: "purge", fileId: file.id, trashedOnly: true }]);
  assert.equal((await folders(space.caller))[0], "purged file - /seen/inner");
  later(space);
  await space.do({ op: "delete", fileId: seen.id });
  assert.equal((await folders(space.caller))[0], "purged file - /seen/inner", "its folder is in the trash, too");
});

test("moves across the edge of a share appear as creation and deletion, without the hidden side", async () => {
  const space = await open("Ann");
  const viewer = await open("Bob");
  const [seen, secret] = [await space.mkdir("root", "seen"), await space.mkdir("root", "secret place")];
  await share(space, seen.id, "viewer", viewer.caller);
  const request = { in: seen.id };
  const steps: [Operation, string | undefined][] = [
    [{ op: "put", place: { parentId: secret.id, name: "far name" }, content: await space.content("one") }, undefined],
    [{ op: "move", fileId: "file", place: { parentId: seen.id, name: "near" } }, "created /near 1"],
    [{ op: "move", fileId: "file", place: { name: "nearer" } }, "renamed /nearer 1"],
    [{ op: "move", fileId: "file", place: { parentId: secret.id } }, "trashed nearer 1"],
    [{ op: "put", fileId: "file", content: await space.content("secret") }, undefined],
    [{ op: "move", fileId: "file", place: { parentId: seen.id } }, "created /nearer 1"],
    [{ op: "delete", fileId: "file" }, "trashed nearer 1"],
  ];
  let fileId = "";
  for (const [step, expected] of steps) {
    later(space);
    const before = (await list(viewer.caller, request)).items[0]?.id;
    const node = await space.do("fileId" in step ? { ...step, fileId } : step);
    if (fileId === "") fileId = node.id;
    const { items } = await list(viewer.caller, request);
    const newest = items[0]?.id === before ? undefined : items[0];
    assert.equal(newest && toLine(newest), expected, JSON.stringify(step));
    assert.doesNotMatch(JSON.stringify(items), /far name|secret/);
  }
  later(space);
  await space.do({ op: "move", fileId: seen.id, place: { parentId: secret.id } });
  assert.equal((await linesFor(viewer.caller, request)).includes("created / 1"), true, "its creation");
  assert.equal((await linesFor(viewer.caller, request))[0], "trashed nearer 1", "where the shared folder lies is told");
});

test("shared files appear in the grantee's activity, and permission changes only for those who may share", async () => {
  const space = await open("Ann");
  const people = [
    { person: { ...(await open("Bob")).caller, receives: true }, role: "viewer" },
    { person: { ...(await open("Eve")).caller, receives: true }, role: "editor" },
  ] as const;
  const file = await space.put("root", "file", "one");
  for (const { person, role } of people) {
    await share(space, file.id, role, person);
    await sql`
      insert into shard.received (grantee_id, grant_id, space_id, node_id)
      values (${person.userId}, ${person.userId}, ${space.caller.spaceId}, ${file.id})`.execute(space.db);
  }
  for (const verb of ["shared", "commented"] as const) {
    later(space);
    const { userId: actor, spaceId, deviceId } = space.caller;
    const event = { spaceId, nodeId: file.id as never, verb, actor, deviceId, detail: { with: "somebody" } };
    await recordEvent(space.db, { clock: space.clock, random: randomBytes }, event);
  }
  assert.deepEqual(await linesFor(space.caller), ["commented /file 1", "shared /file 1", "created /file 1"]);
  assert.deepEqual(
    (await linesFor(people[0].person)).filter((text) => text.includes("file")),
    [],
    "its own name stands at the top",
  );
  assert.deepEqual(await linesFor(people[0].person), ["commented / 1", "created / 1"]);
  assert.deepEqual(await linesFor(people[1].person), ["commented / 1", "shared / 1", "created / 1"]);
  await sql`delete from shard.grants where node_id = ${file.id}`.execute(space.db);
  assert.deepEqual(await linesFor(people[0].person), []);
});

test("creating and deleting an own mount is no deletion in the activity", async () => {
  const [ann, bob] = [await open("Ann"), await open("Bob")];
  const folder = await ann.do({ op: "mkdir", place: { parentId: "root", name: "shared" } });
  await share(ann, folder.id, "editor", bob.caller);
  const place = { parentId: "root", name: "shared" };
  const mount = await bob.do({ op: "mount", place, target: folder.id as NodeId, targetSpace: ann.caller.spaceId });
  later(bob);
  await bob.do({ op: "delete", fileId: mount.id });
  const heard = await linesFor(bob.caller);
  assert.ok(!heard.some((each) => /^(?:purged|trashed)/.test(each)), heard.join(", "));
});
