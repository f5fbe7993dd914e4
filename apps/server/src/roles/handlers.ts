import { randomBytes } from "node:crypto";
import { toHoldfastError } from "@holdfast/core/errors";
import type { AccountWorld } from "../accounts/account-world.ts";
import { accountHandlers } from "../http/accounts/account-handlers.ts";
import { blockHandlers } from "../http/blocks/block-handlers.ts";
import { damagedHandlers } from "../http/blocks/damaged-handlers.ts";
import { commentHandlers } from "../http/activity/comment-handlers.ts";
import { activityHandlers } from "../http/activity/activity-handlers.ts";
import { notificationHandlers } from "../http/activity/notification-handlers.ts";
import { downloadHandlers } from "../http/files/download-handlers.ts";
import { groupHandlers } from "../http/groups/group-handlers.ts";
import type { Handlers } from "../http/handler.ts";
import { operationHandlers, type OperationWorld } from "../http/sync/operation-handlers.ts";
import { openSetupPage } from "../http/accounts/setup-page.ts";
import { nodeHandlers } from "../http/files/node-handlers.ts";
import { peopleHandlers } from "../http/people/people-handlers.ts";
import { linkHandlers } from "../http/links/link-handlers.ts";
import { linkPageHandlers } from "../http/links/link-page-handlers.ts";
import { mailHandlers } from "../http/mail/mail-handlers.ts";
import { notifyHandlers } from "../http/sync/notify-handlers.ts";
import type { RateLimits } from "../http/exchange/rate-limits.ts";
import { sharingHandlers } from "../http/sharing/sharing-handlers.ts";
import { jobHandlers, queueHandlers } from "../http/operation/job-handlers.ts";
import { type StorageCare, storageHandlers } from "../http/operation/storage-handlers.ts";
import { rewindHandlers } from "../http/rewinds/rewind-handlers.ts";
import { claimNow } from "../sharing/claim-pending.ts";
import { transferHandlers } from "../http/transfers/transfer-handlers.ts";
import { syncHandlers } from "../http/sync/sync-handlers.ts";
import { starHandlers } from "../http/stars/star-handlers.ts";
import { versionHandlers } from "../http/files/version-handlers.ts";
import { uploadHandlers } from "../http/uploads/upload-handlers.ts";
import type { Uploads } from "../uploads/uploads.ts";
import { readScrubReport, startScrubReport, writeScrubReport } from "../blocks/scrub-report.ts";
import { rebuildIndex } from "../blocks/rebuild-index.ts";
import type { Jobs } from "../jobs/periodic-jobs.ts";
import type { SharingWorld } from "../sharing/sharing-world.ts";
import type { Committer } from "../metadata/commit/commit-queue.ts";
import type { MailWorld } from "../mail/mail-world.ts";
import type { HeldPolls } from "../notify/held-polls.ts";
import type { Queue } from "../queue/open-queue.ts";
import type { Log } from "../operation/log.ts";
import type { Storage } from "./open-storage.ts";
import { openRewinds } from "../rewind/open-rewinds.ts";
import { systemClock } from "./system-clock.ts";
import { webhookHandlers } from "../http/webhooks/webhook-handlers.ts";
import type { WebhookWorld } from "../webhooks/webhooks.ts";

export interface ApiParts {
  readonly accounts: AccountWorld;
  readonly mail: MailWorld;
  readonly storage: Storage;
  readonly committer: Committer;
  readonly uploads: Uploads;
  readonly polls: HeldPolls;
  readonly rateLimits: RateLimits;
  readonly jobs: Jobs;
  readonly sharing: SharingWorld;
  readonly queue: Queue;
  readonly webhooks: WebhookWorld;
  readonly log: Log;
}

/** All handlers of the API, each area given what it needs. */
export function makeHandlers(parts: ApiParts, operation: OperationWorld): Handlers {
  const { mail, committer, uploads, polls, rateLimits, sharing } = parts;
  const accounts: AccountWorld = { ...parts.accounts, onConfirmed: (userId) => claimNow(sharing, userId) };
  const { blocks, databases, pool: codec } = parts.storage;
  const { shards } = databases;
  const boundary = () => randomBytes(16).toString("hex");
  const downloads = downloadHandlers({ shards, blocks, clock: systemClock, boundary });
  const setup = openSetupPage();
  return {
    ...accountHandlers(accounts, mail, (userId) => parts.queue.kick(shards.ofId(userId))),
    ...groupHandlers({ ...accounts, queue: parts.queue }),
    ...peopleHandlers(accounts),
    ...mailHandlers(mail),
    ...nodeHandlers({ shards, committer }),
    ...versionHandlers({ shards, committer }),
    ...starHandlers({ shards, clock: systemClock }),
    ...activityHandlers({ shards }),
    ...notificationHandlers({ shards }),
    ...commentHandlers({
      shards,
      clock: systemClock,
      random: randomBytes,
      queued: (spaceId) => parts.sharing.queue.kick(shards.ofId(spaceId)),
    }),
    ...notifyHandlers({ shards, polls, rateLimits }),
    ...syncHandlers({ shards, committer, blocks, codec }),
    ...uploadHandlers({ uploads }),
    ...downloads,
    ...blockHandlers(accounts, blocks, codec),
    ...damagedHandlers(blocks),
    ...sharingHandlers(sharing, mail),
    ...webhookHandlers(parts.webhooks),
    ...linkHandlers(accounts),
    ...linkPageHandlers({ accounts, uploads, download: downloads.download }),
    ...storageHandlers(storageCare(parts)),
    ...rewindHandlers({ shards, rewinds: openRewinds({ ...parts.sharing }) }),
    ...transferHandlers({ ...parts.sharing, blocks }),
    ...jobHandlers({ shards }),
    ...queueHandlers({ shards, clock: systemClock, kick: (shard) => parts.queue.kick(shard) }),
    ...operationHandlers(operation),
    setupPage: () => ({ status: 200, bytes: setup.html, headers: setup.headers }),
  };
}

function storageCare({ storage, jobs, log }: ApiParts): StorageCare {
  const { cells, databases, pool } = storage;
  return {
    async startScrub() {
      for (const { keyring } of cells.all()) await keyring.assertStoreThere();
      // Written before the job begins, so that whoever asks from now on does not take the last report for this one.
      for (const { db } of cells.all()) await writeScrubReport(db, startScrubReport(systemClock));
      jobs
        .runNow("scrub")
        .catch((error: unknown) => log.error({ reason: toHoldfastError(error).message }, "the scrub failed"));
      return readScrubReport(cells);
    },
    readScrub: () => readScrubReport(cells),
    rebuildIndex: () => rebuildIndex({ cells, shards: databases.shards, pool, clock: systemClock, log }),
  };
}
