import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { IdleMemory } from "@holdfast/codec/idle-memory";
import { toBucket, type UserId } from "@holdfast/core/ids";
import type { AccountWorld } from "../accounts/account-world.ts";
import { Authenticator } from "../accounts/authenticator.ts";
import { setUp } from "../accounts/set-up.ts";
import type { Config } from "../config/read-config.ts";
import { openReadiness } from "../operation/health.ts";
import { type Metrics, openMetrics } from "../operation/metrics.ts";
import { createHttpServer, type HttpServer } from "../http/server.ts";
import { openLog } from "../operation/log.ts";
import { openCommitter } from "../metadata/commit/commit-queue.ts";
import { openViewCommitter } from "../metadata/commit/view-committer.ts";
import { retentionJobs } from "../jobs/retention-jobs.ts";
import { storageJobs } from "../jobs/storage-jobs.ts";
import { startJobs } from "../jobs/periodic-jobs.ts";
import { queueFigures } from "../queue/figures.ts";
import { openQueue, type Queue } from "../queue/open-queue.ts";
import { openUploads } from "../uploads/uploads.ts";
import { Closers } from "./closers.ts";
import { assertAddressFree } from "./free-address.ts";
import { type ApiParts, makeHandlers } from "./handlers.ts";
import { openAccounts } from "./open-accounts.ts";
import { openLimits } from "./open-limits.ts";
import { openMail, type OpenedMail } from "./open-mail.ts";
import { openNotifier } from "./open-notifier.ts";
import { queueKinds, type QueueParts } from "./queue-kinds.ts";
import { openStorage, type StoreWrap } from "./open-storage.ts";
import { deduplicationRatio, storageProbes } from "./storage-figures.ts";
import { systemClock } from "./system-clock.ts";
import { webhookNetwork } from "../webhooks/send-webhook.ts";
import type { RunningServer } from "./running-server.ts";
import { readTls } from "./tls.ts";

/** Every role in one process: opens all, serves, and takes down what it opened if anything fails on the way. */
export async function serveAll(config: Config, version: string, wrapStore?: StoreWrap): Promise<RunningServer> {
  const log = openLog(config.logLevel);
  const closers = new Closers(log);
  try {
    await assertAddressFree(config.listen);
    const storage = await openStorage(config, log, closers, wrapStore);
    const { shards } = storage.databases;
    const ports = { shards, clock: systemClock, random: randomBytes, log };
    const rateLimits = openLimits(config, log, closers);
    const accounts = await openAccounts(config, storage, rateLimits, log);
    const mail = openMail(config, accounts, log);
    const metrics = openMetrics({
      deduplicationRatio: deduplicationRatio(shards),
      databaseConflicts: storage.databases.conflicts,
      queue: queueFigures(shards),
    });
    const alone = config.databaseUrl === undefined && config.topology === undefined;
    const { polls, committed } = openNotifier(config, { shards, metrics, log, alone }, closers);
    const committer = openCommitter({
      ...ports,
      onCommitted: committed,
      onMessages: (spaceId) => queue.kick(shards.ofId(spaceId)),
    });
    const uploads = openUploads({ ...ports, blocks: storage.blocks, codec: storage.pool, committer });
    closers.add("uploads", () => uploads.idle());
    const webhooks = { ...ports, ...webhookPorts(config, accounts) };
    const guarded = { log, assertMayRun: storage.assertOwner };
    const periodic = [...retentionJobs(accounts, systemClock), ...storageJobs({ ...storage, ...ports, alone })];
    const jobs = startJobs(periodic, { ...guarded, db: shards.of(toBucket(0)).db, random: Math.random });
    closers.add("jobs", () => jobs.stop());
    const kick = (id: UserId) => queue.kick(shards.ofId(id));
    const notifications = { ...ports, wake: committed, mail, kick };
    const queue = startQueue(
      { log, sharing: () => ({ ...sharing, blocks: storage.blocks }), notifications, mail, webhooks: () => webhooks },
      { storage, log },
      closers,
    );
    const inView = openViewCommitter(shards, committer);
    const sharing = { ...ports, committer: inView, queue, onCommitted: committed };
    const parts = {
      accounts,
      mail,
      storage,
      committer: inView,
      uploads,
      polls,
      rateLimits,
      jobs,
      log,
      sharing,
      queue,
      webhooks,
    };
    const http = openHttp(config, { parts, metrics, version }, closers);
    const setupToken = await setUp(accounts, config.administrator);
    closers.add("http", () => http.close());
    const url = await listen(http, config, mail);
    return {
      url,
      setupUrl: setupToken === undefined ? undefined : `${config.publicUrl ?? url}/setup#${setupToken}`,
      log,
      renewTls: () => config.tls !== undefined && http.renewTls(readTls(config.tls)),
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

function webhookPorts({ webhookPrivate }: Config, { secrets }: AccountWorld) {
  return { serverKey: secrets.grantKey, network: webhookNetwork({ allowPrivate: webhookPrivate }) };
}

interface HttpParts {
  readonly parts: ApiParts;
  readonly metrics: Metrics;
  readonly version: string;
}

function openHttp(config: Config, { parts, metrics, version }: HttpParts, closers: Closers): HttpServer {
  const { accounts, storage, rateLimits, log } = parts;
  const memory = new IdleMemory();
  closers.add("memory", () => memory.stop());
  const readiness = openReadiness(storageProbes(storage), () => performance.now());
  return createHttpServer({
    handlers: makeHandlers(parts, { readiness, metrics, version }),
    authenticator: new Authenticator(accounts),
    rateLimits,
    log,
    observe: (request) => {
      metrics.observe(request);
      memory.touched();
    },
    assertWritable: storage.assertOwner,
    proxyHops: config.proxyHops,
    ownNames: [config.listen.host, hostname(), ...publicNames(config)],
    ...(config.publicUrl === undefined ? {} : { publicUrl: config.publicUrl }),
    ...(config.tls === undefined ? {} : { tls: readTls(config.tls) }),
    ...(config.connectionsMax === undefined ? {} : { connectionsMax: config.connectionsMax }),
  });
}

function startQueue(parts: QueueParts, { storage, log }: Pick<ApiParts, "storage" | "log">, closers: Closers): Queue {
  const { shards } = storage.databases;
  const kinds = queueKinds(parts);
  const queue = openQueue({ shards, clock: systemClock, log, kinds, assertMayRun: storage.assertOwner });
  closers.add("queue", () => queue.stop());
  return queue;
}

async function listen(http: HttpServer, { listen: { host, port } }: Config, mail: OpenedMail): Promise<string> {
  const url = await http.listen(host, port);
  mail.listensAt(url);
  return url;
}

function publicNames({ publicUrl }: Config): string[] {
  return publicUrl === undefined ? [] : [new URL(publicUrl).hostname];
}
