import { isId, type NodeId, type UserId } from "@holdfast/core/ids";
import { notificationKinds } from "@holdfast/protocol/notification-routes";
import { z } from "zod";
import type { ShardReader } from "../db/shard-tables.ts";
import { enqueue } from "../queue/enqueue.ts";

const userId = z.custom<UserId>((value) => typeof value === "string" && isId(value));
const nodeId = z.custom<NodeId>((value) => typeof value === "string" && isId(value));

export const newNotification = z.object({
  userId,
  kind: z.enum(notificationKinds),
  /** Whose doing it is. Nobody is told of their own. */
  actor: userId.nullable(),
  nodeId: nodeId.nullable(),
  atMicros: z.int(),
  /** Shown as it is. Where it is gathered its `count` is summed up, and its `verbs` are united. */
  detail: z.record(z.string(), z.unknown()),
  /** Those of one account with the same key become one for as long as it is unread. */
  gather: z
    .object({
      key: z.string().max(200),
      /** What the notification is about once there are several. */
      nodeId: nodeId.nullable(),
    })
    .optional(),
});
export type NewNotification = z.output<typeof newNotification>;

/**
 * Tells an account something, in the transaction that is the cause and on its shard: the account may lie on another one, so it goes by a
 * message of the queue. Call `queue.kick` after the commit. What is about a node reaches only who may read that by then.
 */
export async function notify(transaction: ShardReader, notification: NewNotification): Promise<void> {
  if (notification.actor === notification.userId) return;
  await enqueue(transaction, { kind: "notification", payload: notification });
}
