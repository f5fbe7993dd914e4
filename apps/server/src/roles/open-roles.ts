import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { bucketOf, type SpaceId, toBucket, type UserId } from "@holdfast/core/ids";
import type { AccountWorld } from "../features/accounts/context/account-world.ts";
import { endAppFolders } from "../features/sharing/app-folders.ts";
import { setUp } from "../features/accounts/invitations/set-up.ts";
import { readRooms } from "../packs/write/disk-reserve.ts";
import { type Config, isAlone } from "../base/config/read-config.ts";
import { noteAddress, noteAuthority } from "../base/data-folder/server-notes.ts";
import { removeOldClusters } from "../base/db/embedded/swap-clusters.ts";
import type { Shard } from "../base/db/shards.ts";
import { readCopies } from "../packs/copies/copies-report.ts";
import { type Metrics, type MetricSources, openMetrics } from "../base/operation/metrics.ts";
import type { HttpServer } from "../edge/server.ts";
import type { WebApp } from "../edge/web/web-app.ts";
import { systemTime } from "../base/operation/system-time.ts";
import type { Log } from "../base/operation/log.ts";
import { openCommitter } from "../tree/commit/commit-queue.ts";
import { openViewCommitter } from "../tree/commit/view-committer.ts";
import { backupJobs } from "../care/backup/archive-job.ts";
import { doctorJobs } from "../care/jobs/doctor-job.ts";
import { movingJob } from "../care/bucket-moves/moving-job.ts";
import { retentionJobs } from "../care/jobs/retention-jobs.ts";
import {
  requestedJobs,
  type RequestedJobsParts,
  storageJobs,
  type StorageJobsParts,
} from "../care/jobs/storage-jobs.ts";
import { type Jobs, type PeriodicJob, startJobs } from "../care/jobs/periodic-jobs.ts";
import type { RetentionParts } from "../care/jobs/run-retention.ts";
import { reportMended } from "../care/jobs/report-mended.ts";
import { ldapJobs } from "../care/jobs/ldap-job.ts";
import { leavingJob } from "../care/jobs/leaving-job.ts";
import { shredJob } from "../care/jobs/shred-job.ts";
import type { ShredWorld } from "../care/shred/shred-world.ts";
import { queueFigures } from "../base/queue/figures.ts";
import { lockedNeighbours, noNeighbours } from "../base/queue/neighbours.ts";
import { openQueue, type Queue } from "../base/queue/open-queue.ts";
import { openUploads } from "../features/uploads/uploads.ts";
import type { Closers } from "./closers.ts";
import type { ApiParts } from "./handlers.ts";
import { openAccounts } from "./open-accounts.ts";
import { openAudit } from "./open-audit.ts";
import { openHttp } from "./open-http.ts";
import { openLimits } from "./open-limits.ts";
import { openMail, type OpenedMail } from "./open-mail.ts";
import { openMetadataCopy } from "./open-metadata-copy.ts";
import { type Notifier, openNotifier } from "./open-notifier.ts";
import { queueKinds, type QueueParts } from "./queue-kinds.ts";
import { openThumbs } from "./open-thumbs.ts";
import type { OpenedTls } from "./open-tls.ts";
import type { Storage } from "./open-storage.ts";
import { backupAge, collectionBacklog, damagedBlocks, lastDrill, ldapFigures, storedBytes } from "./storage-figures.ts";
import { serverDoctor } from "./server-doctor.ts";
import { systemClock } from "./system-clock.ts";
import { countSuspended } from "../care/suspensions/count-suspended.ts";
import { webhookNetwork } from "../features/webhooks/send-webhook.ts";
import type { RunningServer } from "./running-server.ts";
import { shownUrl } from "./shown-url.ts";

/** After the server has said that it is ready. */
function measureSoon(metrics: Metrics, log: Log): void {
  setImmediate(() => {
    metrics.measureProcess().catch((error: unknown) => {
      log.warn({ reason: toHoldfastError(error).message }, "the process is not measured");
    });
  });
}

async function setUpServer(config: Config, accounts: AccountWorld, log: Log): Promise<string | undefined> {
  if (!config.roles.has("api")) return undefined;
  return setUp(accounts, config.administrator, { onWeak: () => log.warn({}, weakPassword) });
}

const weakPassword = "HOLDFAST_ADMIN_PASSWORD is easy to guess: change the password after you sign in";

export interface OpenedBefore {
  readonly storage: Storage;
  readonly tls: OpenedTls | undefined;
  readonly web: WebApp | undefined;
  readonly random: () => number;
  readonly log: Log;
  readonly closers: Closers;
}

