import type { Random } from "@holdfast/core/clock";
import type { SpaceId, UserId } from "@holdfast/core/ids";
import { findUser } from "../accounts/context/directory.ts";
import { findReadable } from "../accounts/people/may-read.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Kind } from "../../base/queue/kind.ts";
import type { MailWorld } from "../mail/mail-world.ts";
import { mailNotification } from "./mail-notification.ts";
import { addNotification } from "./add-notification.ts";
import { type NewNotification, newNotification } from "./notify.ts";

export interface NotificationWorld {
  readonly shards: Shards;
  readonly random: Random;
  /** Called after a change, for polls of this space. */
  readonly wake: (spaceId: SpaceId) => void;
  /** undefined: nothing is mailed. */
  readonly mail?: MailWorld;
  /** Called when the queue of the account's shard has a message. */
  readonly kick?: (userId: UserId) => void;
}

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

/** A share is reported before its pointer may be on the grantee's shard; listing looks it up later. */
async function concerns({ shards }: NotificationWorld, { kind, userId, nodeId }: NewNotification): Promise<boolean> {
  return kind === "share" || nodeId === null || (await findReadable(shards, userId, nodeId)) !== undefined;
}
