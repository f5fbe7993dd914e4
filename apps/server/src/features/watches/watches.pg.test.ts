import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, beforeEach, test } from "node:test";
import type { GroupId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { createComment } from "../comments/comments.ts";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import type { Actor } from "../../tree/actor.ts";
import type { Operation } from "../../tree/commit/operation.ts";
import { openViewCommitter } from "../../tree/commit/view-committer.ts";
import { newTestId, noBlocks } from "../../tree/testing/testing.ts";
import { useTestSpaces } from "../../tree/testing/testing-spaces.ts";
import type { TestSpace } from "../../tree/testing/testing.ts";
import { notificationKind } from "../notifications/notification-kind.ts";
import { listNotifications, markRead } from "../notifications/list-notifications.ts";
import { signInTo } from "../notify/testing.ts";
import { messagesOn, openTestQueue, type TestQueue } from "../../base/queue/testing.ts";
import { grantTo } from "../../tree/rights/testing.ts";
import { watchKind } from "./watch-kind.ts";
import { readWatch, unwatch, watch } from "./watches.ts";

const spaces = useTestSpaces({ fsync: false });
let opened: TestQueue | undefined;
let space: TestSpace;
let bob: Actor;

beforeEach(async () => {
  const { shards } = spaces.databases;
  const world = { shards, random: randomBytes, wake: () => {} };
  opened ??= openTestQueue(shards, { notification: notificationKind(world), watch: watchKind(world) });
  space = await spaces.open();
  await signInTo(space);
  const other = await spaces.open();
  await signInTo(other);
  bob = { ...other.caller, receives: true };
});

after(async () => opened?.queue.stop());

const shard = () => spaces.databases.shards.of(space.caller.bucket);
const share = (nodeId: string, role: GrantRow["role"]) =>
  grantTo(space.db, { spaceId: space.caller.spaceId, nodeId, role, userId: bob.userId });
async function idle(): Promise<void> {
  opened?.queue.kick(shard());
  await opened?.queue.idle();
}

async function doAs(caller: Actor, ...operations: Operation[]): Promise<void> {
  const { results } = await openViewCommitter({ ...noBlocks, shards: spaces.databases.shards }, space.committer).commit(
    caller,
    operations,
  );
  for (const result of results) assert.equal(result.status, "committed", JSON.stringify(result));
}

async function noticesTo(actor: Actor): Promise<unknown[][]> {
  await idle();
  const { items } = await listNotifications(spaces.databases.shards, actor, { unread: true });
  if (items[0] !== undefined) await markRead(spaces.databases.shards, actor, items[0].id);
  return items.map(({ kind, node, detail }) => [kind, node?.path, Object.values(detail)].flat());
}

test("a watcher is notified of others' changes in the folder, not of changes elsewhere or their own", async () => {
  const [watched, other] = [await space.mkdir("root", "watched"), await space.mkdir("root", "other")];
  const file = await space.put(watched.id, "file", "one");
  await share(watched.id, "editor");
  await watch(spaces.databases.shards, bob, watched.id);
  const watchOf = (id: string, caller = bob) => readWatch(spaces.databases.shards, caller, id);
  assert.deepEqual(await watchOf(watched.id), { watched: true, folder_watched: false });
  assert.deepEqual(await watchOf(file.id), { watched: false, folder_watched: true });
  assert.deepEqual(await watchOf(file.id, space.caller), { watched: false, folder_watched: false });
  await assert.rejects(watchOf(other.id), { code: "not_found" });
  assert.deepEqual(await noticesTo(bob), [], "what was before");
  await space.put(other.id, "elsewhere", "one");
  await doAs(bob, { op: "mkdir", place: { parentId: watched.id, name: "by Bob" } });
  assert.deepEqual(await noticesTo(bob), []);
  await space.do({ op: "put", fileId: file.id, content: await space.content("two") });
  assert.deepEqual(await noticesTo(bob), [["watch", "/file", "file", 1, ["edited"]]]);
  await space.do({ op: "delete", fileId: file.id });
  assert.deepEqual(await noticesTo(bob), [["watch", "/", "file", 1, ["trashed"]]]);
  await space.commit(
    Array.from({ length: 700 }, (_, index) => ({ op: "mkdir", place: { parentId: watched.id, name: `n${index}` } })),
  );
  const [notice, ...more] = await noticesTo(bob);
  // Two concurrent messages arrive in either order, and each names its last item.
  assert.ok(["n499", "n699"].includes(String(notice?.[2])), JSON.stringify(notice));
  assert.deepEqual([notice?.toSpliced(2, 1), more], [["watch", "/", 700, ["created"]], []]);
  await unwatch(spaces.databases.shards, bob, watched.id);
  await space.mkdir(watched.id, "late");
  assert.deepEqual(await noticesTo(bob), []);
});

test("an unwatched space queues no message, and a watched one a single message", async () => {
  const folder = await space.mkdir("root", "folder");
  const waiting = async () => (await messagesOn(shard())).filter(({ kind }) => kind === "watch").length;
  assert.equal(await waiting(), 0);
  await watch(spaces.databases.shards, space.caller, folder.id);
  for (const name of ["a", "b", "c"]) await space.mkdir(folder.id, name);
  assert.equal(await waiting(), 1);
  await idle();
  await unwatch(spaces.databases.shards, space.caller, folder.id);
  await unwatch(spaces.databases.shards, space.caller, folder.id);
  await space.mkdir(folder.id, "d");
  assert.equal(await waiting(), 0);
});

test("a watcher without access is not notified, and a move out of view does not disclose its target", async () => {
  const watched = await space.mkdir("root", "watched");
  const secret = await space.mkdir("root", "secret");
  const file = await space.put(watched.id, "file", "one");
  await share(watched.id, "viewer");
  await watch(spaces.databases.shards, bob, watched.id);
  await space.do({ op: "move", fileId: file.id, place: { parentId: secret.id, name: "secret name" } });
  assert.deepEqual(await noticesTo(bob), [["watch", "/", "file", 1, ["trashed"]]]);
  await space.mkdir(watched.id, "before the end");
  await sql`delete from shard.grants where node_id = ${watched.id}`.execute(space.db);
  assert.deepEqual(await noticesTo(bob), []);
  await assert.rejects(watch(spaces.databases.shards, bob, watched.id), { code: "not_found" });
});

test("a person who left the group of a share is no longer notified", async () => {
  const watched = await space.mkdir("root", "watched");
  const groupId = newTestId<GroupId>();
  const { caller, db } = space;
  await sql`
    insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
    values (${caller.spaceId}, ${newTestId()}, ${watched.id}, 'group', ${groupId}, 'viewer', ${caller.userId}, 0)`.execute(
    db,
  );
  await sql`
    insert into shard.memberships (user_id, group_id, role, change, changed_at)
    values (${bob.userId}, ${groupId}, 'member', 1, 0)`.execute(db);
  const member = { ...bob, grantees: [bob.userId, groupId] };
  await watch(spaces.databases.shards, member, watched.id);
  await space.mkdir(watched.id, "before");
  assert.deepEqual(await noticesTo(member), [["watch", "/before", "before", 1, ["created"]]]);
  await sql`update shard.memberships set role = null where group_id = ${groupId}`.execute(db);
  await space.mkdir(watched.id, "after");
  assert.deepEqual(await noticesTo(member), []);
});

test("the number of watches is limited, and they are deleted with purged nodes", async () => {
  const folder = await space.mkdir("root", "folder");
  const [first, last] = [await space.mkdir(folder.id, "first"), await space.mkdir("root", "last")];
  await watch(spaces.databases.shards, space.caller, first.id);
  await watch(spaces.databases.shards, space.caller, first.id);
  await sql`
    insert into shard.watches (space_id, user_id, node_id)
    select ${space.caller.spaceId}, ${space.caller.userId}, gen_random_uuid()
    from generate_series(2, ${limits.watchesMax})`.execute(space.db);
  await assert.rejects(watch(spaces.databases.shards, space.caller, last.id), { code: "conflict" });
  await space.commit([{ op: "purge", fileId: folder.id, trashedOnly: false }]);
  await watch(spaces.databases.shards, space.caller, last.id);
});

test("a comment notifies mentioned accounts, the owner and earlier commenters", async () => {
  const { shards } = spaces.databases;
  const world = { shards, clock: space.clock, random: randomBytes, queued: () => {} };
  const file = await space.put("root", "file", "one");
  await share(file.id, "commenter");
  await createComment(world, bob, file.id, { text: "first" });
  await createComment(world, bob, file.id, { text: "second" });
  await idle();
  const { items } = await listNotifications(shards, space.caller, {});
  assert.deepEqual(
    items.map(({ kind, node, detail }) => [kind, node?.path, detail["count"]]),
    [["comment", "/file", 2]],
  );
  assert.deepEqual(await noticesTo(bob), []);
  const answer = await createComment(world, space.caller, file.id, { text: "answer" });
  assert.deepEqual(await noticesTo(bob), [["comment", "/", answer.id]]);
  const { id } = await createComment(world, space.caller, file.id, { text: "to you", mentions: [bob.userId] });
  assert.deepEqual(await noticesTo(bob), [["mention", "/", id]]);
});
