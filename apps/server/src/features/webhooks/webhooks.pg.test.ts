import assert from "node:assert/strict";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { bucketOf, makeId, type NodeId, type SessionId, type TokenId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { activityVerbs } from "@holdfast/protocol/activity-routes";
import { sql } from "kysely";
import { createTestUser, makeTestClock, openTestAccounts, type TestAccounts } from "../accounts/testing.ts";
import { updateUser } from "../accounts/people/users.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import type { Shard } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { type Committer, openCommitter } from "../../tree/commit/commit-queue.ts";
import type { Operation } from "../../tree/commit/operation.ts";
import { contentOfText, noBlocks, storeBlocks } from "../../tree/testing/testing.ts";
import type { Queue } from "../../base/queue/open-queue.ts";
import { messagesOn, openTestQueue, type TestQueue } from "../../base/queue/testing.ts";
import { recordEvent } from "../activity/record-event.ts";
import { inTransaction } from "../../base/db/database.ts";
import { findActor } from "../sharing/mounts.ts";
import { webhookNetwork } from "./send-webhook.ts";
import { type Received, type Receiver, startReceiver } from "./testing.ts";
import { webhookKinds } from "./webhook-kinds.ts";
import { createWebhook, deleteWebhook, listWebhooks, type NewWebhook, type WebhookWorld } from "./webhooks.ts";

const clock = makeTestClock(Date.UTC(2030, 0, 1));
const verbs = activityVerbs;
const secret = "between us";

let databases: TestDatabases;
let accounts: TestAccounts;
let world: WebhookWorld;
let testQueue: TestQueue;
let queue: Queue;
let committer: Committer;
let receiver: Receiver;
let ann: Actor;
let bob: Actor;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  const { shards } = databases;
  accounts = await openTestAccounts(shards, { clock });
  world = {
    shards,
    clock,
    random: randomBytes,
    serverKey: randomBytes(32),
    network: webhookNetwork({ allowPrivate: true }),
  };
  testQueue = openTestQueue(
    shards,
    webhookKinds(() => world),
    clock,
  );
  ({ queue } = testQueue);
  committer = openCommitter({
    ...noBlocks,
    shards,
    clock,
    random: randomBytes,
    onCommitted: () => {},
    onMessages: (spaceId) => queue.kick(shards.ofId(spaceId)),
    log: { warn: () => {}, error: () => {} },
  });
});
beforeEach(async () => {
  receiver = await startReceiver();
  [ann, bob] = [await newAccount(0), await newAccount(1)];
});
after(async () => {
  await queue.stop();
  await databases.stop();
});

async function newAccount(half: 0 | 1): Promise<Actor> {
  for (;;) {
    const { id } = await createTestUser(accounts, `${randomUUID()}@example.org`);
    if (Math.floor(bucketOf(id) / 2048) === half) return (await findActor(databases.shards, id)) ?? assert.fail();
  }
}

async function commit(actor: Actor, operation: Operation) {
  clock.forwardMs(1);
  const [result] = (await committer.commit(actor, [operation])).results;
  assert.ok(result?.status === "committed", JSON.stringify(result));
  return result.node?.id as NodeId;
}

async function put(actor: Actor, text: string, more: Partial<Operation> = {}) {
  const content = contentOfText(text);
  await storeBlocks(databases.shards.ofId(actor.spaceId).db, actor, content.blocks);
  return commit(actor, { op: "put", content, place: { name: text }, ...more } as Operation);
}

const hook = (more: Partial<NewWebhook> = {}): NewWebhook => ({ url: receiver.url, secret, events: verbs, ...more });

async function told(): Promise<string[]> {
  await queue.idle();
  return receiver.received.splice(0).map(({ body }) => {
    const { verb, node } = JSON.parse(body);
    return `${verb} ${node.path ?? node.name ?? "?"}`;
  });
}

function openSignature({ headers, body }: Received): { seconds: number; isGood: boolean } {
  const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers["holdfast-signature"])) ?? [];
  const expected = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return { seconds: Number(seconds), isGood: mac === expected };
}

