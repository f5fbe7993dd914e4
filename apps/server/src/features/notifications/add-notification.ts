import type { Random } from "@holdfast/core/clock";
import { bucketOf, makeId, type NodeId, type NotificationId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { inTransaction, keyed } from "../../base/db/database.ts";
import type { NotificationRow } from "../../base/db/account-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { NewNotification } from "./notify.ts";

export interface Added {
  readonly id: NotificationId;
  readonly nodeId: NodeId | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly replaces: NotificationId | undefined;
}

export type AlsoNotify = (transaction: ShardQueries, added: Added) => Promise<void>;

/**
 * Writes a notification on the account's shard. May run twice for one message.
 * @param messageId of the causing message
 * @returns true if the account has a new or renewed notification
 */
export async function addNotification(
  { shards, random }: { readonly shards: Shards; readonly random: Random },
  notification: NewNotification,
  messageId: string,
  alsoNotify: AlsoNotify = async () => {},
): Promise<boolean> {
  const { userId, atMicros } = notification;
  return inTransaction(shards.ofId(userId).db, async (transaction) => {
    const head = await lockHead(transaction, userId);
    const known = await findKnown(transaction, { userId, messageId, key: notification.gather?.key, ...head });
    if (known.some((row) => row.message_id === messageId)) return false;
    const before = known[0];
    const { nodeId, detail } = before === undefined ? notification : gathered(before, notification);
    const id = makeId<NotificationId>(bucketOf(userId), Math.floor(atMicros / 1000), random(8));
    const row = { ...notification, id, number: head.number + 1, nodeId, detail, messageId, replaced: before?.number };
    await write(transaction, row);
    await alsoNotify(transaction, { id, nodeId, detail, replaces: before?.id });
    return true;
  });
}

type Known = Pick<NotificationRow, "number" | "id" | "at" | "detail" | "message_id">;

type Head = { readonly number: number; readonly read_to: number };

async function lockHead(transaction: ShardQueries, userId: UserId): Promise<Head> {
  const { rows } = await sql<Head>`
    insert into shard.notification_heads as h (user_id) values (${userId})
    on conflict (user_id) do update set number = h.number returning number, read_to ${keyed}`.execute(transaction);
  return rows[0] as Head;
}

/** Finds the same message's notification, and one to gather with. Index: the primary key; an account has few rows. */
async function findKnown(
  transaction: ShardQueries,
  { userId, messageId, key, read_to }: Head & { userId: UserId; messageId: string; key: string | undefined },
): Promise<Known[]> {
  const { rows } = await sql<Known>`
    select number, id, at, detail, message_id from shard.notifications
    where user_id = ${userId} and (message_id = ${messageId} or gather_key = ${key ?? null} and number > ${read_to})
    order by number desc ${keyed}`.execute(transaction);
  return rows;
}

/** Messages may arrive out of order. */
function gathered(before: Known, { detail, gather, nodeId, atMicros }: NewNotification) {
  const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
  const numberOf = (value: unknown): number => (typeof value === "number" ? value : 1);
  const verbs = [...new Set([...listOf(before.detail["verbs"]), ...listOf(detail["verbs"])])];
  return {
    nodeId: gather?.nodeId ?? nodeId,
    detail: {
      ...(atMicros < before.at ? { ...detail, ...before.detail } : { ...before.detail, ...detail }),
      count: numberOf(before.detail["count"]) + numberOf(detail["count"]),
      ...(verbs.length === 0 ? {} : { verbs }),
    },
  };
}

interface Written extends NewNotification {
  readonly id: NotificationId;
  readonly number: number;
  readonly messageId: string;
  readonly replaced: number | undefined;
}

/**
 * Also deletes the oldest ones; read notifications are older than unread ones. One statement, so that all parts see the
 * earlier state.
 */
async function write(transaction: ShardQueries, row: Written): Promise<void> {
  const { userId, id, number, kind, actor, nodeId, detail, atMicros, gather, messageId, replaced = 0 } = row;
  await sql`
    with head as (
      update shard.notification_heads set number = ${number} where user_id = ${userId}
    ), gone as (
      delete from shard.notifications where user_id = ${userId} and (number = ${replaced} or number <= (
        select number from shard.notifications where user_id = ${userId} and number <> ${replaced}
        order by number desc offset ${limits.notificationsMax - 1} limit 1))
    )
    insert into shard.notifications (user_id, number, id, kind, actor, node_id, detail, at, gather_key, message_id)
    values (${userId}, ${number}, ${id}, ${kind}, ${actor}, ${nodeId}, ${JSON.stringify(detail)}::jsonb, ${atMicros},
      ${gather?.key ?? null}, ${messageId}) ${keyed}`.execute(transaction);
}
