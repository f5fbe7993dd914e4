import { nameProblem } from "@holdfast/core/names";
import type { EntryRecord } from "../store/job-store.ts";
import type { FileItem, FolderItem, Job, Problem, WalkedEntry, WalkedFile } from "./job.ts";
import { noBytes, recordOf } from "./job.ts";
import { countSkipped } from "./make-folders.ts";
import { newIds, newOperationId } from "./new-ids.ts";
import type { OwnIds } from "./new-ids.ts";
import { smallBytesMax } from "./settle.ts";
import type { UploadWork } from "./upload-work.ts";

/** Stores the ids before anything is sent. */
export async function addEntries(work: UploadWork, job: Job, entries: readonly WalkedEntry[]): Promise<void> {
  const records: EntryRecord[] = [];
  const files: FileItem[] = [];
  const ready: (() => void)[] = [];
  const folders = new FolderMaker(work, job, records);
  for (const entry of entries) {
    // The walk goes on after a cancellation.
    if (job.isCancelled(entry.path)) continue;
    if (entry.kind === "folder") folders.at(entry.path);
    else {
      const item = fileItem(work, job, entry, folders.at(parentPath(entry.path)));
      if (item.folder === job.root) job.addTop(item.name, "file");
      job.count(item, { filesTotal: 1, bytesTotal: entry.file.size });
      if (isDoneEarlier(job, entry))
        ready.push(() => (item.choice === "skip" ? countSkipped(job, item) : countDone(job, item)));
      else {
        records.push(recordOf(item, false));
        files.push(item);
      }
    }
  }
  await work.store.saveEntries(job.record.id, records);
  for (const act of ready) act();
  job.newFolders.push(...folders.made.filter(({ path }) => !job.isCancelled(path)));
  for (const item of files) enqueue(job, item);
  work.changed();
}

export function enqueue(job: Job, item: FileItem): void {
  const problem = problemOf(item);
  if (job.isCancelled(item.path)) job.leaveOut(item);
  else if (problem !== undefined) job.problems.set(item.path, { item, problem });
  // The walk goes on while the user answers.
  else if (item.folder.state === "skipped") countSkipped(job, item);
  else if (item.folder.state !== "made") item.folder.waitingFiles.push(item);
  else (item.file.size <= smallBytesMax ? job.small : job.large).push(item);
}

function problemOf({ name, isUnread }: FileItem): Problem | undefined {
  if (isUnread) return { code: "failed", message: "The file cannot be read." };
  const problem = nameProblem(name);
  return problem === undefined ? undefined : { code: "invalid_field", message: `The name ${problem}.` };
}

function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function isDoneEarlier(job: Job, { path, file, mtimeMs }: WalkedFile): boolean {
  const earlier = job.earlier.get(path);
  return earlier?.isDone === true && earlier.sizeBytes === file.size && earlier.mtimeMs === mtimeMs;
}

function countDone(job: Job, item: FileItem): void {
  job.count(item, { filesDone: 1 });
  job.setProgress(item, { cut: item.file.size, durable: item.file.size, here: item.file.size });
}

function fileItem(work: UploadWork, job: Job, entry: WalkedFile, folder: FolderItem): FileItem {
  const { path, file, mtimeMs, reopen, isUnread = false } = entry;
  const earlier = job.earlier.get(path);
  const isSame = earlier?.sizeBytes === file.size && earlier.mtimeMs === mtimeMs;
  return {
    kind: "file",
    path,
    name: nameOf(path),
    folder,
    reopen,
    file,
    mtimeMs,
    isUnread,
    ids: idsFor(work, job, earlier, isSame),
    choice: earlier?.choice,
    replaces: earlier?.replaces,
    content: undefined,
    attempts: 0,
    progress: noBytes,
  };
}

/** A changed file gets a new operation but keeps its node. */
function idsFor(work: UploadWork, job: Job, earlier: EntryRecord | undefined, isSame: boolean): OwnIds {
  if (earlier === undefined) return newIds(job.record.folderId, work.nowMs(), work.random);
  const { nodeId, operationId } = earlier;
  return { nodeId, operationId: isSame ? operationId : newOperationId(work.random) };
}

/** Includes folders that occur only in paths. */
class FolderMaker {
  readonly made: FolderItem[] = [];
  readonly #work: UploadWork;
  readonly #job: Job;
  readonly #records: EntryRecord[];

  constructor(work: UploadWork, job: Job, records: EntryRecord[]) {
    this.#work = work;
    this.#job = job;
    this.#records = records;
  }

  at(path: string): FolderItem {
    const known = this.#job.folders.get(path);
    if (known !== undefined) return known;
    const earlier = this.#job.earlier.get(path);
    const parent = this.at(parentPath(path));
    const folder: FolderItem = {
      kind: "folder",
      path,
      name: nameOf(path),
      parent,
      ids: idsFor(this.#work, this.#job, earlier, true),
      id: undefined,
      state: parent.state === "skipped" ? "skipped" : "waiting",
      choice: earlier?.choice,
      waitingFiles: [],
    };
    this.#job.folders.set(path, folder);
    this.#records.push(recordOf(folder, false));
    if (parent === this.#job.root) this.#job.addTop(folder.name, "folder");
    if (folder.state === "waiting") this.made.push(folder);
    return folder;
  }
}
