import { randomBytes } from "node:crypto";
import { toHoldfastError } from "@holdfast/core/errors";
import type { SpaceId } from "@holdfast/core/ids";
import type { AccountWorld } from "../features/accounts/context/account-world.ts";
import type { Shard } from "../base/db/shards.ts";
import { accountHandlers } from "../edge/accounts/account-handlers.ts";
import { HeldCounts } from "../edge/exchange/held-counts.ts";
import { exportHandlers } from "../edge/accounts/export-handlers.ts";
import { type Exports, openExports } from "../features/export/open-exports.ts";
import { type Issuer, openIssuer } from "../features/issuer/open-issuer.ts";
import { openLdap } from "../features/ldap/open-ldap.ts";
import { outsideHandlers } from "../edge/accounts/outside-handlers.ts";
import { blockHandlers } from "../edge/blocks/block-handlers.ts";
import { damagedHandlers } from "../edge/blocks/damaged-handlers.ts";
import { commentHandlers } from "../edge/activity/comment-handlers.ts";
import { activityHandlers } from "../edge/activity/activity-handlers.ts";
import { notificationHandlers } from "../edge/activity/notification-handlers.ts";
import { downloadHandlers } from "../edge/files/download-handlers.ts";
import { oauthHandlers } from "../edge/oauth/oauth-handlers.ts";
import { scimEndpoints } from "../edge/scim/scim-endpoints.ts";
import type { Mounted } from "../edge/exchange/mounted.ts";
import { groupHandlers } from "../edge/groups/group-handlers.ts";
import type { AllHandlers, Handlers } from "../edge/exchange/handler.ts";
import { operationHandlers, type OperationWorld } from "../edge/operation/operation-handlers.ts";
import { nodeHandlers } from "../edge/files/node-handlers.ts";
import { peopleHandlers } from "../edge/people/people-handlers.ts";
import { linkHandlers } from "../edge/links/link-handlers.ts";
import { linkPageHandlers } from "../edge/links/link-page-handlers.ts";
import { mailHandlers } from "../edge/mail/mail-handlers.ts";
import { orderLeavingMail, orderSecurityMail } from "../features/mail/mail-password.ts";
import { notifySecurity } from "../features/notifications/notify-security.ts";
import { notifyHandlers } from "../edge/sync/notify-handlers.ts";
import type { RateLimits } from "../edge/exchange/rate-limits.ts";
import { sharingHandlers } from "../edge/sharing/sharing-handlers.ts";
import { jobHandlers, queueHandlers } from "../edge/operation/job-handlers.ts";
import { type StorageCare, storageHandlers } from "../edge/operation/storage-handlers.ts";
import { reportCareHandlers, reportHandlers } from "../edge/reports/report-handlers.ts";
import { auditHandlers } from "../edge/operation/audit-handlers.ts";
import { settingHandlers } from "../edge/operation/setting-handlers.ts";
import { settingsInForce } from "../base/config/settings-in-force.ts";
import type { Config } from "../base/config/read-config.ts";
import { rewindReachMs } from "../base/config/retention-settings.ts";
import { openMoveCare } from "../care/bucket-moves/move-care.ts";
import { readBackups } from "../packs/facts/backups.ts";
import { openStorageFigures } from "../base/operation/storage-figures.ts";
import { doctorHandlers } from "../edge/operation/doctor-handlers.ts";
import { shredHandlers } from "../edge/operation/shred-handlers.ts";
import { orderJob, type RequestedJob } from "../care/jobs/job-message.ts";
import { keyHandlers } from "../edge/operation/key-handlers.ts";
import { type KeyCare, openKeyCare } from "../packs/cells/key-care.ts";
import type { DoctorWorld } from "../care/doctor/doctor-world.ts";
import { rewindHandlers } from "../edge/rewinds/rewind-handlers.ts";
import { openAppFolder } from "../features/sharing/app-folders.ts";
import { claimNow } from "../features/sharing/claim-pending.ts";
import { transferHandlers } from "../edge/transfers/transfer-handlers.ts";
import { syncHandlers } from "../edge/sync/sync-handlers.ts";
import { searchHandlers } from "../edge/search/search-handlers.ts";
import { signedUrlHandlers } from "../edge/files/signed-url-handlers.ts";
import { thumbHandlers } from "../edge/files/thumb-handlers.ts";
import { starHandlers } from "../edge/stars/star-handlers.ts";
import { withExplainedQuota } from "../edge/files/explained-quota.ts";
import { usageHandlers } from "../edge/files/usage-handlers.ts";
import { versionHandlers } from "../edge/files/version-handlers.ts";
import { uploadHandlers } from "../edge/uploads/upload-handlers.ts";
import type { Uploads } from "../features/uploads/uploads.ts";
import { reportLink } from "../features/reports/report-link.ts";
import { requestJob } from "../care/jobs/requested-jobs.ts";
import { askForScrub } from "../care/jobs/scrub-cells.ts";
import { type JobOptions, readJob, type WholeJob } from "../packs/facts/stored-jobs.ts";
import { isUrgentScrub, readScrubReport } from "../packs/repair/scrub-report.ts";
import { readCopies } from "../packs/copies/copies-report.ts";
import { isVerificationUnfinished, noteVerificationBegun } from "../packs/copies/verify-copies.ts";
import type { RetentionParts } from "../care/jobs/run-retention.ts";
import type { SharingWorld } from "../features/sharing/sharing-world.ts";
import type { Committer } from "../tree/commit/commit-queue.ts";
import type { MailWorld } from "../features/mail/mail-world.ts";
import type { HeldPolls } from "../features/notify/held-polls.ts";
import type { Queue } from "../base/queue/open-queue.ts";
import type { Log } from "../base/operation/log.ts";
import type { OpenedAudit } from "./open-audit.ts";
import type { Storage } from "./open-storage.ts";
import { openRewinds, type Rewinds } from "../features/rewind/open-rewinds.ts";
import { systemClock } from "./system-clock.ts";
import { policyReportHandlers } from "../edge/web/policy-reports.ts";
import { webhookHandlers } from "../edge/webhooks/webhook-handlers.ts";
import { openThumbTags } from "../features/thumbs/thumb-tag.ts";
import type { Thumbs } from "../features/thumbs/thumbs.ts";
import type { WebhookWorld } from "../features/webhooks/webhooks.ts";

