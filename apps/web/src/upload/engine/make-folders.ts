import { isErrorCode, toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { FileItem, FolderItem, Job } from "./job.ts";
import { recordOf } from "./job.ts";
import { newOperationId } from "./new-ids.ts";
import { mkdirOperation } from "./put-operation.ts";
import { remedyFor } from "./remedies.ts";
import { smallBytesMax } from "./settle.ts";
import type { BatchResult } from "./upload-server.ts";
import type { UploadWork } from "./upload-work.ts";

/** Parents exist or are created by the same request. */
export function foldersToMake(job: Job): FolderItem[] {
  const some = new Set<FolderItem>();
  for (const folder of job.newFolders) {
    const { parent } = folder;
    if (parent === undefined || parent.state === "made" || some.has(parent)) some.add(folder);
    if (some.size === limits.batchOperationsMax) break;
  }
  return [...some];
}

/** A dropped folder is merged into an existing one of that name. */
export async function makeFolders(
  work: UploadWork,
  job: Job,
  some: readonly FolderItem[],
  signal: AbortSignal,
): Promise<void> {
  const { server, patience } = work;
  let results: ReadonlyMap<string, BatchResult>;
  try {
    const answer = await patience.run(signal, () => server.commit(some.map(mkdirOperation), undefined, signal));
    results = new Map(answer.map((each) => [each.operation_id, each]));
  } catch (thrown) {
    signal.throwIfAborted();
    const { code, message } = toHoldfastError(thrown);
    if (["quota", "unauthenticated"].includes(code)) work.stop({ code, message });
    else job.held = { code, message };
    return;
  }
  const renewed: FolderItem[] = [];
  for (const folder of some) {
    if (job.isCancelled(folder.path)) continue;
    const result = results.get(folder.ids.operationId);
    const found = foundFolder(folder, result);
    if (found !== undefined) made(job, folder, found);
    else if (settle(work, job, folder, result) === "renewed") renewed.push(folder);
  }
  if (renewed.length === 0) return;
  await work.store.saveEntries(
    job.record.id,
    renewed.map((folder) => recordOf(folder, false)),
  );
}

/** @returns id of the existing folder */
function foundFolder({ ids }: FolderItem, result: BatchResult | undefined): string | undefined {
  if (result?.status === "committed") return result.node?.id ?? ids.nodeId;
  if (result?.code !== "exists") return undefined;
  const { node } = result;
  if (node?.kind === "mount") return node.target;
  return node?.kind === "folder" && node.trashed_at === null ? node.id : undefined;
}

function settle(
  work: UploadWork,
  job: Job,
  folder: FolderItem,
  result: BatchResult | undefined,
): "renewed" | undefined {
  const code = isErrorCode(result?.code) ? result.code : "failed";
  const problem = { code, message: result?.message ?? "The server returned no result for this item." };
  // The parent is another folder, so this one is in the next request.
  if (code === "dependency") return undefined;
  const remedy = remedyFor(code);
  if (remedy === "quota") work.stop(problem);
  else if (remedy === "folder") job.held = problem;
  else if (remedy === "again" && folder.choice === undefined) {
    folder.ids = { ...folder.ids, operationId: newOperationId(work.random) };
    return "renewed";
  } else if (remedy === "clash") return clash(work, job, folder, result);
  else leaveOut(job, folder, "failed", () => job.problems.set(folder.path, { item: folder, problem }));
  return undefined;
}

/** The name is taken by a file. */
function clash(work: UploadWork, job: Job, folder: FolderItem, result: BatchResult | undefined): "renewed" | undefined {
  const choice = job.record.choice;
  if (choice === "skip") leaveOut(job, folder, "skipped", () => skipBelow(job, folder));
  else if (choice === "keep" && folder.choice === undefined) {
    folder.choice = choice;
    folder.ids = { ...folder.ids, operationId: newOperationId(work.random) };
    return "renewed";
  } else leaveOut(job, folder, "clash", () => job.clashes.set(folder.path, { item: folder, node: result?.node }));
  return undefined;
}

function made(job: Job, folder: FolderItem, id: string): void {
  folder.id = id;
  leaveOut(job, folder, "made", () => {
    for (const item of folder.waitingFiles) (item.file.size <= smallBytesMax ? job.small : job.large).push(item);
    folder.waitingFiles = [];
  });
}

function leaveOut(job: Job, folder: FolderItem, state: FolderItem["state"], then: () => void): void {
  folder.state = state;
  job.newFolders = job.newFolders.filter((each) => each !== folder);
  then();
}

export function skipBelow(job: Job, folder: FolderItem): void {
  for (const each of job.folders.values()) {
    if (!isWithin(each, folder)) continue;
    each.state = "skipped";
    for (const item of each.waitingFiles) countSkipped(job, item);
    each.waitingFiles = [];
  }
  job.newFolders = job.newFolders.filter((each) => each.state === "waiting");
}

export function countSkipped(job: Job, item: FileItem): void {
  job.count(item, { filesDone: 1, filesSkipped: 1 });
  job.setProgress(item, { cut: item.file.size, durable: item.file.size, here: 0 });
}

export function isWithin(folder: FolderItem | undefined, top: FolderItem): boolean {
  return folder !== undefined && (folder === top || isWithin(folder.parent, top));
}
