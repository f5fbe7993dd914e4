import type { JobSnapshot } from "../../upload/engine/snapshot.ts";

export type LineState = "waiting" | "uploading" | "stored" | "skipped" | "asks" | "failed" | "cancelled";

type Line = JobSnapshot["lines"][number];

/** A folder that still uploads is neither failed nor asking, whatever is in it. */
export function lineState(line: Line, job: Pick<JobSnapshot, "isWalked" | "isSettled" | "held">): LineState {
  const { kind, counts, isActive, isCancelled, problemCount, clashCount } = line;
  const { filesTotal, filesDone, filesSkipped } = counts;
  const { isWalked, isSettled, held } = job;
  const isEmpty = filesTotal === 0;
  if (isCancelled && (isEmpty || filesDone < filesTotal || kind === "folder")) return "cancelled";
  const isFound = kind === "file" || isWalked;
  // An empty folder may be in it, which failed.
  const isLeft = problemCount + clashCount > 0 || (isEmpty && !(isSettled && held === undefined));
  if (isFound && filesDone === filesTotal && !isLeft) {
    return filesSkipped === filesTotal && !isEmpty ? "skipped" : "stored";
  }
  // Files in a folder that failed wait, and are no problems themselves.
  if (isFound && (isSettled || filesDone + problemCount + clashCount >= filesTotal)) {
    if (problemCount > 0) return "failed";
    if (clashCount > 0) return "asks";
  }
  return isActive || filesDone > 0 ? "uploading" : "waiting";
}
