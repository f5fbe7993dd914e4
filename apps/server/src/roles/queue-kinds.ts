import { notificationKind, type NotificationWorld } from "../notifications/notification-kind.ts";
import { groupKinds } from "../groups/group-messages.ts";
import { mailKinds } from "../mail/mail-kinds.ts";
import type { MailWorld } from "../mail/mail-world.ts";
import type { Kinds } from "../queue/kind.ts";
import { rewindKinds } from "../rewind/rewind-kinds.ts";
import { claimKinds } from "../sharing/claim-pending.ts";
import { sharingKinds } from "../sharing/deliver.ts";
import type { SharingWorld } from "../sharing/sharing-world.ts";
import { watchKind } from "../watches/watch-kind.ts";
import { watchedEventKind } from "../watches/watched-event-kind.ts";

export interface QueueParts {
  readonly sharing: () => SharingWorld;
  readonly notifications: NotificationWorld;
  readonly mail: MailWorld;
}

/** What works the messages of the queue, by the name of their kind. A name stays for as long as messages of it may wait. */
export function queueKinds({ sharing, notifications, mail }: QueueParts): Kinds {
  return {
    ...sharingKinds(sharing),
    ...claimKinds(sharing),
    ...groupKinds(sharing),
    ...rewindKinds(sharing),
    ...mailKinds(mail),
    notification: notificationKind(notifications),
    watch: watchKind(notifications),
    watched_event: watchedEventKind(notifications),
  };
}
