import type { Clock, Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, isId, makeId, type WebhookId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { WebhookJson, WebhookVerb } from "@holdfast/protocol/webhook-routes";
import { sql } from "kysely";
import type { SpaceRow } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";
import type { WebhookRow } from "../db/webhook-tables.ts";
import { inTransaction } from "../db/database.ts";
import type { Actor } from "../metadata/actor.ts";
import { findNode } from "../metadata/read/look-up.ts";
import { checkWebhookUrl, type WebhookNetwork } from "./send-webhook.ts";
import { sealSecret } from "./webhook-secret.ts";

export interface WebhookWorld {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly random: Random;
  /** 32 bytes that all processes of this server share. */
  readonly serverKey: Buffer;
  readonly network: WebhookNetwork;
}

export interface NewWebhook {
  readonly url: string;
  readonly secret: string;
  readonly events: readonly WebhookVerb[];
  /** The id of what it is bound to; the whole own space unless given. */
  readonly in?: string | undefined;
}

/**
 * Tells of what is committed from now on.
 * @throws HoldfastError invalid_field, not_found, conflict where there are too many already
 */
export async function createWebhook(world: WebhookWorld, caller: Actor, hook: NewWebhook): Promise<WebhookJson> {
  const { shards, clock, random, serverKey, network } = world;
  const url = checkWebhookUrl(hook.url, network);
  const bound = hook.in === undefined ? undefined : (await findNode(shards, caller, hook.in)).row;
  const spaceId = bound?.space_id ?? caller.spaceId;
  const space = shards.ofId(spaceId).db;
  const { rows } = await sql<Pick<SpaceRow, "seq">>`select seq from shard.spaces where id = ${spaceId}`.execute(space);
  const id = makeId<WebhookId>(bucketOf(caller.userId), clock.nowMs(), random(8));
  const row: WebhookRow = {
    user_id: caller.userId,
    id,
    url,
    secret: sealSecret(serverKey, id, hook.secret, random),
    events: [...new Set(hook.events)],
    node_id: bound?.id ?? null,
    space_id: spaceId,
    seq: rows[0]?.seq ?? 0,
    created_at: clock.nowMicros(),
  };
  await inTransaction(shards.ofId(caller.userId).db, async (transaction) => {
    await sql`select from shard.users where id = ${caller.userId} for update`.execute(transaction);
    const { rows: own } = await sql`select from shard.webhooks where user_id = ${caller.userId}`.execute(transaction);
    if (own.length >= limits.webhooksMax) {
      throw new HoldfastError("conflict", `An account has at most ${limits.webhooksMax} webhooks. Delete one first.`);
    }
    await transaction.insertInto("shard.webhooks").values(row).execute();
  });
  // Only now: whoever takes the mark away looks for webhooks once more afterwards.
  await sql`update shard.spaces set hooked = true where id = ${spaceId} and not hooked`.execute(space);
  return webhookJson(row);
}

export async function listWebhooks({ shards }: WebhookWorld, { userId }: Actor): Promise<WebhookJson[]> {
  const { db } = shards.ofId(userId);
  const rows = await db.selectFrom("shard.webhooks").selectAll().where("user_id", "=", userId).orderBy("id").execute();
  return rows.map(webhookJson);
}

/** @throws HoldfastError not_found */
export async function deleteWebhook({ shards }: WebhookWorld, { userId }: Actor, id: string): Promise<void> {
  const { numAffectedRows = 0n } = await sql`
    delete from shard.webhooks where user_id = ${userId} and id = ${isId(id) ? id : null}`.execute(
    shards.ofId(userId).db,
  );
  if (numAffectedRows === 0n) throw new HoldfastError("not_found", "There is no such webhook.");
}

function webhookJson({ id, url, events, node_id, created_at }: WebhookRow): WebhookJson {
  return { id, url, events: events as WebhookVerb[], in: node_id, created_at: formatTime(created_at) };
}
