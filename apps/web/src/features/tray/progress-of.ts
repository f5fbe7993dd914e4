import type { UploadsSnapshot } from "../../upload/engine/snapshot.ts";

export interface UploadsProgress {
  readonly phase: "idle" | "begun" | "half" | "ended";
  readonly filesTotal: number;
  readonly filesDone: number;
  /** Part of `filesDone` that is on the server. */
  readonly filesStored: number;
  readonly failed: number;
  /** Questions that wait for an answer. */
  readonly asks: number;
  /** Undefined while uploads run or ask something. */
  readonly mayClose: "by_hand" | "by_itself" | undefined;
  readonly bytesTotal: number;
  readonly bytesHere: number;
  readonly bytesLeft: number;
  /** 1 only when everything is committed. */
  readonly durable: number;
  readonly cut: number;
  readonly isCounting: boolean;
}

export function progressOf({ jobs }: UploadsSnapshot): UploadsProgress {
  let [filesTotal, filesDone, filesSkipped, failed, asks] = [0, 0, 0, 0, 0];
  let [bytesTotal, bytesDurable, bytesCut, bytesHere] = [0, 0, 0, 0];
  for (const { counts, problemCount, clashCount, held } of jobs) {
    filesTotal += counts.filesTotal;
    filesDone += counts.filesDone;
    filesSkipped += counts.filesSkipped;
    failed += problemCount;
    asks += clashCount + (held === undefined ? 0 : 1);
    bytesTotal += counts.bytesTotal;
    bytesDurable += counts.bytesDurable;
    bytesCut += counts.bytesCut;
    bytesHere += counts.bytesHere;
  }
  const isDone = jobs.every((job) => job.isDone);
  const isCounting = jobs.some((job) => !job.isWalked);
  const durable = isDone ? 1 : Math.min(partOf(bytesDurable, bytesTotal), 0.99);
  const cut = Math.min(Math.max(partOf(bytesCut, bytesTotal), durable), 1);
  const bytesLeft = bytesTotal - bytesDurable;
  const isEnded = jobs.every((job) => job.isSettled);
  const phase = jobs.length === 0 ? "idle" : phaseOf(isEnded, !isCounting && durable >= 0.5);
  const mayClose = phase === "ended" ? mayCloseAfter(jobs) : undefined;
  const files = { filesTotal, filesDone, filesStored: filesDone - filesSkipped, failed, asks };
  const bytes = { bytesTotal, bytesHere, bytesLeft };
  return { phase, mayClose, isCounting, ...files, ...bytes, durable, cut };
}

/** A panel with something to read stays until it is closed. */
function mayCloseAfter(jobs: UploadsSnapshot["jobs"]): UploadsProgress["mayClose"] {
  if (jobs.some((job) => job.clashCount > 0 || job.held !== undefined)) return undefined;
  return jobs.some((job) => job.problemCount > 0 || job.notSynced !== undefined) ? "by_hand" : "by_itself";
}

function phaseOf(isEnded: boolean, isHalf: boolean): UploadsProgress["phase"] {
  if (isEnded) return "ended";
  return isHalf ? "half" : "begun";
}

function partOf(bytes: number, of: number): number {
  return of === 0 ? 0 : bytes / of;
}
