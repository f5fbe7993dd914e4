import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, mock, test } from "node:test";
import {
  type DeviceId,
  makeId,
  type MessageId,
  type NodeId,
  type SpaceId,
  toBucket,
  type UserId,
} from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import pg from "pg";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import type { Actor } from "../../tree/actor.ts";
import { createSpace } from "../../tree/commit/create-space.ts";
import { openTestQueue, type TestQueue } from "../../base/queue/testing.ts";
import { addNotification } from "./add-notification.ts";
import { listNotifications, markRead } from "./list-notifications.ts";
import { notificationKind } from "./notification-kind.ts";
import { type NewNotification, notify } from "./notify.ts";
import { notifyDevice } from "./notify-device.ts";

let databases: TestDatabases;
let opened: TestQueue;
const woken: SpaceId[] = [];

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  const world = { shards: databases.shards, random: randomBytes, wake: (spaceId: SpaceId) => void woken.push(spaceId) };
  opened = openTestQueue(databases.shards, { notification: notificationKind(world) });
});
after(async () => {
  await opened.queue.stop();
  await databases.stop();
});

const clock = { nowMs: () => 1_900_000_000_000, nowMicros: () => 1_900_000_000_000_000 };

async function open(name: string, half: 0 | 1): Promise<Actor> {
  const bucket = toBucket(half * 2048 + 7);
  const userId = makeId<UserId>(bucket, clock.nowMs(), randomBytes(8));
  const { db } = databases.shards.of(bucket);
  const { id: spaceId, root_id: rootId } = await createSpace(db, {
    ownerId: userId,
    quotaBytes: null,
    clock,
    random: randomBytes,
  });
  await sql`
    insert into shard.users (id, email, name, password_hash, admin, space_id, root_id, created_at, plan)
    values (${userId}, ${userId}, ${name}, '', false, ${spaceId}, ${rootId}, 0, 'business')`.execute(db);
  return { userId, bucket, spaceId, rootId, deviceId: null, owns: true, grantees: [userId], receives: false };
}

const about = (userId: UserId, fields: Partial<NewNotification> = {}): NewNotification => ({
  userId,
  kind: "quota",
  actor: null,
  nodeId: null,
  atMicros: clock.nowMicros(),
  detail: {},
  ...fields,
});
const add = (notification: NewNotification, messageId = makeId(toBucket(0), clock.nowMs(), randomBytes(8))) =>
  addNotification({ shards: databases.shards, random: randomBytes }, notification, messageId);
const list = async (actor: Actor, unread = false) =>
  (await listNotifications(databases.shards, actor, { unread })).items;

test("an account on another shard is notified once, and its polls wake", async () => {
  const [ann, bob] = [await open("Ann", 0), await open("Bob", 1)];
  const shard = databases.shards.of(ann.bucket);
  const notification = about(bob.userId, {
    kind: "share",
    actor: ann.userId,
    nodeId: ann.rootId,
    detail: { role: "viewer" },
  });
  await shard.db.transaction().execute(async (transaction) => {
    await notify(transaction, notification);
    await notify(transaction, { ...notification, userId: ann.userId });
  });
  opened.queue.kick(shard);
  await opened.queue.idle();
  assert.deepEqual(await list(ann), [], "who did it is told");
  const [item, ...others] = await list(bob);
  assert.equal(others.length, 0);
  assert.deepEqual(
    [item?.kind, item?.read, item?.actor, item?.node, item?.detail],
    ["share", false, { id: ann.userId, name: "Ann" }, undefined, { role: "viewer" }],
  );
  assert.deepEqual(woken, [bob.spaceId]);
});

test("a notice about a node only reaches active accounts that can read it", async () => {
  const [ann, bob] = [await open("Ann", 0), await open("Bob", 1)];
  const shard = databases.shards.of(ann.bucket);
  const send = async (userId: UserId, nodeId: NodeId | null) => {
    await notify(shard.db, about(userId, { kind: "comment", nodeId }));
    opened.queue.kick(shard);
    await opened.queue.idle();
  };
  await send(bob.userId, ann.rootId);
  assert.deepEqual(await list(bob), []);
  await send(ann.userId, ann.rootId);
  assert.deepEqual((await list(ann))[0]?.node, { id: ann.rootId, name: "", path: "/" });
  await sql`update shard.users set disabled_at = 1 where id = ${ann.userId}`.execute(shard.db);
  await send(ann.userId, null);
  assert.equal((await list(ann)).length, 1);
});

test("a new device is reported to the other devices, and many within an hour together", async () => {
  const ann = await open("Ann", 1);
  const { db } = databases.shards.of(ann.bucket);
  const ids: DeviceId[] = [];
  for (const name of ["first", "second", "second", "third", "fourth", "fifth", "sixth"]) {
    const id = makeId<DeviceId>(ann.bucket, clock.nowMs(), randomBytes(8));
    const device = { user_id: ann.userId, id, name, created_at: clock.nowMicros(), last_seen_at: null, browser: false };
    await notifyDevice(db, device);
    await db.insertInto("shard.devices").values(device).execute();
    opened.queue.kick(databases.shards.of(ann.bucket));
    await opened.queue.idle();
    ids.push(id);
  }
  const listed = await list({ ...ann, deviceId: ids[0] ?? null });
  assert.deepEqual(
    listed.map(({ kind, detail }) => [kind, detail]),
    [
      ["device", { device_id: ids[6], name: "sixth", count: 2 }],
      ["device", { device_id: ids[4], name: "fourth" }],
      ["device", { device_id: ids[3], name: "third" }],
      ["device", { device_id: ids[2], name: "second", count: 2 }],
    ],
  );
  const others = await list({ ...ann, deviceId: ids[6] ?? null });
  assert.ok(others.length > 0);
  assert.ok(others.every(({ detail }) => detail["device_id"] !== ids[6]));
});

