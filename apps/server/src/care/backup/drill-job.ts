import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { formatBytes } from "@holdfast/core/format-bytes";
import { limits } from "@holdfast/core/limits";
import { errnoOf } from "@holdfast/disk/disk-error";
import { readBackupSchedule } from "../../packs/facts/backup-schedule.ts";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
import { type LastBackup, readLastBackup } from "../../packs/facts/last-backup.ts";
import { drillProblemsMax, type LastDrill, noteDrill, readLastDrill } from "../../packs/facts/last-drill.ts";
import type { Config } from "../../base/config/read-config.ts";
import { accountFor } from "../../base/db/embedded/account.ts";
import { clusterFolderOf } from "../../base/db/embedded/cluster.ts";
import { drillDataName, removeScratch } from "./drill-scratch.ts";
import { keyFileName } from "./find-key.ts";
import type { DrillReport } from "./run-drill.ts";
import type { ScheduleParts } from "./schedule-parts.ts";

/** Delay after a lack of space or an unavailable place. */
const retryMs = 24 * 3600_000;
/** Stays free during a drill. */
const roomLeftBytes = 1024 * 1024 * 1024;

/**
 * Restores the newest backup once per period if backups are scheduled: the database and a sample of packs. Stores the
 * result. First removes leftovers of a killed server.
 * @returns a function to call regularly, never during a backup, which could remove the backup being restored
 */
export function scheduledDrills({
  cells,
  config,
  serverId,
  clock,
  log,
}: ScheduleParts): (signal: AbortSignal) => Promise<void> {
  const scratch = scratchOf(config, serverId);
  let isSwept = false;
  return async (signal) => {
    if (!isSwept && (await isLeftover(scratch))) await removeScratch(scratch);
    isSwept = true;
    const [cell] = cells.all();
    const { periodMs } = config.drills;
    if (cell === undefined || periodMs === undefined) return;
    const [schedule, backup, last] = [
      await readBackupSchedule(cell.db),
      await readLastBackup(cell.db),
      await readLastDrill(cell.db),
    ];
    if (schedule === undefined || backup === undefined || !isDue(last, periodMs, clock.nowMs())) return;
    const tried_at = new Date(clock.nowMs()).toISOString();
    try {
      const report = await drill(backup, { config, scratch, signal });
      await noteDrill(cell.db, { tried_at, ...doneBy(report, clock.nowMs()) });
      const { problems, ...figures } = report;
      if (problems.length === 0) log.info(figures, "restore drill: the newest backup was restored and is undamaged");
      else log.error({ ...figures, problems: problems.slice(0, drillProblemsMax) }, "the newest backup is damaged");
    } catch (error) {
      if (signal.aborted) return;
      const failure = toHoldfastError(error);
      await noteFailure(cell, last, { tried_at, failure, nowMs: clock.nowMs() });
      log.error({ reason: failure.message }, "restore drill: the newest backup could not be restored");
    }
  };
}

function isDue(last: LastDrill | undefined, periodMs: number, nowMs: number): boolean {
  if (last === undefined) return true;
  const wasDone = last.tried_at <= (last.done_at ?? "");
  return nowMs >= Date.parse(last.tried_at) + (wasDone ? periodMs : Math.min(periodMs, retryMs));
}

function doneBy(report: DrillReport, nowMs: number): Omit<LastDrill, "tried_at"> {
  const { id, recovery_seconds, recovery_point_seconds, packs, problems } = report;
  return {
    done_at: new Date(nowMs).toISOString(),
    backup: id,
    recovery_seconds,
    recovery_point_seconds,
    packs,
    problems: problems.slice(0, drillProblemsMax),
    problem_count: problems.length,
  };
}

const none = { done_at: null, backup: null, recovery_seconds: null, recovery_point_seconds: null, packs: 0 };

async function noteFailure(
  { db }: BlockCell,
  last: LastDrill | undefined,
  { tried_at, failure, nowMs }: { tried_at: string; failure: HoldfastError; nowMs: number },
): Promise<void> {
  // A backup that cannot be restored is also a result.
  const done = failure.code === "damaged" ? { ...none, done_at: new Date(nowMs).toISOString() } : {};
  await noteDrill(db, { ...none, ...last, ...done, tried_at, problems: [failure.message], problem_count: 1 });
}

interface Drilling {
  readonly config: Config;
  readonly scratch: string;
  readonly signal: AbortSignal;
}

async function drill({ place }: LastBackup, { config, scratch, signal }: Drilling): Promise<DrillReport> {
  const { drillIn } = await import("./run-drill.ts");
  return drillIn(scratch, {
    location: place,
    keyFiles: [join(resolve(config.dataFolder), keyFileName)],
    sample: limits.drillPacks,
    environment: config.environment,
    // Another user may not have access to the data folder.
    account: accountFor(clusterFolderOf(resolve(config.dataFolder))),
    signal,
    // Administrators and the log do not need names of files.
    namesFiles: false,
    prepare: async (neededBytes) => {
      const { bsize, bavail } = await statfs(dirname(scratch));
      refuseWithoutRoom(scratch, neededBytes, bsize * bavail);
      await makeScratch(scratch);
    },
  });
}

/** Other contents, or a link, must not be removed. */
async function isLeftover(scratch: string): Promise<boolean> {
  try {
    return (await lstat(scratch)).isDirectory() && (await readdir(scratch)).every((name) => name === drillDataName);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return false;
    throw error;
  }
}

/** @throws HoldfastError conflict */
async function makeScratch(scratch: string): Promise<void> {
  try {
    await mkdir(scratch);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    const message = `The restore drill needs the folder ${scratch}, but it already exists. Move it away, or set another folder with HOLDFAST_DRILL_SCRATCH.`;
    throw new HoldfastError("conflict", message, { cause: error });
  }
}

/** @throws HoldfastError store_full */
export function refuseWithoutRoom(scratch: string, neededBytes: number, freeBytes: number): void {
  if (freeBytes >= neededBytes + roomLeftBytes) return;
  throw new HoldfastError(
    "store_full",
    `The restore drill needs ${formatBytes(neededBytes)} in ${scratch}, plus ${formatBytes(roomLeftBytes)} that must stay free, but only ` +
      `${formatBytes(freeBytes)} are free. Set a folder with enough space with HOLDFAST_DRILL_SCRATCH.`,
  );
}

/** Leftovers are found by a constant name, which differs between servers, even in containers with equal paths. */
function scratchOf({ dataFolder, drills }: Config, serverId: string): string {
  const folder = resolve(dataFolder);
  if (drills.scratch === undefined) return join(folder, "drill");
  const name = createHash("sha256").update(`${serverId} ${folder}`).digest("hex").slice(0, 12);
  return join(resolve(drills.scratch), `holdfast-drill-${name}`);
}
