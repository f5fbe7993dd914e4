import { createHash } from "node:crypto";
import { basename } from "node:path";
import { needsPerson } from "@holdfast/sync/loop/reports/problems";
import { z } from "zod";
import { count, formatBytes, formatDuration, formatNumber } from "../../output/text.ts";
import { answeredDoingOf, answeredText, approvedIn, waitingCount, waitingLines } from "../group-deletions.ts";
import { conflictedCopy, type FileState } from "../conflicted-copy.ts";
import type { KnownSync } from "../known-syncs.ts";
import type { BandwidthLimits } from "../open-sync.ts";
import { clearingCode } from "../clearing-marker.ts";
import { problemKinds } from "../problem-lines.ts";
import { awaitedOf } from "../awaited.ts";
import type { HowFar } from "../progress-meter.ts";
import type { RecordedAnswer, SyncReport, WaitingDeletion } from "../report.ts";
import { rulesOf } from "../shown-rules.ts";
import { formatRate } from "../sync-flags.ts";
import { logWords, readSyncLog } from "../sync-log.ts";

const shownMax = { paths: 50, conflicts: 20, recent: 50, rules: 100 } as const;

const cut = z.object({ count: z.int(), items: z.array(z.string()) });
const kind = z.object({
  code: z.string(),
  message: z.string(),
  /** 0: the whole folder. */
  count: z.int(),
  /** A message is null if it equals the kind's. */
  paths: z.array(z.object({ path: z.string(), message: z.string().nullable() })),
});
const fileView = z.object({ path: z.string(), folder: z.boolean(), size: z.string(), modified_at: z.string() });
/** `device`: from the name of the copy; null if it contains none. */
const copyView = fileView.extend({ device: z.string().nullable() });

/** `shown`: digest of exactly these deletions. */
const shownDeletions = z.object({ count: z.int(), text: z.string(), lines: z.array(z.string()), shown: z.string() });

/** Long lists are cut and counted. */
export const syncView = z.object({
  key: z.string(),
  root: z.string(),
  server: z.string(),
  account: z.string(),
  device: z.string(),
  /** "": the whole drive. */
  remote: z.string(),
  state: z.enum(["idle", "syncing", "paused", "offline", "waiting", "not_running"]),
  /** Cause of the state `waiting`; absent from an older client. */
  waits_for: z.enum(["you", "server", "quota", "owner"]).default("you"),
  /** Without a running client: paused at its next start. */
  paused: z.boolean(),
  /** Why the client is not running; "" while it runs. */
  note: z.string(),
  last_sync_at: z.string().nullable(),
  /** Text; null while nothing is done. */
  progress: z
    .object({
      share: z.number().nullable(),
      done: z.string(),
      left: z.string(),
      rate: z.string(),
      time_left: z.string(),
      /** Progress of a scan; "" while changes are carried out, and from an older client. */
      looked: z.string().default(""),
      names: z.array(z.string()),
    })
    .nullable(),
  problems: z.array(kind),
  /** Problems that do not prevent the sync. */
  listed: z.array(kind),
  conflicts: z.object({
    count: z.int(),
    items: z.array(z.object({ copy: copyView, original: fileView.nullable() })),
  }),
  deletions: shownDeletions,
  /** Approvals that the next start applies; absent from an older client. */
  approved: shownDeletions.default({ count: 0, text: "", lines: [], shown: "" }),
  /** Newest first. */
  recent: z.array(z.object({ at: z.string(), text: z.string() })),
  /** Format of the options; "": no limit. */
  limits: z.object({ up: z.string(), down: z.string() }),
  excluded: cut,
  ignored: cut,
});
export type SyncView = z.infer<typeof syncView>;

export interface ViewParts {
  readonly report: SyncReport;
  readonly deletions: readonly WaitingDeletion[];
  readonly answers?: readonly RecordedAnswer[] | undefined;
  readonly limits: BandwidthLimits;
  readonly progress?: HowFar | undefined;
  /** undefined while the client runs */
  readonly notRunning?: string;
}

