import { shownAddress } from "../../base/config/shown-address.ts";
import { readBackupSchedule } from "../../packs/facts/backup-schedule.ts";
import { readLastBackup } from "../../packs/facts/last-backup.ts";
import { readRestoredState, type RestoredState } from "../../packs/facts/restored-state.ts";
import type { DoctorWorld } from "./doctor-world.ts";
import { readLastDrill, type LastDrill } from "../../packs/facts/last-drill.ts";
import { isOnSameDisk } from "../../packs/facts/backup-disk.ts";
import { fail, type Finding, of, ok, warn } from "./finding.ts";

/** A weekly backup may be a day late. */
const ageMsMax = 8 * 24 * 3600_000;
/** Maximum age in intervals. One backup may fail. */
const everyMax = 2.5;

export async function checkBackup({ cells, clock, config }: DoctorWorld): Promise<Finding[]> {
  const nowMs = clock.nowMicros() / 1000;
  const findings: Finding[] = [];
  for (const { id, db } of cells) {
    const [last, schedule] = [await readLastBackup(db), await readBackupSchedule(db)];
    const sameDisk = last !== undefined && isOnSameDisk({ place: last.place, config });
    const made = last && { place: last.place, atMs: Date.parse(last.consistent_at), sameDisk };
    const restored = last === undefined ? await readRestoredState(db) : undefined;
    const finding =
      restored === undefined
        ? judgeBackup(`cell ${id}`, made, nowMs, schedule?.every_ms)
        : sayRestored(`cell ${id}`, restored);
    findings.push(of(id, finding));
    const { periodMs } = config.drills;
    const drill = await readLastDrill(db);
    if (schedule !== undefined && last !== undefined && periodMs !== undefined)
      findings.push(of(id, judgeDrill(`cell ${id}`, drill, nowMs, periodMs)));
  }
  return findings;
}

/** Reports a restored server of which no backup was made. */
export function sayRestored(
  name: string,
  { restored_at: at, reached, had_schedule: hadSchedule }: RestoredState,
): Finding {
  const detail = `${name}: restored on ${at.slice(0, 10)} to the state of ${reached.slice(0, 16).replace("T", " ")}Z; no backup has been made since`;
  const schedule = hadSchedule ? " Repeat --schedule: a restored server has no schedule." : "";
  const advice = `The earlier backups do not contain the files stored since. Run 'holdfast admin backup DIR', with DIR on another disk or machine.${schedule}`;
  return { ...warn("backup", detail, advice), urgency: "new" };
}

/**
 * @param everyMs interval of the schedule
 * @param last newest complete backup, and the time of its state
 */
export function judgeBackup(
  name: string,
  last: { readonly place: string; readonly atMs: number; readonly sameDisk?: boolean } | undefined,
  nowMs: number,
  everyMs?: number,
): Finding {
  if (last === undefined) {
    const advice = "Run 'holdfast admin backup DIR', with DIR on another disk or machine.";
    return { ...warn("backup", `${name}: no backup has been made yet`, advice), urgency: "new" };
  }
  const days = Math.floor((nowMs - last.atMs) / (24 * 3600_000));
  const place = shownAddress(last.place);
  const detail = `${name}: the newest is in ${place} and is ${days === 0 ? "from today" : `${days} days old`}`;
  const lateMs = everyMs === undefined ? ageMsMax : everyMs * everyMax + 3600_000;
  if (nowMs - last.atMs <= lateMs) {
    if (last.sameDisk !== true) return ok("backup", detail);
    const advice = "Also back up to another disk, another machine or s3://…: if this disk fails, both are lost.";
    return { ...warn("backup", `${detail}, on the same disk as the server`, advice), urgency: "new" };
  }
  if (everyMs !== undefined) return warn("backup", detail, "See the log for why scheduled backups were not made.");
  return warn("backup", detail, `Run 'holdfast admin backup ${place}' again, and schedule it daily.`);
}

type JudgedDrill = Pick<LastDrill, "tried_at" | "done_at" | "recovery_seconds" | "problems" | "problem_count">;

/** @param last last automatic test restore; undefined: none yet */
export function judgeDrill(name: string, last: JudgedDrill | undefined, nowMs: number, periodMs: number): Finding {
  if (last === undefined) return ok("drill", `${name}: the server has not tested a restore yet`);
  const { done_at: doneAt, recovery_seconds: seconds, problems, problem_count: count } = last;
  const wasDone = doneAt !== null && doneAt >= last.tried_at;
  const when = doneAt === null ? "never" : `on ${doneAt.slice(0, 10)}${seconds === null ? "" : `, in ${seconds} s`}`;
  const detail = `${name}: a restore was last tested ${when}`;
  if (!wasDone) {
    const advice =
      "Fix the reported problem; the test is repeated within a day. 'holdfast admin drill' repeats it now.";
    return warn("drill", `${detail}; the last test failed: ${problems.join("; ")}`, advice);
  }
  if (count > 0) {
    const advice =
      "Do not rely on this backup: run 'holdfast admin backup' to another disk, check this disk, then run 'holdfast admin drill'.";
    const found = `${detail}, with ${count === 1 ? "a problem" : `${count} problems`}: ${problems.slice(0, 3).join("; ")}`;
    return { ...fail("drill", found, advice), urgency: "damage" };
  }
  if (nowMs - Date.parse(doneAt) <= periodMs * 1.5 + 24 * 3600_000) return ok("drill", detail);
  return warn("drill", detail, "See the log for why it was not repeated. 'holdfast admin drill' repeats it now.");
}
