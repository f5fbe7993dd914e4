import type { Clock, Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, isId, makeId, type SessionId, type TokenId, type WebhookId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { WebhookJson, WebhookVerb } from "@holdfast/protocol/webhook-routes";
import { sql } from "kysely";
import type { AccountStore } from "../accounts/context/account-world.ts";
import { assertLive } from "../accounts/callers/live-session.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { WebhookRow } from "../../base/db/webhook-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { Actor } from "../../tree/actor.ts";
import { findNode } from "../../tree/read/look-up.ts";
import { newestEntry } from "../../tree/read/newest-entry.ts";
import { checkWebhookUrl, type WebhookNetwork } from "./send-webhook.ts";
import { sealSecret } from "./webhook-secret.ts";

export interface WebhookWorld {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly random: Random;
  /** 32 bytes, shared by all processes of this server. */
  readonly serverKey: Buffer;
  readonly network: WebhookNetwork;
  readonly notifySecurity?: AccountStore["notifySecurity"];
  readonly queued?: AccountStore["queued"];
}

export interface NewWebhook {
  readonly url: string;
  readonly secret: string;
  readonly events: readonly WebhookVerb[];
  /** Node to watch; default: the caller's whole space. */
  readonly in?: string | undefined;
  readonly makerId?: TokenId | undefined;
  readonly sessionId?: SessionId | undefined;
}

/**
 * Creates a webhook for later commits. It ends with the token that created it, or, if a session did, when the password
 * changes.
 * @throws HoldfastError invalid_field, not_found, conflict if there are too many, unauthenticated if the session has
 * ended
 */
export async function createWebhook(world: WebhookWorld, caller: Actor, hook: NewWebhook): Promise<WebhookJson> {
  const { shards, clock, random, serverKey, network } = world;
  const url = checkWebhookUrl(hook.url, network);
  const bound = hook.in === undefined ? undefined : (await findNode(shards, caller, hook.in)).row;
  const spaceId = bound?.space_id ?? caller.spaceId;
  const space = shards.ofId(spaceId).db;
  const { seq } = await newestEntry(space, spaceId);
  const id = makeId<WebhookId>(bucketOf(caller.userId), clock.nowMs(), random(8));
  const row: WebhookRow = {
    user_id: caller.userId,
    id,
    url,
    secret: sealSecret(serverKey, id, hook.secret, random),
    events: [...new Set(hook.events)],
    node_id: bound?.id ?? null,
    space_id: spaceId,
    seq,
    created_at: clock.nowMicros(),
    maker_id: hook.makerId ?? null,
  };
  await inTransaction(shards.ofId(caller.userId).db, async (transaction) => {
    await sql`select from shard.users where id = ${caller.userId} for update`.execute(transaction);
    if (hook.sessionId !== undefined) await assertLive(transaction, hook.sessionId);
    const { rows: own } = await sql`select from shard.webhooks where user_id = ${caller.userId}`.execute(transaction);
    if (own.length >= limits.webhooksMax) {
      throw new HoldfastError("conflict", `An account has at most ${limits.webhooksMax} webhooks. Delete one first.`);
    }
    await transaction.insertInto("shard.webhooks").values(row).execute();
    if (hook.sessionId !== undefined) await world.notifySecurity?.(transaction, caller.userId, "webhook");
  });
  world.queued?.(caller.userId);
  // Set last, because the process that removes the mark searches for webhooks afterwards.
  await sql`update shard.spaces set hooked = true where id = ${spaceId} and not hooked`.execute(space);
  return webhookJson({ ...row, ended: false });
}

export async function listWebhooks({ shards, clock }: WebhookWorld, { userId }: Actor): Promise<WebhookJson[]> {
  const { rows } = await sql<WebhookRow & { ended: boolean }>`
    select w.*, not ${isHeld(clock.nowMicros())} as ended from shard.webhooks w
    where w.user_id = ${userId} order by w.id`.execute(shards.ofId(userId).db);
  return rows.map(webhookJson);
}

/** Condition: the token that created webhook `w`, on its account's shard, has not ended. Index: primary key. */
export function isHeld(nowMicros: number) {
  return sql<boolean>`(w.maker_id is null or exists (
    select from shard.tokens t where t.id = w.maker_id and t.user_id = w.user_id
      and (t.expires_at is null or t.expires_at > ${nowMicros})))`;
}

export async function deleteWebhook({ shards }: WebhookWorld, { userId }: Actor, id: string): Promise<void> {
  const { numAffectedRows = 0n } = await sql`
    delete from shard.webhooks where user_id = ${userId} and id = ${isId(id) ? id : null}`.execute(
    shards.ofId(userId).db,
  );
  if (numAffectedRows === 0n) throw new HoldfastError("not_found", "There is no such webhook.");
}

function webhookJson(row: WebhookRow & { readonly ended: boolean }): WebhookJson {
  const { id, url, events, node_id, created_at, ended } = row;
  const made = { id, url, events: events as WebhookVerb[], in: node_id, created_at: formatTime(created_at) };
  return ended ? { ...made, ended: true } : made;
}
