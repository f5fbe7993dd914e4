import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, beforeEach, test } from "node:test";
import type { NotificationJson } from "@holdfast/protocol/notification-routes";
import { sql } from "kysely";
import { openTestAccounts } from "../accounts/testing.ts";
import { openMailer } from "../mail/mailer.ts";
import type { Actor } from "../../tree/actor.ts";
import type { Operation } from "../../tree/commit/operation.ts";
import { guestDeletionsKind } from "../../tree/commit/report-deletions.ts";
import { openViewCommitter } from "../../tree/commit/view-committer.ts";
import { noBlocks, type TestSpace } from "../../tree/testing/testing.ts";
import { useTestSpaces } from "../../tree/testing/testing-spaces.ts";
import { signInTo } from "../notify/testing.ts";
import { messagesOn, openTestQueue, type TestQueue } from "../../base/queue/testing.ts";
import { grantTo } from "../../tree/rights/testing.ts";
import { guestDeletionsMessages } from "./guest-deletions.ts";
import { listNotifications, markRead } from "./list-notifications.ts";
import { notificationKind } from "./notification-kind.ts";

const spaces = useTestSpaces({ fsync: false });
let opened: TestQueue | undefined;
let space: TestSpace;
let bob: Actor;

async function openQueue(): Promise<TestQueue> {
  const { shards } = spaces.databases;
  const mailer = openMailer({
    host: "127.0.0.1",
    port: 9,
    tls: "offered",
    isCertificateChecked: false,
    login: undefined,
    from: { name: "Holdfast", address: "holdfast@example.org" },
  });
  const mail = { ...(await openTestAccounts(shards)), mailer, publicUrl: () => "https://drive.example.org" };
  const world = { shards, random: randomBytes, wake: () => {}, mail };
  const counting = guestDeletionsMessages(() => ({ ...world, clock: space.clock }));
  return openTestQueue(shards, { notification: notificationKind(world), [guestDeletionsKind]: counting });
}

beforeEach(async () => {
  opened ??= await openQueue();
  space = await spaces.open();
  await signInTo(space);
  const other = await spaces.open();
  await signInTo(other);
  bob = { ...other.caller, receives: true };
});

after(async () => opened?.queue.stop());

const shard = () => spaces.databases.shards.of(space.caller.bucket);

async function doAs(caller: Actor, operations: readonly Operation[]): Promise<void> {
  const views = openViewCommitter({ ...noBlocks, shards: spaces.databases.shards }, space.committer);
  const { results } = await views.commit(caller, operations);
  for (const result of results) assert.equal(result.status, "committed", JSON.stringify(result));
}

async function noticesOfOwner(): Promise<NotificationJson[]> {
  opened?.queue.kick(shard());
  await opened?.queue.idle();
  return (await listNotifications(spaces.databases.shards, space.caller, { unread: true })).items;
}

async function shareWith(name: string, files: number): Promise<{ readonly id: string; readonly files: Operation[] }> {
  const folder = await space.mkdir("root", name);
  const place = { spaceId: space.caller.spaceId, nodeId: folder.id, role: "editor" as const, userId: bob.userId };
  await grantTo(space.db, place);
  const made: Operation[] = [];
  for (let index = 0; index < files; index += 1) {
    const { id } = await space.mkdir(folder.id, `f${index}`);
    made.push({ op: "delete", fileId: id });
  }
  return { id: folder.id, files: made };
}

test("the owner is notified of 20 deletions by a guest in a share, with the time before and the command", async () => {
  const { id, files } = await shareWith("Ann's docs", 60);
  await doAs(bob, files.slice(0, 19));
  assert.deepEqual(await noticesOfOwner(), []);
  await doAs(bob, files.slice(19, 20));
  const [first, ...more] = await noticesOfOwner();
  assert.equal(more.length, 0);
  const { moment, command } = first?.detail ?? {};
  assert.deepEqual(
    [first?.kind, first?.actor?.id, first?.node?.id, first?.detail["count"], first?.detail["deletions"]],
    ["watch", bob.userId, id, 20, true],
  );
  assert.equal(command, `holdfast rewind '/Ann'\\''s docs' --to ${String(moment)}`);
  const mailed = await sql<{ kind: string; notice: { actor: unknown; detail: { name?: string } } }>`
    select kind, notice from shard.mail_items where user_id = ${space.caller.userId}`.execute(space.db);
  const waiting = mailed.rows.map(({ kind, notice }) => [kind, notice.actor, typeof notice.detail.name]);
  assert.deepEqual(waiting, [["device", null, "string"]], "whoever watches nothing is mailed too");
  await doAs(bob, files.slice(20, 39));
  assert.equal((await noticesOfOwner())[0]?.detail["count"], 20, "not told again before they are twice as many");
  await doAs(bob, files.slice(39, 40));
  const [again, ...others] = await noticesOfOwner();
  assert.deepEqual([others.length, again?.detail["count"], again?.detail["moment"]], [0, 40, moment]);
  await markRead(spaces.databases.shards, space.caller, again?.id ?? "");
  space.clock.advanceMs(3600_000);
  await doAs(bob, files.slice(40, 59));
  assert.deepEqual(await noticesOfOwner(), [], "an hour later they count anew");
});

test("a folder counts with its content, each share counts separately, and the owner's deletions do not count", async () => {
  const [first, second] = [await shareWith("first", 40), await shareWith("second", 15)];
  const [inner, beside] = [await space.mkdir(second.id, "inner"), await space.mkdir(second.id, "beside")];
  for (let index = 0; index < 3; index += 1) await space.mkdir(inner.id, `deep ${index}`);
  const { id: last } = await space.mkdir(beside.id, "last");
  await doAs(space.caller, first.files.slice(0, 25));
  assert.equal((await messagesOn(shard())).filter(({ kind }) => kind === guestDeletionsKind).length, 0);
  await doAs(bob, [...first.files.slice(25, 40), ...second.files]);
  assert.deepEqual(await noticesOfOwner(), []);
  await doAs(bob, [{ op: "delete", fileId: inner.id }]);
  assert.deepEqual(await noticesOfOwner(), [], "19 in that share");
  await doAs(bob, [{ op: "delete", fileId: last }]);
  const notices = await noticesOfOwner();
  assert.deepEqual(
    notices.map(({ node, detail }) => [node?.path, detail["count"]]),
    [["/second", 20]],
  );
});

test("items restored meanwhile do not count", async () => {
  const { files } = await shareWith("docs", 25);
  await doAs(bob, files.slice(0, 10));
  for (const each of files.slice(0, 10)) await space.do({ op: "restore", fileId: "fileId" in each ? each.fileId : "" });
  await doAs(bob, files.slice(10, 25));
  assert.deepEqual(await noticesOfOwner(), []);
});

test("the owner is notified even if the guest leaves before the count", async () => {
  const { id, files } = await shareWith("left", 20);
  await doAs(bob, files);
  await sql`delete from shard.grants where space_id = ${space.caller.spaceId}`.execute(space.db);
  const [notice] = await noticesOfOwner();
  assert.deepEqual([notice?.node?.id, notice?.detail["count"]], [id, 20]);
});
