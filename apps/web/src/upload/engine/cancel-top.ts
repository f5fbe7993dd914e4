import { type FileItem, isAtOrBelow, type Job, type Top } from "./job.ts";
import type { UploadWork } from "./upload-work.ts";

/** Uploaded files stay, and so do small files whose request is under way. */
export async function cancelTop(work: UploadWork, job: Job, name: string): Promise<void> {
  const isIn = ({ path }: { readonly path: string }): boolean => isAtOrBelow(path, name);
  const left: FileItem[] = [];
  for (const queue of ["small", "large", "known"] as const) {
    left.push(...job[queue].filter(isIn));
    job[queue] = job[queue].filter((item) => !isIn(item));
  }
  for (const folder of [...job.folders.values()].filter(isIn)) left.push(...folder.waitingFiles.splice(0));
  job.newFolders = job.newFolders.filter((folder) => !isIn(folder));
  for (const asked of [job.clashes, job.problems]) {
    for (const { item } of [...asked.values()].filter((each) => isIn(each.item))) {
      asked.delete(item.path);
      if (item.kind === "file") left.push(item);
    }
  }
  for (const item of left) job.leaveOut(item);
  job.tops.get(name)?.ended.abort();
  const isOver = ({ ended, counts }: Top): boolean => ended.signal.aborted || counts.filesDone === counts.filesTotal;
  if ([...job.tops.values()].every(isOver)) job.held = undefined;
  // A resumed upload leaves it out too.
  job.record = { ...job.record, cancelled: [...(job.record.cancelled ?? []), name] };
  await work.store.saveJob(job.record);
}