test("every change is sent, signed, with its actor", async (t) => {
  t.after(() => receiver.stop());
  await put(ann, "before");
  assert.deepEqual(await listWebhooks(world, ann), []);
  const made = await createWebhook(world, ann, hook());
  assert.deepEqual(await listWebhooks(world, ann), [made]);
  assert.deepEqual(await told(), []);
  const file = await put(ann, "file");
  await queue.idle();
  const [first] = receiver.received;
  assert.ok(first !== undefined && openSignature(first).isGood);
  const { id, at, ...event } = JSON.parse(first.body);
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.match(at, /^2030-01-01T00:00:00/);
  assert.deepEqual(event, {
    verb: "created",
    node: { id: file, name: "file", kind: "file", path: "/file" },
    actor: { id: ann.userId, name: "Ann" },
  });
  assert.deepEqual(await told(), ["created /file"]);
  const folder = await commit(ann, { op: "mkdir", place: { name: "folder" } });
  assert.deepEqual(await told(), ["created /folder"]);
  const steps: [Partial<Operation> & { op: Operation["op"] }, string[]][] = [
    [{ op: "move", fileId: file, place: { name: "other" } }, ["renamed /other"]],
    [{ op: "move", fileId: file, place: { parentId: folder } }, ["moved /folder/other"]],
    [{ op: "copy", fileId: folder, place: { name: "copy" } }, ["created /copy"]],
    [{ op: "delete", fileId: file }, ["trashed other"]],
    [{ op: "restore", fileId: file }, ["restored /folder/other"]],
    [{ op: "purge", fileId: file, trashedOnly: false }, ["purged ?"]],
  ];
  for (const [operation, expected] of steps) {
    await commit(ann, operation as Operation);
    assert.deepEqual(await told(), expected, operation.op);
  }
  const again = await put(ann, "again");
  await put(ann, "edited", { op: "put", fileId: again, place: {} });
  assert.deepEqual((await told()).toSorted(), ["created /again", "edited /again"]);
});

test("a webhook gets only the requested events within its folder", async (t) => {
  t.after(() => receiver.stop());
  const folder = await commit(ann, { op: "mkdir", place: { name: "in" } });
  const beside = await commit(ann, { op: "mkdir", place: { name: "in2" } });
  await createWebhook(world, ann, hook({ in: folder, events: ["created", "moved"] }));
  const inside = await put(ann, "inside", { place: { parentId: folder, name: "inside" } });
  await put(ann, "outside", { place: { parentId: beside, name: "outside" } });
  await put(ann, "at the root");
  assert.deepEqual(await told(), ["created /in/inside"]);
  await commit(ann, { op: "move", fileId: inside, place: { name: "renamed" } });
  assert.deepEqual(await told(), []);
  await commit(ann, { op: "move", fileId: folder, place: { parentId: beside } });
  assert.deepEqual(await told(), ["moved /in2/in"]);
  await put(ann, "deeper", { place: { parentId: folder, name: "deeper" } });
  assert.deepEqual(await told(), ["created /in2/in/deeper"]);
});

test("a failed event is retried with the same ID and growing delays for a day, then is dead and listed", async (t) => {
  t.after(() => receiver.stop());
  await createWebhook(world, ann, hook());
  receiver.answer = (response) => void response.writeHead(500).end();
  await put(ann, "failing");
  const shard = databases.shards.ofId(ann.userId);
  const delaysMs: number[] = [];
  let at = clock.nowMs();
  const begunMs = at;
  for (let attempt = 1; attempt < 100; attempt += 1) {
    await queue.idle();
    assert.equal(receiver.received.length, attempt);
    const [message] = await sentOn(shard);
    if (message?.state === "dead") break;
    const dueMs = Number(message?.due_at) / 1000;
    delaysMs.push(Math.round((dueMs - at) / 1000));
    at = dueMs;
    clock.forwardMs(dueMs - clock.nowMs());
  }
  assert.deepEqual(delaysMs.slice(0, 6), [5, 10, 20, 40, 80, 160]);
  assert.ok(at - begunMs >= 12 * 3600_000, `given up after ${(at - begunMs) / 3600_000} h`);
  const ids = new Set(receiver.received.map(({ body }) => JSON.parse(body).id));
  assert.equal(ids.size, 1);
  const seconds = receiver.received.map((received) => openSignature(received));
  assert.ok(seconds.every(({ isGood }) => isGood));
  assert.equal(new Set(seconds.map((each) => each.seconds)).size, seconds.length, "the time is that of the request");
  const [dead] = await sentOn(shard);
  assert.deepEqual([dead?.kind, dead?.state], ["webhook", "dead"]);
  assert.match(String(dead?.problem), /The response was 500/);
  await sql`delete from shard.messages`.execute(shard.db);
});

