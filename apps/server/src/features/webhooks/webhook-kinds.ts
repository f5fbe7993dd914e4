import { createHash } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import { type EventId, isId, type SpaceId, type UserId, type WebhookId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import { sql } from "kysely";
import { z } from "zod";
import type { Entry } from "../activity/activity-scan.ts";
import { hookedEventKind } from "../activity/record-event.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { EventRow, JournalRow, ShardQueries } from "../../base/db/shard-tables.ts";
import type { WebhookRow } from "../../base/db/webhook-tables.ts";
import { enqueue } from "../../base/queue/enqueue.ts";
import type { Attempt, Kind, Kinds } from "../../base/queue/kind.ts";
import { findActor } from "../sharing/mounts.ts";
import { sendWebhook } from "./send-webhook.ts";
import { eventOf } from "./webhook-event.ts";
import { openSecret } from "./webhook-secret.ts";
import { isHeld, type WebhookWorld } from "./webhooks.ts";

const idText = <Id>() => z.custom<Id>((value) => typeof value === "string" && isId(value));
const spaceMessage = z.object({ spaceId: idText<SpaceId>() });
const eventKey = { at: z.int(), id: idText<EventId>() };
const hookedEvent = z.object({ spaceId: idText<SpaceId>(), ...eventKey });
const eventMessage = z.object({
  userId: idText<UserId>(),
  webhookId: idText<WebhookId>(),
  /** Set for a journal entry; otherwise `event` is set. */
  seq: z.int().optional(),
  event: z.object(eventKey).optional(),
});
type SpaceMessage = z.output<typeof spaceMessage>;
type EventMessage = z.output<typeof eventMessage>;

const dayMs = 24 * 3600_000;
/** Journal entries queued together. */
const entriesMax = 200;
/** Delay after which a space with a full queue is checked again. */
const fullMs = 60_000;

export function webhookKinds(world: () => WebhookWorld): Kinds {
  const space: Kind<SpaceMessage> = {
    schema: spaceMessage,
    work: ({ spaceId }, attempt) => queueEvents(world(), spaceId, attempt),
  };
  const event: Kind<EventMessage> = {
    schema: eventMessage,
    work: (message, attempt) => sendEvent(world(), message, attempt),
    // Sending mostly waits for receivers, and all receivers of an account may be slow.
    concurrency: 32,
    perOwner: { field: "userId", most: 4 },
    ageMsMax: dayMs,
    delayMsMax: dayMs,
  };
  const hooked: Kind<z.output<typeof hookedEvent>> = {
    schema: hookedEvent,
    work: (message) => queueEvent(world(), message),
    ageMsMax: dayMs,
  };
  return { webhooks: space, webhook: event, [hookedEventKind]: hooked };
}

/** Queues a message for each webhook of the space. Messages from before a crash are kept. */
async function queueEvent(
  { shards, clock }: WebhookWorld,
  { spaceId, at, id }: z.output<typeof hookedEvent>,
): Promise<void> {
  let isFull = false;
  for (const shard of shards.all()) {
    const { db } = shard;
    for (const { user_id: userId, id: webhookId } of await findWebhooks(db, spaceId, clock.nowMicros())) {
      // Left on the old shard by a move.
      if (shards.ofId(userId) !== shard) continue;
      if ((await countWaiting(db, webhookId)) >= limits.webhookWaitingMax) {
        isFull = true;
        continue;
      }
      const payload: EventMessage = { userId, webhookId, event: { at, id } };
      await enqueue(db, { kind: "webhook", key: `${webhookId} ${id}`, payload });
    }
  }
  if (isFull) throw new HoldfastError("unavailable", "The queue of the webhook is full; the change is sent later.");
}

async function queueEvents(world: WebhookWorld, spaceId: SpaceId, { signal }: Attempt): Promise<void> {
  let found = 0;
  for (const { db } of world.shards.all()) {
    const hooks = await findWebhooks(db, spaceId, world.clock.nowMicros());
    found += hooks.length;
    for (const hook of hooks) {
      while (await queueNext(world, hook)) signal.throwIfAborted();
    }
  }
  if (found === 0) await removeMark(world, spaceId);
}

/** Finds webhooks that have not ended. Ended ones never restart. Index: webhooks_space. */
async function findWebhooks(db: ShardQueries, spaceId: SpaceId, nowMicros: number): Promise<WebhookRow[]> {
  const { rows } = await sql<WebhookRow>`
    select w.* from shard.webhooks w where w.space_id = ${spaceId} and ${isHeld(nowMicros)}`.execute(db);
  return rows;
}

/** `createWebhook` sets the mark last, so a webhook created concurrently is found here or sets the mark again. */
async function removeMark({ shards, clock }: WebhookWorld, spaceId: SpaceId): Promise<void> {
  const mark = (hooked: boolean) =>
    sql`update shard.spaces set hooked = ${hooked} where id = ${spaceId}`.execute(shards.ofId(spaceId).db);
  await mark(false);
  const nowMicros = clock.nowMicros();
  for (const { db } of shards.all()) if ((await findWebhooks(db, spaceId, nowMicros)).length > 0) await mark(true);
}

/** @returns true if there may be more */
async function queueNext({ shards, clock }: WebhookWorld, hook: WebhookRow): Promise<boolean> {
  const { user_id: userId, id: webhookId, space_id: spaceId } = hook;
  const { db } = shards.ofId(userId);
  const { rows } = await sql<Pick<WebhookRow, "seq">>`
    select seq from shard.webhooks where user_id = ${userId} and id = ${webhookId}`.execute(db);
  const queuedSeq = rows[0]?.seq;
  if (queuedSeq === undefined) return false;
  if ((await countWaiting(db, webhookId)) >= limits.webhookWaitingMax) {
    const notBeforeMicros = clock.nowMicros() + fullMs * 1000;
    await enqueue(db, { kind: "webhooks", key: spaceId, payload: { spaceId }, notBeforeMicros });
    return false;
  }
  const { rows: entries } = await sql<Pick<JournalRow, "seq">>`
    select seq from shard.journal where space_id = ${spaceId} and seq > ${queuedSeq} order by seq
    limit ${entriesMax}`.execute(shards.ofId(spaceId).db);
  const last = entries.at(-1);
  if (last === undefined) return false;
  await inTransaction(db, async (transaction) => {
    // Another process may have queued these entries.
    const { numAffectedRows } = await sql`
      update shard.webhooks set seq = ${last.seq} where user_id = ${userId} and id = ${webhookId} and seq = ${queuedSeq}`.execute(
      transaction,
    );
    if (numAffectedRows !== 1n) return;
    for (const { seq } of entries) {
      await enqueue(transaction, { kind: "webhook", payload: { userId, webhookId, seq } satisfies EventMessage });
    }
  });
  return entries.length === entriesMax;
}

/** Index: messages_webhook. */
async function countWaiting(transaction: ShardQueries, webhookId: WebhookId): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (
      select from shard.messages where kind = 'webhook' and state <> 'dead' and payload->>'webhookId' = ${webhookId}
      limit ${limits.webhookWaitingMax}) as waiting`.execute(transaction);
  return rows[0]?.count ?? 0;
}

async function sendEvent(world: WebhookWorld, message: EventMessage, { signal }: Attempt): Promise<void> {
  const { shards, clock, serverKey, network } = world;
  const hook = await findLiveWebhook(world, message);
  const watcher = await findActor(shards, message.userId);
  if (hook === undefined || watcher === undefined) return;
  const { id, url, space_id: spaceId, node_id: nodeId } = hook;
  const entry = await findEntry(world, spaceId, message);
  const event = entry && (await eventOf(shards, watcher, { spaceId, nodeId }, entry));
  if (entry === undefined || event === undefined || !hook.events.includes(event.verb)) return;
  const at = formatTime(entry.at);
  const body = JSON.stringify({ id: eventId(message), at, ...event, actor: await actorOf(world, entry) });
  const secret = openSecret(serverKey, id, hook.secret);
  await sendWebhook(network, { url, secret, body, nowMs: clock.nowMs(), signal });
}

/** Finds a webhook that has not ended, of an account that is not suspended. Indexes: primary keys. */
async function findLiveWebhook(
  { shards, clock }: WebhookWorld,
  { userId, webhookId }: EventMessage,
): Promise<WebhookRow | undefined> {
  const { rows } = await sql<WebhookRow>`
    select w.* from shard.webhooks w join shard.users u on u.id = w.user_id
    where w.user_id = ${userId} and w.id = ${webhookId} and u.disabled_at is null
      and ${isHeld(clock.nowMicros())}`.execute(shards.ofId(userId).db);
  return rows[0];
}

/**
 * Indexes: primary keys.
 * @returns undefined after the entry was deleted
 */
async function findEntry(
  { shards }: WebhookWorld,
  spaceId: SpaceId,
  { seq, event }: EventMessage,
): Promise<Entry | undefined> {
  if (event !== undefined) {
    const { rows } = await sql<EventRow>`
      select * from shard.events where space_id = ${spaceId} and at = ${event.at} and id = ${event.id}`.execute(
      shards.ofId(spaceId).db,
    );
    return rows[0];
  }
  if (seq === undefined) return undefined;
  const { rows } = await sql<JournalRow>`
    select * from shard.journal where space_id = ${spaceId} and seq = ${seq}`.execute(shards.ofId(spaceId).db);
  return rows[0];
}

/** A link may be an actor, but has no account. */
async function actorOf({ shards }: WebhookWorld, { actor: id }: Entry): Promise<{ id: string; name: string | null }> {
  const { rows } = await sql<Pick<UserRow, "name">>`select name from shard.users where id = ${id}`.execute(
    shards.ofId(id).db,
  );
  return { id, name: rows[0]?.name ?? null };
}

/** Equal for each repetition, in any process. */
function eventId({ webhookId, seq, event }: EventMessage): string {
  return createHash("sha256")
    .update(`holdfast webhook ${webhookId} ${seq ?? event?.id}`)
    .digest("hex")
    .slice(0, 32);
}
