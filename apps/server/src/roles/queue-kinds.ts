import { notificationKind, type NotificationWorld } from "../notifications/notification-kind.ts";
import { groupKinds } from "../groups/group-messages.ts";
import type { Kinds } from "../queue/kind.ts";
import { rewindKinds } from "../rewind/rewind-kinds.ts";
import { claimKinds } from "../sharing/claim-pending.ts";
import { sharingKinds } from "../sharing/deliver.ts";
import type { SharingWorld } from "../sharing/sharing-world.ts";
import { watchKind } from "../watches/watch-kind.ts";

/** What works the messages of the queue, by the name of their kind. A name stays for as long as messages of it may wait. */
export function queueKinds(sharing: () => SharingWorld, notifications: NotificationWorld): Kinds {
  return {
    ...sharingKinds(sharing),
    ...rewindKinds(sharing),
    notification: notificationKind(notifications),
    watch: watchKind(notifications),
  };
export function queueKinds(sharing: () => SharingWorld): Kinds {
  return { ...sharingKinds(sharing), ...rewindKinds(sharing), ...claimKinds(sharing), ...groupKinds(sharing) };
}