test("a notification without mail takes six database queries, and does not wake the queue", async () => {
  const ann = await open("Ann", 0);
  const kicked: UserId[] = [];
  const world = {
    shards: databases.shards,
    random: randomBytes,
    wake: () => {},
    kick: (id: UserId) => void kicked.push(id),
  };
  const gather = { key: "device laptop", nodeId: null };
  const addOne = () => {
    const message = {
      id: makeId<MessageId>(toBucket(0), clock.nowMs(), randomBytes(8)),
      attempt: 1,
      signal: AbortSignal.any([]),
    };
    return notificationKind(world).work(about(ann.userId, { gather }), message);
  };
  await addOne();
  const query = mock.method(pg.Client.prototype, "query");
  await addOne();
  query.mock.restore();
  assert.equal(query.mock.callCount(), 6);
  assert.deepEqual(kicked, []);
  assert.deepEqual(
    (await list(ann)).map(({ detail }) => detail),
    [{ count: 2 }],
  );
});

test("a repeated message notifies once", async () => {
  const ann = await open("Ann", 0);
  const messageId = makeId(toBucket(0), clock.nowMs(), randomBytes(8));
  const gathered = about(ann.userId, { gather: { key: "k", nodeId: null } });
  assert.deepEqual([await add(gathered, messageId), await add(gathered, messageId)], [true, false]);
  assert.equal((await list(ann)).length, 1);
});

test("related events are one notification until it is read", async () => {
  const ann = await open("Ann", 0);
  const gather = { key: "watch", nodeId: ann.rootId };
  const change = (verb: string) => add(about(ann.userId, { detail: { verbs: [verb], count: 1, name: verb }, gather }));
  await change("edited");
  await add(about(ann.userId));
  for (let index = 0; index < 98; index += 1) await change("edited");
  await change("trashed");
  const [first, second, ...others] = await list(ann);
  assert.equal(others.length, 0);
  assert.deepEqual(first?.detail, { verbs: ["edited", "trashed"], count: 100, name: "trashed" });
  assert.equal(first?.node?.id, ann.rootId);
  assert.equal(await markRead(databases.shards, ann, second?.id ?? ""), 1);
  assert.equal(await markRead(databases.shards, ann, first?.id ?? ""), 0);
  await change("edited");
  assert.deepEqual(
    (await list(ann)).map(({ read, detail }) => [read, detail["count"]]),
    [
      [false, 1],
      [true, 100],
      [true, undefined],
    ],
  );
  assert.equal((await list(ann, true)).length, 1);
});

test("read marks move up to a notification or time, never back, and are separate per account", async () => {
  const [ann, bob] = [await open("Ann", 0), await open("Bob", 0)];
  for (const second of [1, 2, 3]) {
    for (const { userId } of [ann, bob]) await add(about(userId, { atMicros: clock.nowMicros() + second * 1_000_000 }));
  }
  const [, middle, oldest] = await list(ann);
  assert.equal(await markRead(databases.shards, ann, middle?.id ?? ""), 1);
  assert.equal(await markRead(databases.shards, ann, oldest?.id ?? ""), 1, "it went back");
  assert.deepEqual(
    (await list(ann)).map(({ read }) => read),
    [false, true, true],
  );
  assert.equal((await list(bob, true)).length, 3);
  assert.equal(await markRead(databases.shards, bob, "2030-03-17T17:46:41.000000Z"), 2);
  await assert.rejects(markRead(databases.shards, ann, "soon"), { code: "invalid_field", field: "up_to" });
  assert.equal(await markRead(databases.shards, await open("Eve", 0), oldest?.id ?? ""), 0);
});

test("an account keeps a limited number, and lists them in pages", async () => {
  const ann = await open("Ann", 0);
  const { db } = databases.shards.of(ann.bucket);
  await add(about(ann.userId));
  await sql`
    insert into shard.notifications (user_id, number, id, kind, detail, at, message_id)
    select ${ann.userId}, 1 + g, gen_random_uuid(), 'quota', '{}', g, gen_random_uuid()
    from generate_series(1, ${limits.notificationsMax}) g`.execute(db);
  await sql`update shard.notification_heads set number = ${limits.notificationsMax + 1} where user_id = ${ann.userId}`.execute(
    db,
  );
  await add(about(ann.userId, { detail: { newest: true } }));
  let count = 0;
  let cursor: string | undefined;
  for (let page = 0; page < 20; page += 1) {
    const { items, next_cursor } = await listNotifications(databases.shards, ann, { cursor });
    if (page === 0) assert.deepEqual(items[0]?.detail, { newest: true });
    count += items.length;
    if (next_cursor === null) break;
    cursor = next_cursor;
  }
  assert.equal(count, limits.notificationsMax);
});