test("a redirecting webhook is not followed, and delays no other webhook or event", async (t) => {
  const good = await startReceiver();
  t.after(() => {
    receiver.stop();
    good.stop();
  });
  receiver.answer = (response) => void response.writeHead(302, { location: good.url }).end();
  await createWebhook(world, ann, hook());
  await createWebhook(world, ann, hook({ url: good.url }));
  await put(ann, "one");
  await put(ann, "two");
  await queue.idle();
  assert.equal(receiver.received.length, 2);
  const names = good.received.map(({ body }): string => JSON.parse(body).node.name);
  assert.deepEqual(names.toSorted(), ["one", "two"]);
  await sql`delete from shard.messages`.execute(databases.shards.ofId(ann.userId).db);
});

test("a grantee on another shard gets events of a shared folder until the share ends", async (t) => {
  t.after(() => receiver.stop());
  const folder = await commit(ann, { op: "mkdir", place: { name: "shared" } });
  await assert.rejects(createWebhook(world, bob, hook({ in: folder })), { code: "not_found" });
  await share(folder, bob.userId);
  await createWebhook(world, bob, hook({ in: folder }));
  const file = await put(ann, "seen", { place: { parentId: folder, name: "seen" } });
  await put(ann, "unseen");
  assert.deepEqual(
    (await told()).map((line) => line.split("/").at(-1)),
    ["seen"],
  );
  await commit(ann, { op: "move", fileId: file, place: { parentId: ann.rootId } });
  // The activity also reports an item that left a share, but not its new place.
  assert.deepEqual(await told(), ["trashed seen"]);
  await sql`delete from shard.grants`.execute(databases.shards.ofId(ann.spaceId).db);
  await put(ann, "later", { place: { parentId: folder, name: "later" } });
  assert.deepEqual(await told(), []);
});

test("a suspended account and a deleted webhook get no events", async (t) => {
  t.after(() => receiver.stop());
  const { id } = await createWebhook(world, ann, hook());
  const { db } = databases.shards.ofId(ann.userId);
  const suspend = (at: number | null) =>
    sql`update shard.users set disabled_at = ${at} where id = ${ann.userId}`.execute(db);
  await suspend(1);
  await put(ann, "suspended");
  assert.deepEqual(await told(), []);
  await suspend(null);
  receiver.answer = (response) => void response.writeHead(500).end();
  await put(ann, "waits");
  assert.deepEqual(await told(), ["created /waits"]);
  await assert.rejects(deleteWebhook(world, bob, id), { code: "not_found" });
  await deleteWebhook(world, ann, id);
  await assert.rejects(deleteWebhook(world, ann, id), { code: "not_found" });
  await assert.rejects(deleteWebhook(world, ann, "nonsense"), { code: "not_found" });
  clock.forwardMs(10_000);
  assert.deepEqual(await told(), []);
  const waiting = await messagesOn(databases.shards.ofId(ann.userId));
  assert.deepEqual(
    waiting.filter(({ kind }) => kind.startsWith("webhook")),
    [],
  );
  await put(ann, "after");
  await queue.idle();
  const { rows } = await sql<{ hooked: boolean }>`
    select hooked from shard.spaces where id = ${ann.spaceId}`.execute(databases.shards.ofId(ann.spaceId).db);
  assert.deepEqual(rows, [{ hooked: false }], "a space without webhooks costs its commits nothing");
});

test("a webhook created by a token ends with it, with its waiting events, and is listed as ended", async (t) => {
  t.after(() => receiver.stop());
  const { db } = databases.shards.ofId(bob.userId);
  const newToken = async (expiresAt: number | null) => {
    const id = makeId<TokenId>(bucketOf(bob.userId), clock.nowMs(), randomBytes(8));
    await sql`
      insert into shard.tokens (id, user_id, name, scopes, secret_hash, created_at, expires_at, app)
      values (${id}, ${bob.userId}, 'script', '{}', ${randomBytes(32)}, 0, ${expiresAt}, false)`.execute(db);
    return id;
  };
  const isHooked = async () =>
    (await sql<{ hooked: boolean }>`select hooked from shard.spaces where id = ${bob.spaceId}`.execute(db)).rows;
  const deleted = await newToken(null);
  const lapsing = await newToken(clock.nowMicros() + 3600e6);
  await createWebhook(world, bob, hook({ makerId: deleted }));
  await createWebhook(world, bob, hook({ makerId: lapsing }));
  await put(bob, "told");
  assert.deepEqual(await told(), ["created /told", "created /told"]);
  receiver.answer = (response) => void response.writeHead(500).end();
  await put(bob, "waits");
  assert.equal((await told()).length, 2);
  receiver.answer = (response) => void response.writeHead(204).end();
  await sql`delete from shard.tokens where id = ${deleted}`.execute(db);
  clock.forwardMs(10_000);
  assert.deepEqual(await told(), ["created /waits"], "to the other one alone");
  await put(bob, "to one");
  assert.deepEqual(await told(), ["created /to one"]);
  clock.forwardMs(3600_000);
  await put(bob, "to none");
  assert.deepEqual(await told(), []);
  const list = await listWebhooks(world, bob);
  assert.deepEqual(
    list.map(({ ended }) => ended),
    [true, true],
  );
  assert.deepEqual(await isHooked(), [{ hooked: false }], "commits pay nothing for them any more");
  for (const { id } of list) await deleteWebhook(world, bob, id);
  assert.deepEqual(await listWebhooks(world, bob), []);
});