export interface ApiParts {
  readonly accounts: AccountWorld;
  readonly mail: MailWorld;
  readonly storage: Storage;
  readonly committer: Committer;
  readonly uploads: Uploads;
  readonly polls: HeldPolls;
  /** Wakes all waiting requests of this space, in all processes. */
  readonly wake: (spaceId: SpaceId) => void;
  readonly rateLimits: RateLimits;
  readonly sharing: SharingWorld;
  readonly queue: Queue;
  readonly webhooks: WebhookWorld;
  readonly thumbs: Thumbs;
  readonly retaining: RetentionParts;
  readonly audited: OpenedAudit;
  readonly doctor: DoctorWorld;
  readonly config: Config;
  readonly log: Log;
}

/** Accounts whose changes affect the rest of the server. */
function liveAccounts({ accounts, config, log, mail, sharing, queue, storage, wake }: ApiParts): AccountWorld {
  const own: AccountWorld = {
    ...accounts,
    onConfirmed: (userId) => claimNow(sharing, userId),
    openAppFolder: (caller, id) => openAppFolder(sharing, caller, id),
    onEnded: wake,
    queued: (userId) => queue.kick(storage.databases.shards.ofId(userId)),
    notifyLeaving: (transaction, user, until) => orderLeavingMail(mail, transaction, user, until),
    notifySecurity: async (transaction, userId, what, address) => {
      await orderSecurityMail(mail, transaction, userId, what, address);
      await notifySecurity(transaction, userId, what, accounts.clock.nowMicros());
    },
  };
  if (config.ldap === undefined) return own;
  return { ...own, outsidePasswords: openLdap({ ...own, queue, log }, config.ldap) };
}

