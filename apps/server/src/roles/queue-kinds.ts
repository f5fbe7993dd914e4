import { addressKinds } from "../features/accounts/people/change-address.ts";
import { type ReleasePorts, releaseKinds } from "../packs/index/release-kind.ts";
import { guestDeletionsMessages } from "../features/notifications/guest-deletions.ts";
import { notifyQuota } from "../features/notifications/notify-quota.ts";
import { notifyUndelivered } from "../features/notifications/notify-undelivered.ts";
import { notificationKind, type NotificationWorld } from "../features/notifications/notification-kind.ts";
import { groupKinds } from "../features/groups/group-messages.ts";
import { mailKinds } from "../features/mail/mail-kinds.ts";
import type { MailWorld } from "../features/mail/mail-world.ts";
import { type OnQuotaWarning, quotaWarningKind } from "../tree/weight/quota-warning.ts";
import type { Log } from "../base/operation/log.ts";
import type { Kinds } from "../base/queue/kind.ts";
import { reportKind } from "../features/reports/report-link.ts";
import { reportNoticeKind } from "../features/reports/report-notice-kind.ts";
import { rewindKinds } from "../features/rewind/rewind-kinds.ts";
import { claimKinds } from "../features/sharing/claim-pending.ts";
import { sharingKinds } from "../features/sharing/deliver.ts";
import { transferKinds } from "../features/transfers/transfer-kinds.ts";
import type { TransferWorld } from "../features/transfers/transfer-world.ts";
import { guestDeletionsKind } from "../tree/commit/report-deletions.ts";
import { suspensionKind } from "../tree/commit/device-brakes.ts";
import { type SuspendingWorld, suspensionMessages } from "../care/suspensions/suspend-device.ts";
import { watchKind } from "../features/watches/watch-kind.ts";
import { watchedEventKind } from "../features/watches/watched-event-kind.ts";
import { webhookKinds } from "../features/webhooks/webhook-kinds.ts";
import type { WebhookWorld } from "../features/webhooks/webhooks.ts";
import { jobKinds } from "../care/jobs/job-message.ts";
import type { Jobs } from "../care/jobs/periodic-jobs.ts";

export interface QueueParts {
  readonly log: Log;
  /** Resolved when a message is worked, because the queue opens first. */
  readonly sharing: () => TransferWorld;
  readonly notifications: NotificationWorld;
  readonly mail: MailWorld;
  readonly webhooks: () => WebhookWorld;
  readonly suspending: () => SuspendingWorld;
  readonly releases: ReleasePorts;
  readonly jobs: () => Jobs;
}

/** Names must stay while messages of that kind may wait. */
export function queueKinds({
  log,
  sharing,
  notifications,
  mail,
  webhooks,
  releases,
  suspending,
  jobs,
}: QueueParts): Kinds {
  const logWarning: OnQuotaWarning = async ({ userId, percent, usedBytes, quotaBytes }) =>
    log.info(
      { user_id: userId, percent, used_bytes: usedBytes, quota_bytes: quotaBytes },
      "an account is near its quota",
    );
  const notifyAccount: OnQuotaWarning = async (warning) =>
    notifyQuota({ shards: notifications.shards, clock: sharing().clock }, warning);
  return {
    ...sharingKinds(sharing),
    ...claimKinds(sharing),
    ...addressKinds(notifications.shards),
    ...groupKinds(sharing),
    ...rewindKinds(sharing),
    ...transferKinds(sharing),
    ...mailKinds(mail, notifyUndelivered),
    ...quotaWarningKind([logWarning, notifyAccount]),
    ...webhookKinds(webhooks),
    ...releaseKinds(releases),
    ...jobKinds(jobs),
    notification: notificationKind(notifications),
    [reportKind]: reportNoticeKind({
      shards: notifications.shards,
      kick: (shard) => sharing().queue.kick(shard),
    }),
    [suspensionKind]: suspensionMessages(suspending),
    [guestDeletionsKind]: guestDeletionsMessages(() => ({ ...notifications, clock: sharing().clock })),
    watch: watchKind(notifications),
    watched_event: watchedEventKind(notifications),
  };
}
