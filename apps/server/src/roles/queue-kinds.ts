import { addressKinds } from "../accounts/change-address.ts";
import { type ReleasePorts, releaseKinds } from "../blocks/release-kind.ts";
import { guestDeletionsMessages } from "../notifications/guest-deletions.ts";
import { tellQuota } from "../notifications/tell-quota.ts";
import { tellUndelivered } from "../notifications/tell-undelivered.ts";
import { notificationKind, type NotificationWorld } from "../notifications/notification-kind.ts";
import { groupKinds } from "../groups/group-messages.ts";
import { mailKinds } from "../mail/mail-kinds.ts";
import type { MailWorld } from "../mail/mail-world.ts";
import { type OnQuotaWarning, quotaWarningKind } from "../metadata/weight/quota-warning.ts";
import type { Log } from "../operation/log.ts";
import type { Kinds } from "../queue/kind.ts";
import { reportKind } from "../reports/report-link.ts";
import { reportToldKind } from "../reports/tell-administrators.ts";
import { rewindKinds } from "../rewind/rewind-kinds.ts";
import { claimKinds } from "../sharing/claim-pending.ts";
import { sharingKinds } from "../sharing/deliver.ts";
import { transferKinds } from "../transfers/transfer-kinds.ts";
import type { TransferWorld } from "../transfers/transfer-world.ts";
import { guestDeletionsKind } from "../metadata/commit/tell-deletions.ts";
import { suspensionKind } from "../metadata/commit/device-brakes.ts";
import { type SuspendingWorld, suspensionMessages } from "../suspensions/suspend-device.ts";
import { watchKind } from "../watches/watch-kind.ts";
import { watchedEventKind } from "../watches/watched-event-kind.ts";
import { webhookKinds } from "../webhooks/webhook-kinds.ts";
import type { WebhookWorld } from "../webhooks/webhooks.ts";

export interface QueueParts {
  readonly log: Log;
  /** Resolved when a message is worked, because the queue opens first. */
  readonly sharing: () => TransferWorld;
  readonly notifications: NotificationWorld;
  readonly mail: MailWorld;
  readonly webhooks: () => WebhookWorld;
  readonly suspending: () => SuspendingWorld;
  readonly releases: ReleasePorts;
}

/** Workers of queue messages by kind. Names must stay while messages of that kind may wait. */
export function queueKinds({ log, sharing, notifications, mail, webhooks, releases, suspending }: QueueParts): Kinds {
  const logWarning: OnQuotaWarning = async ({ userId, percent, usedBytes, quotaBytes }) =>
    log.info(
      { user_id: userId, percent, used_bytes: usedBytes, quota_bytes: quotaBytes },
      "an account is near its quota",
    );
  const tellAccount: OnQuotaWarning = async (warning) =>
    tellQuota({ shards: notifications.shards, clock: sharing().clock }, warning);
  return {
    ...sharingKinds(sharing),
    ...claimKinds(sharing),
    ...addressKinds(notifications.shards),
    ...groupKinds(sharing),
    ...rewindKinds(sharing),
    ...transferKinds(sharing),
    ...mailKinds(mail, tellUndelivered),
    ...quotaWarningKind([logWarning, tellAccount]),
    ...webhookKinds(webhooks),
    ...releaseKinds(releases),
    notification: notificationKind(notifications),
    [reportKind]: reportToldKind({
      shards: notifications.shards,
      kick: (shard) => sharing().queue.kick(shard),
    }),
    [suspensionKind]: suspensionMessages(suspending),
    [guestDeletionsKind]: guestDeletionsMessages(() => ({ ...notifications, clock: sharing().clock })),
    watch: watchKind(notifications),
    watched_event: watchedEventKind(notifications),
  };
}
