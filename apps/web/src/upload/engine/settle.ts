import { toHoldfastError } from "@holdfast/core/errors";
import { isTemporary } from "@holdfast/core/temporary-names";
import type { EntryRecord } from "../store/job-store.ts";
import { type Decision, decide } from "./decide.ts";
import { type FileItem, type Job, noBytes, type Problem, recordOf } from "./job.ts";
import { newIds, newOperationId } from "./new-ids.ts";
import type { BatchResult } from "./upload-server.ts";
import type { UploadWork } from "./upload-work.ts";

/** Size of files with one block, which is sent with the operation. */
export const smallBytesMax = 256 * 1024;

/** Attempts per file, since the person's last retry. */
const againMax = 5;
/** Repeats for a file that is unreadable or changes during the read. */
const rereadMax = 1;

export interface Settled {
  readonly item: FileItem;
  readonly result: BatchResult | undefined;
}

/** Stores new ids before anything is sent again. */
export async function settleFiles(work: UploadWork, job: Job, settled: readonly Settled[]): Promise<void> {
  const records: EntryRecord[] = [];
  const acts: (() => void)[] = [];
  for (const { item, result } of settled) {
    const decision = decide(item, item.content?.contentId ?? "", result, item.choice ?? job.record.choice);
    const step = apply(work, job, item, decision);
    if (step.record !== undefined) records.push(step.record);
    acts.push(step.act);
  }
  if (records.length > 0) await work.store.saveEntries(job.record.id, records);
  for (const act of acts) act();
  work.changed();
}

/** Settles a request that failed as a whole. */
export function settleFailed(work: UploadWork, job: Job, items: readonly FileItem[], thrown: unknown): Promise<void> {
  const { code, message } = toHoldfastError(thrown);
  const result = { operation_id: "", status: "error" as const, code, message };
  return settleFiles(
    work,
    job,
    items.map((item) => ({ item, result })),
  );
}

export function requeue(job: Job, item: FileItem): void {
  job.active.delete(item);
  if (job.isCancelled(item.path)) job.leaveOut(item);
  else if (item.folder.state !== "made") item.folder.waitingFiles.push(item);
  else if (item.content !== undefined) job.known.push(item);
  else {
    job.setProgress(item, noBytes);
    (item.file.size <= smallBytesMax ? job.small : job.large).push(item);
  }
}

interface Step {
  readonly record?: EntryRecord;
  readonly act: () => void;
}

function apply(work: UploadWork, job: Job, item: FileItem, decision: Decision): Step {
  // Recorded, so that an upload resumed after a reload does not count the file as stored.
  if (decision.do === "skip") item.choice = "skip";
  if (decision.do === "done" || decision.do === "equal" || decision.do === "skip") {
    return { record: recordOf(item, true), act: () => finish(job, item, decision.do) };
  }
  if (job.isCancelled(item.path)) return { act: () => requeue(job, item) };
  switch (decision.do) {
    case "ask": {
      const act = (): void => {
        if (job.isCancelled(item.path)) return requeue(job, item);
        job.active.delete(item);
        job.clashes.set(item.path, { item, node: decision.node });
      };
      return { act };
    }
    case "again":
      return tryAgain(work, job, item, decision);
    case "send":
      if ((item.attempts += 1) > againMax) return list(job, item, lostBlocks);
      return { act: () => reread(job, item) };
    case "reread":
      if ((item.attempts += 1) > rereadMax) return list(job, item, decision);
      return { act: () => void reopen(work, job, item, decision) };
    case "hold":
      return { act: () => hold(job, item, decision) };
    case "stop":
      work.stop(decision);
      return { act: () => requeue(job, item) };
    default:
      return list(job, item, decision);
  }
}

const lostBlocks: Problem = { code: "missing_blocks", message: "The server does not store the uploaded blocks." };

function finish(job: Job, item: FileItem, how: "done" | "equal" | "skip"): void {
  job.active.delete(item);
  const { size } = item.file;
  const here = how === "equal" ? size : item.progress.here;
  job.setProgress(item, { cut: size, durable: size, here });
  job.count(item, { filesDone: 1, filesEqual: how === "equal" ? 1 : 0, filesSkipped: how === "skip" ? 1 : 0 });
  if (how === "done" && isTemporary(item.name)) {
    job.notSynced.count += 1;
    if (job.notSynced.names.length < notSyncedNamesMax) job.notSynced.names.push(item.name);
  }
}

const notSyncedNamesMax = 3;

function tryAgain(work: UploadWork, job: Job, item: FileItem, decision: Decision & { readonly do: "again" }): Step {
  if ((item.attempts += 1) > againMax) {
    return list(job, item, { code: "conflict", message: "The file keeps changing on the server." });
  }
  const { random, nowMs } = work;
  const operationId = newOperationId(random);
  item.ids = decision.newNode === true ? newIds(item.folder.id ?? "", nowMs(), random) : { ...item.ids, operationId };
  item.replaces = decision.replaces;
  item.choice ??= job.record.choice;
  return { record: recordOf(item, false), act: () => requeue(job, item) };
}

function reread(job: Job, item: FileItem): void {
  item.content = undefined;
  requeue(job, item);
}

/** A changed file is a new operation. */
async function reopen(work: UploadWork, job: Job, item: FileItem, problem: Problem): Promise<void> {
  try {
    await takeAnew(work, job, item);
  } catch {
    list(job, item, problem).act();
  }
  work.pump();
}

/** @throws the error of reopening */
export async function takeAnew(work: UploadWork, job: Job, item: FileItem): Promise<void> {
  const now = await item.reopen?.();
  if (now !== undefined) {
    job.count(item, { bytesTotal: now.file.size - item.file.size });
    item.file = now.file;
    item.mtimeMs = now.mtimeMs;
    item.isUnread = false;
  }
  item.ids = { ...item.ids, operationId: newOperationId(work.random) };
  await work.store.saveEntries(job.record.id, [recordOf(item, false)]);
  reread(job, item);
}

function hold(job: Job, item: FileItem, { code, message }: Problem): void {
  job.held = { code, message };
  requeue(job, item);
}

function list(job: Job, item: FileItem, { code, message }: Problem): Step {
  const act = (): void => {
    if (job.isCancelled(item.path)) return requeue(job, item);
    job.active.delete(item);
    job.problems.set(item.path, { item, problem: { code, message } });
    item.content = undefined;
    job.setProgress(item, noBytes);
  };
  return { act };
}
