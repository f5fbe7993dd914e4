import { resolve } from "node:path";
import { toHoldfastError } from "@holdfast/core/errors";
import { portsFor } from "../admin-storage/open-admin-storage.ts";
import { readLastBackup } from "../../packs/facts/last-backup.ts";
import { scheduledBackups } from "./schedule-job.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { BlockCells } from "../../packs/cells/open-block-cells.ts";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import type { Config } from "../../base/config/read-config.ts";
import { clusterFolderOf } from "../../base/db/embedded/cluster.ts";
import type { Log } from "../../base/operation/log.ts";
import type { PeriodicJob } from "../jobs/periodic-jobs.ts";

export interface BackupJobsParts {
  readonly cells: BlockCells;
  readonly shards: Shards;
  readonly pool: BlockPool;
  readonly log: Log;
  readonly config: Config;
  readonly serverId: string;
}

const minuteMs = 60_000;

/** Starts after the first backup. If the place is unavailable, the database keeps its log up to a limit. */
export function backupJobs({ cells, shards, pool, log, config, serverId }: BackupJobsParts): PeriodicJob[] {
  const ports = portsFor(config.environment);
  let complaint: string | undefined;
  const archive = async (signal: AbortSignal) => {
    const [cell] = cells.all();
    const last = cell === undefined ? undefined : await readLastBackup(cell.db);
    if (cell === undefined || last === undefined) return;
    const { archiveSince } = await import("./archive-since.ts");
    const clusterFolder = clusterFolderOf(resolve(config.dataFolder));
    await archiveSince(last, { cell, shards, pool, clusterFolder, ...ports, signal });
  };
  const run = async (signal: AbortSignal) => {
    try {
      await archive(signal);
      if (complaint !== undefined) log.info({}, "changes since the last backup are archived again");
      complaint = undefined;
    } catch (error) {
      if (signal.aborted) return;
      // Logged once, not every minute while a disk is missing.
      const { message } = toHoldfastError(error);
      if (message !== complaint) log.warn({ reason: message }, "changes since the last backup are not archived");
      complaint = message;
    }
  };
  return [
    { name: "archive-log", everyMs: minuteMs, run },
    scheduledBackups({ cells, config, serverId, clock: ports.clock, log }),
  ];
}
