import { isId, type NodeId, type UserId } from "@holdfast/core/ids";
import { notificationKinds } from "@holdfast/protocol/account-settings";
import { z } from "zod";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { enqueue } from "../../base/queue/enqueue.ts";

const userId = z.custom<UserId>((value) => typeof value === "string" && isId(value));
const nodeId = z.custom<NodeId>((value) => typeof value === "string" && isId(value));

export const newNotification = z.object({
  userId,
  kind: z.enum(notificationKinds),
  /** Account that caused it, which is not notified itself. */
  actor: userId.nullable(),
  nodeId: nodeId.nullable(),
  atMicros: z.int(),
  /** Shown unchanged. Gathering adds `count` and merges `verbs`. */
  detail: z.record(z.string(), z.unknown()),
  /** An account's unread notifications with the same key are merged. */
  gather: z
    .object({
      key: z.string().max(200),
      nodeId: nodeId.nullable(),
    })
    .optional(),
});
export type NewNotification = z.output<typeof newNotification>;

/**
 * Queues a message in the causing transaction, because the account may be on another shard. Call `queue.kick` after the
 * commit. Only accounts that can read the node at delivery are notified.
 */
export async function notify(transaction: ShardQueries, notification: NewNotification): Promise<void> {
  if (notification.actor === notification.userId) return;
  await enqueue(transaction, { kind: "notification", payload: notification });
}
