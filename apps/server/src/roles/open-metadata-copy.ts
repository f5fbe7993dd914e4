import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { MetadataCopy } from "../care/backup/metadata-copy.ts";
import { metadataJobs } from "../care/backup/metadata-jobs.ts";
import type { Config } from "../base/config/read-config.ts";
import { clusterFolderOf } from "../base/db/embedded/cluster.ts";
import { readPassword } from "../base/db/embedded/password.ts";
import type { PeriodicJob } from "../care/jobs/periodic-jobs.ts";
import type { Log } from "../base/operation/log.ts";
import type { MetricSources } from "../base/operation/metrics.ts";
import type { Storage } from "./open-storage.ts";
import { systemClock } from "./system-clock.ts";

interface OpenedMetadataCopy {
  readonly jobs: readonly PeriodicJob[];
  /** See `MetadataCopy.renew`; undefined if the store gets no snapshots. */
  readonly renew: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly ages: NonNullable<MetricSources["metadata"]>;
}

/** @returns undefined for an external database, which has its own backup tools */
export function openMetadataCopy(config: Config, storage: Storage, log: Log): OpenedMetadataCopy | undefined {
  const folder = resolve(config.dataFolder);
  const [cell] = storage.cells.all();
  const [shard] = storage.databases.shards.all();
  const password = readPassword(folder);
  if (config.databaseUrl !== undefined || config.topology !== undefined) return undefined;
  if (cell === undefined || shard === undefined || password === undefined) return undefined;
  const settings = config.snapshots;
  const cluster = { connection: shard.connection, folder: clusterFolderOf(folder), password };
  const ports = { clock: systemClock, random: randomBytes, monotonicMs: () => performance.now() };
  const copy = new MetadataCopy({ cell, cluster, settings, ...ports });
  const renew = settings.snapshotMs === undefined ? undefined : (signal: AbortSignal) => copy.renew(signal);
  return { jobs: metadataJobs({ cell, copy, settings, log }), renew, ages: () => copy.ages() };
}
