import { readBackupSchedule } from "../blocks/backup-schedule.ts";
import { readLastBackup } from "../blocks/last-backup.ts";
import type { DoctorWorld } from "./doctor-world.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** One each week, and a day late. */
const ageMsMax = 8 * 24 * 3600_000;
/** Of those that the server takes by itself: one may fail. */
const everyMax = 2.5;

/** Whether there is a backup, and how old it is. */
export async function checkBackup({ cells, clock }: DoctorWorld): Promise<Finding[]> {
  const nowMs = clock.nowMicros() / 1000;
  const findings: Finding[] = [];
  for (const { id, db } of cells) {
    const [last, schedule] = [await readLastBackup(db), await readBackupSchedule(db)];
    const made = last && { place: last.place, atMs: Date.parse(last.consistent_at) };
    findings.push(judgeBackup(`cell ${id}`, made, nowMs, schedule?.every_ms));
  }
  return findings;
}

/** @param everyMs by the schedule, where there is one; @param last the newest that came to its end, and the moment to which it goes */
export function judgeBackup(
  whose: string,
  last: { readonly place: string; readonly atMs: number } | undefined,
  nowMs: number,
  everyMs?: number,
): Finding {
  if (last === undefined) {
    const advice = "Say 'holdfast admin backup DIR', with DIR on another disk or machine.";
    return warn("backup", `${whose}: no backup was made yet`, advice);
  }
  const days = Math.floor((nowMs - last.atMs) / (24 * 3600_000));
  const detail = `${whose}: the newest lies at ${last.place} and is ${days === 0 ? "of today" : `${days} days old`}`;
  const lateMs = everyMs === undefined ? ageMsMax : everyMs * everyMax + 3600_000;
  if (nowMs - last.atMs <= lateMs) return ok("backup", detail);
  if (everyMs !== undefined) return warn("backup", detail, "The log says why the scheduled ones were not made.");
  return warn("backup", detail, `Say 'holdfast admin backup ${last.place}' again, and let something say it each day.`);
}
