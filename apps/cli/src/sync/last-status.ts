import { dirname, join } from "node:path";
import { z } from "zod";
import { printable } from "@holdfast/core/printable";
import { shellWord } from "@holdfast/core/shell-word";
import { clearingCode, isClearing } from "./clearing-marker.ts";
import { SavedLogin } from "../config/saved-login.ts";
import type { Problem } from "../output/output.ts";
import { askRunning } from "./control-client.ts";
import type { RunningStatus } from "./control-client.ts";
import { readPrivate, writePrivate } from "./known-syncs.ts";
import type { KnownSync, SyncRecord } from "./known-syncs.ts";
import { approvedIn } from "./group-deletions.ts";
import { recordedAnswer, reportBytesMax, syncReport, waitingDeletion } from "./report.ts";
import type { RecordedAnswer, SyncReport, WaitingDeletion } from "./report.ts";

const saved = z.object({
  report: syncReport,
  deletions: z.array(waitingDeletion),
  answers: z.array(recordedAnswer).optional(),
});
const lastStatusName = "last-status.json";

export function saveLastStatus(folder: string, status: LastStatus): Promise<void> {
  return writePrivate(join(folder, lastStatusName), status);
}

export async function readLastReport(folder: string): Promise<Pick<SyncReport, "problems" | "deletions_waiting">> {
  const last = await readPrivate(join(folder, lastStatusName), saved, reportBytesMax);
  return last?.report ?? { problems: [], deletions_waiting: 0 };
}

/**
 * Moves waiting deletions to the answers for the next run. An undo replaces an approval.
 * @param withdrawn ids of deletions whose approval was withdrawn
 * @returns the deletions to which the answer applies
 */
export async function recordAnswer(
  { folder }: KnownSync,
  action: RecordedAnswer["action"],
  ids: readonly string[],
  withdrawn: ReadonlySet<string>,
): Promise<readonly WaitingDeletion[]> {
  const last = await readPrivate(join(folder, lastStatusName), saved, reportBytesMax);
  if (last === undefined) return [];
  const wanted = new Set(ids);
  const isMeant = ({ id }: WaitingDeletion): boolean => wanted.has(id);
  const deletions = last.deletions.filter((each) => !isMeant(each));
  const approved = approvedIn(last).filter((each) => isMeant(each) && withdrawn.has(each.id));
  const answered = [...last.deletions.filter(isMeant), ...approved];
  const before = (last.answers ?? []).map((each) => ({
    action: each.action,
    answered: each.answered.filter((deletion) => !isMeant(deletion)),
  }));
  const answers = [...before, { action, answered }].filter((each) => each.answered.length > 0);
  const report = { ...last.report, deletions_waiting: countDeletions(deletions) };
  await saveLastStatus(folder, { report, deletions, answers });
  return answered;
}

function countDeletions(waiting: readonly WaitingDeletion[]): number {
  return waiting.filter(({ what }) => what === "deletion").length;
}

export async function forgetConflict({ folder }: KnownSync, path: string): Promise<void> {
  const last = await readPrivate(join(folder, lastStatusName), saved, reportBytesMax);
  if (last === undefined) return;
  const conflicts = last.report.conflicts.filter((each) => each !== path);
  await saveLastStatus(folder, { ...last, report: { ...last.report, conflicts } });
}

export interface LastStatus extends RunningStatus {
  readonly answers?: readonly RecordedAnswer[] | undefined;
}

export interface KnownStatus extends LastStatus {
  readonly isRunning: boolean;
  /** Removes its copies, while the client is not running. */
  readonly isClearing: boolean;
}

export async function statusOf(sync: KnownSync): Promise<KnownStatus> {
  const running = await askRunning(sync);
  if (running !== undefined) return { ...running, isRunning: true, isClearing: false };
  const last = await lastStatus(sync);
  return { ...last, isRunning: false, isClearing: last.report.problems[0]?.code === clearingCode };
}

export async function lastStatus(sync: KnownSync): Promise<LastStatus> {
  const last = await readPrivate(join(sync.folder, lastStatusName), saved, reportBytesMax);
  const clears = await isClearing(sync.folder);
  const why = clears
    ? { path: "", code: clearingCode, message: clearingMessage }
    : { path: "", code: "not_running", message: await whyStopped(sync, last?.report.problems ?? []) };
  const { deletions = [], answers = [] } = last ?? {};
  const report = { ...stopped(sync, last?.report, why), ...answerCounts(answers) };
  return { report, deletions, answers };
}

/** Omits counts of 0, because existing scripts compare the whole document. */
function answerCounts(answers: readonly RecordedAnswer[]): Pick<SyncReport, "deletions_approved" | "deletions_undone"> {
  const countOf = (action: RecordedAnswer["action"]): number =>
    countDeletions(answers.flatMap((each) => (each.action === action ? each.answered : [])));
  const [approved, undone] = [countOf("approve"), countOf("undo")];
  return {
    ...(approved === 0 ? {} : { deletions_approved: approved }),
    ...(undone === 0 ? {} : { deletions_undone: undone }),
  };
}

const clearingMessage =
  "This device was signed out from another one of your devices. Local copies of files on the server are being removed.";

/** Returns why the client is not running and how to start it. Without a valid login, signing in comes first. */
async function whyStopped({ folder, record }: KnownSync, problems: readonly Problem[]): Promise<string> {
  const { server, root } = record;
  const word = shellWord(root);
  // A new start would fail in the same way.
  if (problems.some(({ code }) => code === "refused"))
    return `This sync stopped and cannot continue as it is. Solve the problem below, then start it with: holdfast sync ${word}, or remove it (your files stay) with: holdfast sync ${word} --forget`;
  const found = await new SavedLogin(dirname(dirname(folder))).read().then(
    (login) => ({ login }),
    () => undefined,
  );
  const login = found?.login?.server === server ? found.login : undefined;
  // An unreadable login gives no reason.
  if (found === undefined || (login !== undefined && login.hasEnded !== true)) return notRunning(record);
  const why =
    login === undefined
      ? `This sync is not running, and no login for ${server} is stored.`
      : "This device was signed out, for example by a password change or from another of your devices.";
  const resumed = record.is_paused ? "run 'holdfast resume', then " : "";
  const orToken = login === undefined ? ", or set HOLDFAST_TOKEN" : "";
  return `${why} Sign in with: holdfast login ${shellWord(server)}${orToken}, then ${resumed}start the sync with: holdfast sync ${word}`;
}

export function notRunning({ root, is_paused }: Pick<SyncRecord, "root" | "is_paused">): string {
  return is_paused
    ? `This sync is not running. Run 'holdfast resume', then start it with: holdfast sync ${shellWord(root)}`
    : `This sync is not running. Start it with: holdfast sync ${shellWord(root)}`;
}

/** @param does such as "applies the answer" */
export function nextRun(root: string, does: string): string {
  const word = shellWord(root);
  return `The sync of ${printable(root)} is not running. The next run ${does}: holdfast sync ${word}, or once: holdfast sync ${word} --once`;
}

/** The report format has no state for a stopped client, so it is offline or paused, and a problem explains that. */
function stopped({ record }: KnownSync, last: SyncReport | undefined, why: Problem): SyncReport {
  const { root, server, account, device, is_paused } = record;
  return {
    ...(last ?? { pending_files: 0, last_sync_at: null, conflicts: [], deletions_waiting: 0 }),
    root,
    server,
    account,
    device,
    state: is_paused ? "paused" : "offline",
    page_url: null,
    // After clearing, earlier problems no longer matter.
    problems: why.code === clearingCode ? [why] : [why, ...(last?.problems ?? [])],
  };
}