/** Opens everything above the storage, and serves. Loaded while the database starts. */
export async function openRoles(
  config: Config,
  version: string,
  { storage, tls, web, random, log, closers }: OpenedBefore,
): Promise<RunningServer> {
  const { shards } = storage.databases;
  const ports = { shards, clock: systemClock, random: randomBytes, log };
  const rateLimits = await openLimits(config, log, closers);
  const accounts = await openAccounts(config, storage, rateLimits, log);
  const mail = await openMail(config, accounts, log);
  const metadataCopy = openMetadataCopy(config, storage, log);
  const metrics = openFigures(config, storage, metadataCopy?.ages, tls?.untilMs);
  const audited = await openAudit(config, { accounts, storage, metrics, log, version }, closers);
  const notifier = await openNotifier(config, { shards, accounts, metrics, log }, closers);
  const { polls, committed } = notifier;
  const storing = { ...ports, blocks: storage.blocks };
  const onMessages = (spaceId: SpaceId) => queue.kick(shards.lastOf(bucketOf(spaceId)));
  const committer = openCommitter({ ...storing, brakes: config.deviceBrake, onCommitted: committed, onMessages });
  const lifetimeMs = config.retention.sessionsMs;
  const uploads = openUploads({ ...storing, codec: storage.pool, committer, lifetimeMs });
  closers.add("uploads", () => uploads.idle());
  const webhooks = { ...ports, ...webhookPorts(config, accounts) };
  const kick = (shard: Shard) => queue.kick(shard);
  const retaining = retention(config, { storage, metrics, log, kick });
  const thumbs = openThumbs(config, { ...ports, storage, key: accounts.secrets.thumbKey }, closers);
  const shredding = { thumbs, sharing: () => sharing, renewMetadata: metadataCopy?.renew };
  const doctor = serverDoctor(storage, config, version);
  const notifying = notifyingJobs(config, { accounts, storage, doctor, kick, onEnded: committed, log });
  const periodic = { more: [...(metadataCopy?.jobs ?? []), ...audited.jobs, ...notifying], random, ...shredding };
  const jobs = startPeriodic(config, { accounts, storage, log, retaining, ...periodic }, closers);
  const notifications = {
    ...ports,
    wake: committed,
    mail,
    kick: (id: UserId) => queue.kick(shards.lastOf(bucketOf(id))),
  };
  const queue = startQueue(
    {
      log,
      sharing: () => ({ ...sharing, blocks: storage.blocks }),
      notifications,
      mail,
      webhooks: () => webhooks,
      suspending: () => ({ shards, audit: audited.audit, kick }),
      releases: { cells: storage.cells, clock: systemClock },
      jobs: () => jobs,
    },
    { config, storage, log, notifier },
    closers,
  );
  const inView = openViewCommitter({ shards, blocks: storage.blocks }, committer);
  const sharing = { ...ports, committer: inView, queue, onCommitted: committed };
  const opened = { config, accounts, mail, storage, uploads, polls, wake: committed, rateLimits, audited, log };
  const parts = { ...opened, committer: inView, sharing, queue, webhooks, thumbs, retaining, doctor };
  const http = await openHttp(config, { parts, metrics, version, web, tls: tls?.tls }, closers);
  const setupToken = await setUpServer(config, accounts, log);
  closers.add("http", () => http.close());
  const { url, base } = await listen(http, config, { mail, tls, log, closers });
  measureSoon(metrics, log);
  const setupUrl = setupToken === undefined ? undefined : `${base}/setup#${setupToken}`;
  return {
    url,
    setupUrl,
    log,
    renewTls: () => tls?.reread(http),
    folders: storage.folders,
    close: () => closers.close(),
  };
}

function noteUrl({ dataFolder, publicUrl, acme }: Config, url: string): string {
  noteAddress(dataFolder, publicUrl ?? url);
  noteAuthority(dataFolder, acme);
  return publicUrl ?? url;
}

function openFigures(
  { diskReserveBytes, ldap }: Config,
  { databases, placed, disks, isReadOnly }: Storage,
  metadata: MetricSources["metadata"],
  certificateUntilMs: (() => number) | undefined,
): Metrics {
  return openMetrics({
    ...(metadata === undefined ? {} : { metadata }),
    ...(certificateUntilMs === undefined
      ? {}
      : { certificateSeconds: () => (certificateUntilMs() - systemClock.nowMs()) / 1000 }),
    stored: storedBytes(databases.shards),
    damagedBlocks: damagedBlocks(databases),
    backupAgeSeconds: backupAge(databases, systemClock),
    drill: lastDrill(databases, systemClock),
    ...(ldap?.everyMs === undefined ? {} : { ldap: ldapFigures(databases, systemClock) }),
    databaseConflicts: databases.conflicts,
    databaseReads: databases.readCounts,
    databaseReadOnly: isReadOnly,
    suspendedDevices: () => countSuspended(databases.shards),
    queue: queueFigures(databases.shards),
    waiting: collectionBacklog(databases),
    disks: () => readRooms(disks, diskReserveBytes),
    copies: async () => (await readCopies(placed)).copies,
  });
}

interface RetentionPorts extends Pick<ApiParts, "storage" | "log">, Pick<RetentionParts, "kick"> {
  readonly metrics: Metrics;
}

function retention(config: Config, { storage, metrics, log, kick }: RetentionPorts): RetentionParts {
  const { databases, cells } = storage;
  const onMended = reportMended(log, metrics);
  return { shards: databases.shards, cells, clock: systemClock, settings: config.retention, kick, onMended };
}