test("a new password ends earlier webhooks with their waiting events, and not later ones", async (t) => {
  t.after(() => receiver.stop());
  await createWebhook(world, ann, hook());
  const others = await createWebhook(world, bob, hook());
  await put(ann, "told");
  assert.deepEqual(await told(), ["created /told"]);
  receiver.answer = (response) => void response.writeHead(500).end();
  await put(ann, "waits");
  assert.equal((await told()).length, 1);
  receiver.answer = (response) => void response.writeHead(204).end();
  await updateUser(accounts, ann.userId, { password: "a new sentence of theirs" });
  clock.forwardMs(10_000);
  await put(ann, "after");
  assert.deepEqual(await told(), []);
  const [ended] = await listWebhooks(world, ann);
  assert.equal(ended?.ended, true, "it is listed still: its address may say who it was");
  const sessionId = makeId<SessionId>(bucketOf(ann.userId), clock.nowMs(), randomBytes(8));
  await assert.rejects(createWebhook(world, ann, hook({ sessionId })), { code: "unauthenticated" });
  await createWebhook(world, ann, hook());
  await put(ann, "later");
  assert.deepEqual(await told(), ["created /later"]);
  assert.deepEqual(await listWebhooks(world, bob), [others]);
  await deleteWebhook(world, bob, others.id);
});

test("the number of webhooks is limited, and their secrets are not stored in plain text", async (t) => {
  t.after(() => receiver.stop());
  const all = Array.from({ length: limits.webhooksMax + 4 }, () => createWebhook(world, bob, hook()));
  const outcomes = await Promise.allSettled(all);
  const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.code] : []));
  assert.deepEqual(refused, Array(4).fill("conflict"));
  const { db } = databases.shards.ofId(bob.userId);
  const { rows } = await sql<{ text: string }>`select w::text as text from shard.webhooks w`.execute(db);
  assert.ok(rows.length >= limits.webhooksMax, `${rows.length} rows`);
  for (const { text } of rows) assert.ok(!text.includes(secret) && !text.includes(Buffer.from(secret).toString("hex")));
});

async function sentOn(shard: Shard) {
  return (await messagesOn(shard)).filter(({ kind }) => kind === "webhook");
}

async function share(nodeId: NodeId, granteeId: UserId): Promise<void> {
  await sql`insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
    values (${ann.spaceId}, gen_random_uuid(), ${nodeId}, 'user', ${granteeId}, 'viewer', ${ann.userId}, 0)`.execute(
    databases.shards.ofId(ann.spaceId).db,
  );
}

test("events without a node change match the activity, and shares only reach accounts that can share", async (t) => {
  t.after(() => receiver.stop());
  const folder = await commit(ann, { op: "mkdir", place: { name: "folder" } });
  const record = async (verb: "shared" | "unshared" | "linked" | "commented" | "rewound") => {
    await inTransaction(databases.shards.ofId(ann.spaceId).db, async (transaction) => {
      const event = { spaceId: ann.spaceId, nodeId: folder, verb, actor: ann.userId, deviceId: null, detail: {} };
      await recordEvent(transaction, world, event);
    });
    queue.kick(databases.shards.ofId(ann.spaceId));
  };
  await record("shared");
  assert.deepEqual(await told(), [], "nobody has a webhook yet");
  await createWebhook(world, ann, hook());
  await share(folder, bob.userId);
  await createWebhook(world, bob, hook({ in: folder }));
  for (const verb of ["shared", "linked", "unshared"] as const) {
    await record(verb);
    assert.deepEqual(await told(), [`${verb} /folder`], "a viewer is not told who else may see it");
  }
  for (const verb of ["commented", "rewound"] as const) {
    await record(verb);
    const all = await told();
    assert.equal(all.length, 2, `${verb} is told to both`);
    assert.ok(all.every((each) => each.startsWith(verb)));
  }
  receiver.received.splice(0);
  await record("commented");
  await queue.idle();
  assert.deepEqual(
    receiver.received.map(({ body }) => JSON.parse(body).actor.id),
    [ann.userId, ann.userId],
  );
});
