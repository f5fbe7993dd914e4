import type { Random } from "@holdfast/core/clock";
import type { SpaceId, UserId } from "@holdfast/core/ids";
import { findUser } from "../accounts/directory.ts";
import { findReadable } from "../accounts/may-read.ts";
import type { Shards } from "../db/shards.ts";
import type { Kind } from "../queue/kind.ts";
import type { MailWorld } from "../mail/mail-world.ts";
import { mailNotification } from "./mail-notification.ts";
import { addNotification } from "./add-notification.ts";
import { type NewNotification, newNotification } from "./notify.ts";

export interface NotificationWorld {
  readonly shards: Shards;
  readonly random: Random;
  /** Something has changed for who waits for this space. */
  readonly wake: (spaceId: SpaceId) => void;
  /** Undefined: nothing of it is mailed. */
  readonly mail?: MailWorld;
  /** Something waits in the queue on the account's shard. */
  readonly kick?: (userId: UserId) => void;
}

/** Brings notifications to the accounts that they are for, whichever shard these lie on. */
export function notificationKind(world: NotificationWorld): Kind<NewNotification> {
  return {
    schema: newNotification,
    work: async (notification, { id }) => {
      const user = await findUser(world.shards, notification.userId);
      if (user === undefined || user.disabled_at !== null || !(await concerns(world, notification))) return;
      const { shards, mail } = world;
      const mailed = mail === undefined ? undefined : await mailNotification({ shards, mail }, notification);
      if (!(await addNotification(world, notification, id, mailed))) return;
      world.wake(user.space_id);
      if (mailed !== undefined) world.kick?.(user.id);
    },
  };
}

/** A share is told of before its pointer may have come to the grantee's shard; what is listed of it is looked up then. */
async function concerns({ shards }: NotificationWorld, { kind, userId, nodeId }: NewNotification): Promise<boolean> {
  return kind === "share" || nodeId === null || (await findReadable(shards, userId, nodeId)) !== undefined;
}
