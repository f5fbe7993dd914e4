import type { JobSnapshot } from "../../upload/engine/snapshot.ts";

export type LineState = "waiting" | "uploading" | "stored" | "skipped" | "asks" | "failed" | "cancelled";

type Line = JobSnapshot["lines"][number];

/** A folder that still uploads is neither failed nor asking, whatever is in it. */
export function lineState(line: Line, { isWalked, isDone }: Pick<JobSnapshot, "isWalked" | "isDone">): LineState {
  const { kind, counts, isActive, isCancelled, problemCount, clashCount } = line;
  const { filesTotal, filesDone, filesSkipped } = counts;
  const isEmpty = filesTotal === 0;
  if (isCancelled && (isEmpty || filesDone < filesTotal || kind === "folder")) return "cancelled";
  const isFound = kind === "file" || isWalked;
  if (isFound && filesDone === filesTotal && (isDone || !isEmpty)) {
    return filesSkipped === filesTotal && !isEmpty ? "skipped" : "stored";
  }
  if (isFound && filesDone + problemCount + clashCount >= filesTotal) {
    if (problemCount > 0) return "failed";
    if (clashCount > 0) return "asks";
  }
  return isActive || filesDone > 0 ? "uploading" : "waiting";
}
