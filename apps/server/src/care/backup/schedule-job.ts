import { toHoldfastError } from "@holdfast/core/errors";
import { readLastBackup } from "../../packs/facts/last-backup.ts";
import type { PeriodicJob } from "../jobs/periodic-jobs.ts";
import { readBackupSchedule } from "../../packs/facts/backup-schedule.ts";
import { scheduledDrills } from "./drill-job.ts";
import type { ScheduleParts } from "./schedule-parts.ts";

const lookMs = 15_000;
const retryMs = 3600_000;

/** Backups and drills run one after the other. */
export function scheduledBackups(parts: ScheduleParts): PeriodicJob {
  const work = [backupsInTime(parts), scheduledDrills(parts)];
  return {
    name: "backup",
    everyMs: lookMs,
    run: async (signal) => {
      for (const each of work) if (!signal.aborted) await each(signal);
    },
  };
}

function backupsInTime({ cells, config, clock, log }: ScheduleParts): (signal: AbortSignal) => Promise<void> {
  let notBeforeMs = 0;
  return async (signal) => {
    const [cell] = cells.all();
    const schedule = cell === undefined ? undefined : await readBackupSchedule(cell.db);
    if (cell === undefined || schedule === undefined || clock.nowMs() < notBeforeMs) return;
    const last = await readLastBackup(cell.db);
    if (last !== undefined && clock.nowMs() < Date.parse(last.consistent_at) + schedule.every_ms) return;
    const request = { place: schedule.place, keep: schedule.keep ?? undefined, withKey: false };
    try {
      const { backUpServer } = await import("./run-backup.ts");
      const { problems, consistent_at, bytes, added_bytes } = await backUpServer(request, config, signal);
      const report = { place: schedule.place, consistent_at, bytes, added_bytes };
      if (problems.length === 0) log.info(report, "a backup was made");
      else
        log.error(
          { ...report, problems },
          "a backup was made; it does not contain what is damaged or missing on this server",
        );
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = toHoldfastError(error);
      if (code === "locked") {
        log.debug({ place: schedule.place }, "the backup waits for another one to end");
        return;
      }
      notBeforeMs = clock.nowMs() + retryMs;
      log.error({ place: schedule.place, reason: message }, "a backup could not be made");
    }
  };
}