type DataJobsParts = Omit<StorageJobsParts, keyof Config> &
  RequestedJobsParts &
  ShredWorld &
  Pick<Storage, "databases"> & { readonly serverId: string };

function jobsOnData(config: Config, parts: DataJobsParts): PeriodicJob[] {
  return [
    ...storageJobs({ ...config, ...parts }),
    ...requestedJobs(parts),
    ...(parts.alone
      ? backupJobs({ ...parts, config })
      : [movingJob({ databases: parts.databases, log: parts.log, wait: systemTime.sleep })]),
    shredJob(parts),
    leavingJob({ ...parts, cells: parts.databases.cells }, config.retention.graceMs),
    { name: "end-app-folders", everyMs: 60_000, run: () => endAppFolders(parts.sharing()) },
  ];
}

interface NotifyingParts
  extends Pick<ApiParts, "accounts" | "storage" | "doctor" | "log">, Required<Pick<AccountWorld, "onEnded">> {
  readonly kick: (shard: Shard) => void;
}

function notifyingJobs(
  config: Config,
  { accounts, storage, doctor, kick, onEnded, log }: NotifyingParts,
): PeriodicJob[] {
  const { shards } = storage.databases;
  const queued = (id: UserId) => kick(shards.lastOf(bucketOf(id)));
  return [
    ...doctorJobs({ doctor, config, shards, kick }),
    ...ldapJobs({ ...accounts, onEnded, queued, log, queue: { kick } }, config.ldap),
  ];
}

interface PeriodicParts
  extends
    Pick<ApiParts, "accounts" | "storage" | "log" | "retaining">,
    Pick<ShredWorld, "thumbs" | "sharing" | "renewMetadata"> {
  readonly more: readonly PeriodicJob[];
  readonly random: () => number;
}

/** Without the worker role, there are none. */
function startPeriodic(config: Config, parts: PeriodicParts, closers: Closers): Jobs {
  const { accounts, storage, log, retaining, more } = parts;
  const { shards } = storage.databases;
  const { serverId } = accounts.secrets;
  const ports = { shards, clock: systemClock, random: randomBytes, log, serverId };
  const removeOldDatabases = () => removeOldClusters(resolve(config.dataFolder));
  const periodic = () => [
    ...retentionJobs(accounts, retaining),
    ...jobsOnData(config, {
      ...parts,
      ...storage,
      ...ports,
      ...systemTime,
      removeOldDatabases,
      alone: isAlone(config),
    }),
    ...more,
  ];
  const guarded = {
    log,
    assertMayRun: storage.assertOwner,
    isPaused: storage.isReadOnly,
    random: parts.random,
  };
  const jobs = startJobs(config.roles.has("worker") ? periodic() : [], { ...guarded, db: shards.of(toBucket(0)).db });
  closers.add("jobs", () => jobs.stop());
  return jobs;
}

function webhookPorts({ webhookPrivate }: Config, { secrets }: AccountWorld) {
  return { serverKey: secrets.grantKey, network: webhookNetwork({ allowPrivate: webhookPrivate }) };
}

interface QueueProcess extends Pick<ApiParts, "config" | "storage" | "log"> {
  readonly notifier: Notifier;
}

/** While a standby answers reads, the changes of a message would fail. */
function assertMayWork({ assertOwner, isReadOnly }: Storage): void {
  assertOwner();
  if (isReadOnly()) throw new HoldfastError("unavailable", "A database has no primary at the moment.");
}

/** Without the worker role, it only notifies the workers of commits. */
function startQueue(parts: QueueParts, { config, storage, log, notifier }: QueueProcess, closers: Closers): Queue {
  const { shards } = storage.databases;
  if (!config.roles.has("worker")) return { kick: notifier.ring, idle: async () => {}, stop: async () => {} };
  const kinds = queueKinds(parts);
  const neighbours = isAlone(config) ? noNeighbours : lockedNeighbours;
  const queue = openQueue({
    shards,
    clock: systemClock,
    log,
    kinds,
    assertMayRun: () => assertMayWork(storage),
    neighbours,
  });
  notifier.setOnRung((shard) => queue.kick(shard));
  closers.add("queue", () => queue.stop());
  return queue;
}

interface ListenParts {
  readonly mail: OpenedMail;
  readonly tls: OpenedTls | undefined;
  readonly log: Log;
  readonly closers: Closers;
}

const noPublicUrl = "HOLDFAST_PUBLIC_URL is not set: links lead to this process, which does not run the role api";

/** @returns the shown address, and the start of every link */
async function listen(
  http: HttpServer,
  config: Config,
  { mail, tls, log, closers }: ListenParts,
): Promise<{ readonly url: string; readonly base: string }> {
  const { host, port } = config.listen;
  const url = shownUrl(await http.listen(host, port), config, tls?.tls.cert);
  if (config.publicUrl === undefined && !config.roles.has("api")) log.warn({}, noPublicUrl);
  mail.listensAt(url);
  tls?.keep(http, closers);
  return { url, base: noteUrl(config, url) };
}