export async function viewOf(sync: KnownSync, parts: ViewParts): Promise<SyncView> {
  const { report, deletions, limits, progress, notRunning } = parts;
  const problems = report.problems.filter(({ code }) => code !== "not_running" && code !== clearingCode);
  const { excluded, ignored } = rulesOf(sync);
  const approved = approvedIn(parts);
  const log = await readSyncLog(sync.folder, shownMax.recent);
  return {
    key: keyOf(sync),
    root: report.root,
    server: report.server,
    account: report.account,
    device: report.device,
    remote: sync.record.remote,
    state: notRunning === undefined ? report.state : "not_running",
    waits_for: awaitedOf(report),
    paused: report.state === "paused",
    note: notRunning ?? "",
    last_sync_at: report.last_sync_at,
    progress: report.state === "syncing" && progress !== undefined ? inWords(progress) : null,
    problems: kindsOf(problems.filter(needsPerson)),
    listed: kindsOf(problems.filter((problem) => !needsPerson(problem))),
    conflicts: await conflictsOf(report),
    deletions: {
      count: deletions.length,
      text: waitingCount(deletions),
      lines: waitingLines(deletions),
      shown: digestOf(deletions),
    },
    approved: {
      count: approved.length,
      text: answeredText("approve", approved),
      lines: waitingLines(approved, answeredDoingOf("approve")),
      shown: digestOf(approved),
    },
    recent: log.toReversed().map((entry) => ({ at: entry.at, text: logWords(entry) })),
    limits: { up: formatRate(limits.upBytesPerSecond), down: formatRate(limits.downBytesPerSecond) },
    excluded: cutTo(excluded, shownMax.rules),
    ignored: cutTo(ignored, shownMax.rules),
  };
}

export function keyOf({ folder }: KnownSync): string {
  return basename(folder);
}

/** Answers with the digest of another set are rejected. */
export function digestOf(deletions: readonly Pick<WaitingDeletion, "id">[]): string {
  return createHash("sha256")
    .update(deletions.map(({ id }) => id).join("\n"))
    .digest("hex");
}

function inWords({
  share,
  bytes,
  changes,
  bytesPerSecond,
  secondsLeft,
  pendingFiles,
  looked,
  names,
}: HowFar): SyncView["progress"] {
  const left = [
    ...(pendingFiles === 0 ? [] : [count(pendingFiles, "change")]),
    ...(bytes.of > bytes.done ? [formatBytes(bytes.of - bytes.done)] : []),
  ];
  return {
    share: share ?? null,
    done: [
      ...(changes.of === 0 ? [] : [`${formatNumber(changes.done)} of ${count(changes.of, "change")}`]),
      ...(bytes.of === 0 ? [] : [`${formatBytes(bytes.done)} of ${formatBytes(bytes.of)}`]),
    ].join(", "),
    left: left.length === 0 ? "" : `${left.join(", ")} left`,
    rate: bytesPerSecond > 0 ? `${formatBytes(Math.round(bytesPerSecond))}/s` : "",
    time_left: secondsLeft === undefined ? "" : formatDuration(secondsLeft),
    looked,
    names: [...names],
  };
}

function kindsOf(problems: SyncReport["problems"]): SyncView["problems"] {
  return problemKinds(problems).map((alike) => {
    const [{ code, message, path: first }] = alike;
    const paths = alike.slice(0, shownMax.paths).map(({ path, message: own }) => ({
      path,
      message: own === message ? null : own,
    }));
    return first === "" ? { code, message, count: 0, paths: [] } : { code, message, count: alike.length, paths };
  });
}

async function conflictsOf({ root, conflicts }: SyncReport): Promise<SyncView["conflicts"]> {
  const items = await Promise.all(
    conflicts.slice(0, shownMax.conflicts).map(async (path) => {
      const { device, original, ...copy } = await conflictedCopy(root, path);
      return {
        copy: {
          ...(fileOf(copy) ?? { path, folder: false, size: "", modified_at: new Date(0).toISOString() }),
          device,
        },
        original: fileOf(original),
      };
    }),
  );
  return { count: conflicts.length, items };
}

function fileOf({ path, size, modified_at, ...file }: FileState): z.infer<typeof fileView> | null {
  if (modified_at === null) return null;
  return { path, folder: file.kind === "folder", size: size === null ? "folder" : formatBytes(size), modified_at };
}

function cutTo(all: readonly string[], countMax: number): { count: number; items: string[] } {
  return { count: all.length, items: all.slice(0, countMax) };
}
