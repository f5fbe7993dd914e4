import { resolve } from "node:path";
import { toHoldfastError } from "@holdfast/core/errors";
import { openStoreAt } from "../admin-storage/open-admin-cells.ts";
import { portsFor } from "../admin-storage/open-admin-storage.ts";
import { archiveLog } from "./archive-log.ts";
import { copyPacksSince } from "./archive-packs.ts";
import { type BackupPlace, openPlace } from "./backup-place.ts";
import { type LastBackup, readLastBackup } from "../../packs/facts/last-backup.ts";
import { scheduledBackups } from "./schedule-job.ts";
import type { Shards } from "../../base/db/shards.ts";
import { noteShredded } from "./shredded-ids.ts";
import { backupSlots } from "./take-backup.ts";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
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
    const place = await openLastPlace(cell, last, ports);
    await noteShredded(place, shards);
    await archiveLog({
      db: cell.db,
      archive: { place, run: last.run },
      slot: backupSlots.archive,
      clusterFolder: clusterFolderOf(resolve(config.dataFolder)),
      clock: ports.clock,
      bringBefore: (sinceMs) => copyPacksSince({ cell, place, pool, clock: ports.clock, signal }, sinceMs),
      signal,
    });
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

async function openLastPlace(
  { keyring }: BlockCell,
  last: LastBackup,
  ports: ReturnType<typeof portsFor>,
): Promise<BackupPlace> {
  const store = await openStoreAt(last.place, ports, `The backup folder ${last.place}`);
  return openPlace({ store, keyring, random: ports.random }, last.place_id);
}
