import type { EntryRecord, JobRecord } from "./store/job-store.ts";

/** Job of an earlier page that no page has resumed. */
export interface InterruptedJob {
  readonly job: JobRecord;
  /** Files found before the interruption: all files if `job.isWalked`. */
  readonly filesTotal: number;
  /** Paths of files that are not on the server, in the order of the store. */
  readonly missing: readonly string[];
  /** First path segments of `missing`: the items to drop again. */
  readonly missingTops: readonly string[];
}

export function interruptedJob(job: JobRecord, entries: readonly EntryRecord[]): InterruptedJob {
  const isCancelled = (path: string): boolean => job.cancelled?.includes(topOf(path)) === true;
  const files = entries.filter(({ kind, path }) => kind === "file" && !isCancelled(path));
  const missing = files.filter(({ isDone }) => !isDone).map(({ path }) => path);
  const missingTops = [...new Set(missing.map(topOf))];
  return { job, filesTotal: files.length, missing, missingTops };
}

function topOf(path: string): string {
  return path.split("/")[0] ?? "";
}

/**
 * True if dropping these items completes the job. A part of the missing items would end it, and the others would be
 * forgotten.
 */
export function isDroppedAgain({ job, missingTops }: InterruptedJob, names: readonly string[]): boolean {
  // Further files are unknown, but all were in the first drop.
  if (!job.isWalked || missingTops.length === 0) return names[0] === job.name;
  return missingTops.every((top) => names.includes(top));
}
