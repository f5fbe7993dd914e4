import type { EntryRecord } from "../store/job-store.ts";
import { enqueue } from "./add-entries.ts";
import type { FileItem, FolderItem, Job } from "./job.ts";
import { isAtOrBelow, recordOf } from "./job.ts";
import { newIds } from "./new-ids.ts";
import { takeAnew } from "./settle.ts";
import type { UploadWork } from "./upload-work.ts";

/**
 * Checks the folders again, because one may have been removed.
 * @param path of one file, or of a folder with all that failed in it; undefined: all
 */
export async function retryJob(work: UploadWork, job: Job, path?: string): Promise<void> {
  const listed = [...job.problems.values()].filter(({ item }) => path === undefined || isAtOrBelow(item.path, path));
  for (const { item } of listed) job.problems.delete(item.path);
  if (path === undefined) {
    if (job.held !== undefined) forgetFolders(job);
    job.held = undefined;
  }
  for (const { item, problem } of listed) {
    if (item.kind === "folder") restore(job, item);
    else {
      item.attempts = 0;
      await takeAnew(work, job, item).catch(() => job.problems.set(item.path, { item, problem }));
    }
  }
}

/** Moves the rest to another folder as a new upload. */
export async function retargetJob(work: UploadWork, job: Job, folderId: string): Promise<void> {
  job.record = { ...job.record, folderId };
  job.root.id = folderId;
  await work.store.saveJob(job.record);
  await retryJob(work, job);
  const records: EntryRecord[] = [];
  for (const item of [...job.folders.values(), ...queuedFiles(job)]) {
    if (item === job.root) continue;
    item.ids = newIds(folderId, work.nowMs(), work.random);
    records.push(recordOf(item, false));
  }
  await work.store.saveEntries(job.record.id, records);
}

/** Call only while nothing of the job is running. */
function forgetFolders(job: Job): void {
  const files = queuedFiles(job);
  job.small = [];
  job.large = [];
  job.known = [];
  job.newFolders = [];
  for (const folder of job.folders.values()) {
    folder.waitingFiles = [];
    if (folder !== job.root && folder.state !== "skipped") restore(job, folder);
  }
  for (const item of files) enqueue(job, item);
}

function restore(job: Job, folder: FolderItem): void {
  folder.state = "waiting";
  folder.id = undefined;
  if (!job.newFolders.includes(folder)) job.newFolders.push(folder);
}

function queuedFiles(job: Job): FileItem[] {
  const waiting = [...job.folders.values()].flatMap(({ waitingFiles }) => waitingFiles);
  return [...new Set([...job.small, ...job.large, ...job.known, ...waiting])];
}