/** Endpoints for identity systems, outside of the route table. */
export function makeScimEndpoints(parts: ApiParts): Mounted[] {
  return scimEndpoints({ ...liveAccounts(parts), queue: parts.queue });
}

export function makeHandlers(parts: ApiParts, operation: OperationWorld): Handlers {
  const { mail, committer, uploads, polls, rateLimits, sharing } = parts;
  const accounts = liveAccounts(parts);
  const { blocks, databases, pool: codec } = parts.storage;
  const { shards, reads } = databases;
  const tagOf = openThumbTags(accounts);
  const boundary = () => randomBytes(16).toString("hex");
  const content = { shards, reads, blocks, clock: systemClock, issuerBound: accounts.issuerBound, boundary };
  const downloads = downloadHandlers(content);
  const reporting = { ...accounts, kick: (shard: Shard) => parts.queue.kick(shard) };
  const handlers: AllHandlers = {
    ...accountHandlers(accounts, mail, (shard) => parts.queue.kick(shard)),
    ...exportHandlers(accounts, exporting(parts, content)),
    ...outsideHandlers(
      { ...accounts, queue: parts.queue, log: parts.log },
      issuerOf(parts.config),
      mail.mailer !== undefined,
    ),
    ...oauthHandlers(accounts),
    ...groupHandlers({ ...accounts, queue: parts.queue }),
    ...peopleHandlers(accounts),
    ...mailHandlers(mail),
    ...nodeHandlers({ shards, reads, committer, clock: systemClock, cursorKey: accounts.secrets.grantKey, tagOf }),
    ...versionHandlers({ shards, reads, committer, clock: systemClock, tagOf }),
    ...usageHandlers({ reads, blocks }),
    ...starHandlers({ shards, reads, clock: systemClock, tagOf }),
    ...activityHandlers({ reads, cursorKey: accounts.secrets.grantKey }),
    ...searchHandlers({ reads, tagOf }),
    ...notificationHandlers({ shards, reads }),
    ...commentHandlers({ ...content, random: randomBytes, queued: (id) => sharing.queue.kick(shards.ofId(id)) }),
    ...notifyHandlers({ reads, polls, rateLimits }),
    ...syncHandlers({ shards, committer, blocks, codec }),
    ...uploadHandlers({ uploads }),
    ...downloads,
    ...signedUrlHandlers(accounts, content),
    ...thumbHandlers(accounts, parts.thumbs),
    ...blockHandlers(accounts, blocks, codec),
    ...damagedHandlers(blocks),
    ...sharingHandlers({ ...sharing, linkKey: accounts.secrets.refreshKey }, mail, tagOf),
    ...webhookHandlers({ ...parts.webhooks, notifySecurity: accounts.notifySecurity, queued: accounts.queued }),
    ...linkHandlers({ ...accounts, committer }),
    ...linkPageHandlers({
      accounts,
      uploads,
      download: downloads.download,
      report: (report, source) => reportLink(reporting, report, source),
      head: () => operation.web?.linkHead(),
    }),
    ...reportHandlers(reporting),
    ...reportCareHandlers({ accounts, rights: sharing }),
    ...storageHandlers(storageCare(parts)),
    ...auditHandlers({ shards, verify: parts.audited.verify }),
    ...settingHandlers(settingsInForce(parts.config)),
    ...keyHandlers(keyCare(parts)),
    ...shredHandlers({ ...accounts, cells: databases.cells, begin: () => order(parts, "shred") }),
    ...doctorHandlers(diagnosing(parts, operation)),
    ...rewindHandlers({ shards, rewinds: rewindsOf(parts) }),
    ...transferHandlers({
      ...parts.sharing,
      blocks,
      throttle: accounts.throttle,
      notifySecurity: accounts.notifySecurity,
    }),
    ...jobHandlers({ shards }),
    ...queueHandlers({ shards, clock: systemClock, kick: (shard) => parts.queue.kick(shard) }),
    ...operationHandlers(operation),
    ...policyReportHandlers({ log: parts.log, metrics: operation.metrics, clock: systemClock }),
  };
  return withExplainedQuota(handlers, shards);
}

/** The work is stored. Without the message, the schedule finds it. */
async function order({ storage, queue, log }: ApiParts, job: RequestedJob): Promise<void> {
  try {
    await orderJob({ shards: storage.databases.shards, kick: (shard) => queue.kick(shard) }, job);
  } catch (error) {
    log.warn(
      { job, reason: toHoldfastError(error).message },
      "no worker was notified of a job, which starts as scheduled",
    );
  }
}

function diagnosing(
  { doctor }: ApiParts,
  { unreadableAddresses }: OperationWorld,
): Parameters<typeof doctorHandlers>[0] {
  return async (options) => {
    const { diagnose } = await import("../care/doctor/diagnose.ts");
    return diagnose({ ...doctor, unreadableAddresses }, options);
  };
}

function keyCare({ storage: { cells, keySource }, log }: ApiParts): KeyCare {
  return openKeyCare({ cells: () => cells, source: keySource, random: randomBytes, log });
}

function exporting({ accounts, storage }: ApiParts, content: Parameters<typeof downloadHandlers>[0]): Exports {
  return openExports({
    ...content,
    random: randomBytes,
    serverId: accounts.secrets.serverId,
    language: accounts.language ?? "en",
    countsOf: (max) => new HeldCounts(max),
    folder: storage.exportFolder,
  });
}

function rewindsOf({ sharing, config }: ApiParts): Rewinds {
  return openRewinds({ ...sharing, reachMs: rewindReachMs(config.retention) });
}

function issuerOf({ oidc }: Config): Issuer | undefined {
  return oidc === undefined ? undefined : openIssuer(oidc);
}

function storageCare(parts: ApiParts): StorageCare {
  const { storage, log, config, retaining } = parts;
  const { cells, placed, databases, pool } = storage;
  const stored = { cells: databases.cells, clock: systemClock };
  return {
    ...openMoveCare({ databases, log, rights: parts.sharing }, () => order(parts, "move-buckets")),
    async startScrub() {
      // A scheduled scrub may take days: a new one replaces it, in any process.
      if (!(await isUrgentScrub(cells))) await askForScrub({ cells, clock: systemClock });
      await order(parts, "scrub");
      return readScrubReport(cells);
    },
    readScrub: () => readScrubReport(cells),
    readCopies: () => readCopies(placed),
    async verifyCopies() {
      if (!(await isVerificationUnfinished(placed))) await noteVerificationBegun(placed, systemClock);
      await order(parts, "verify-copies");
      return readCopies(placed);
    },
    readBackups: () => readBackups(databases.cells),
    readFigures: openStorageFigures(databases, config.dataFolder),
    countCollectable: async (options) => {
      const { collectNow } = await import("../care/jobs/collect-now.ts");
      return collectNow({ ...retaining, pool, random: randomBytes, log }, { ...options, dryRun: true });
    },
    collect: async (options) => {
      await request(parts, "gc", options);
      return readJob(stored, "gc");
    },
    readCollection: () => readJob(stored, "gc"),
    rebuildIndex: async () => {
      await request(parts, "rebuild-index", { unfinished: false });
      return readJob(stored, "rebuild-index");
    },
    readRebuild: () => readJob(stored, "rebuild-index"),
  };
}

/** A missing store is reported to the caller and not only by the job. */
async function request(parts: ApiParts, job: WholeJob, options: JobOptions): Promise<void> {
  const { cells, databases } = parts.storage;
  for (const { keyring } of cells.all()) await keyring.assertStoreThere();
  await requestJob({ cells: databases.cells, clock: systemClock }, job, options);
  await order(parts, job);
}
