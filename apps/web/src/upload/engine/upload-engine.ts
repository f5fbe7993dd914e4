import type { UploadPace } from "@holdfast/api-client/upload-pace";
import type { Random } from "@holdfast/core/clock";
import { toHoldfastError } from "@holdfast/core/errors";
import { bytesToHex } from "@holdfast/core/hex";
import type { ClashChoice, EntryRecord, JobRecord, JobStore } from "../store/job-store.ts";
import { addEntries } from "./add-entries.ts";
import { answerClash } from "./answer-clash.ts";
import { ByteLimit } from "./byte-limit.ts";
import { cancelTop } from "./cancel-top.ts";
import { commitFiles } from "./commit-files.ts";
import type { Cutter } from "./cutter.ts";
import { type FileItem, Job, type Problem, type WalkedEntry } from "./job.ts";
import { foldersToMake, makeFolders } from "./make-folders.ts";
import { Patience } from "./patience.ts";
import { putLarge } from "./put-large.ts";
import { putSmall } from "./put-small.ts";
import { retryJob, retargetJob } from "./retry-job.ts";
import { requeue, settleFailed } from "./settle.ts";
import { Slots } from "./slots.ts";
import type { UploadServer } from "./upload-server.ts";
import type { UploadWork } from "./upload-work.ts";

export interface UploadEngineParts {
  readonly server: UploadServer;
  readonly cutter: Cutter;
  readonly store: JobStore;
  readonly pace: UploadPace;
  readonly nowMs: () => number;
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
  readonly random: Random;
  /** Called often. The receiver should throttle. */
  readonly onChange: () => void;
}

/** Limits per request and for concurrent preparation. The server accepts 1,000 operations. */
const batchFilesMax = 500;
const batchBytesMax = 8 * 1024 * 1024;
const batchesAtOnce = 4;
const largeFilesAtOnce = 2;
/** Requests with content. Browsers open six connections per server, and others need some. */
const slotsMax = 3;
/** Queued entries. The walk waits. */
const aheadMax = 2000;

/**
 * Runs until each file is on the server exactly once or waits for the person. Accesses neither disk nor clock directly.
 */
export class UploadEngine {
  readonly jobs = new Map<string, Job>();
  readonly work: UploadWork;
  isPaused = false;
  /** All uploads wait for `resume`: no space, or no session. */
  stopped: Problem | undefined;
  readonly #parts: UploadEngineParts;
  #running = new AbortController();
  #batches = 0;
  #largeFiles = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(parts: UploadEngineParts) {
    const { nowMs, wait, random } = parts;
    this.#parts = parts;
    this.work = {
      ...parts,
      patience: new Patience({ nowMs, wait, random, onChange: parts.onChange }),
      slots: new Slots(slotsMax),
      limit: new ByteLimit(nowMs, wait),
      changed: parts.onChange,
      pump: () => this.#pump(),
      stop: (problem) => this.#stop(problem),
    };
  }

  /** @returns id of the new job, whose entries are passed to `add` */
  async start(record: Omit<JobRecord, "id" | "createdMs" | "isWalked">): Promise<string> {
    const id = bytesToHex(this.#parts.random(16));
    const job = new Job({ ...record, id, createdMs: this.#parts.nowMs(), isWalked: false }, []);
    await this.#parts.store.saveJob(job.record);
    this.jobs.set(id, job);
    this.#parts.onChange();
    return id;
  }

  /** The entries must be walked and passed to `add` again. */
  async takeUp(record: JobRecord): Promise<void> {
    const earlier: EntryRecord[] = await this.#parts.store.entries(record.id);
    const job = new Job({ ...record, isWalked: false }, earlier);
    // Items may be added that are not among the stored entries yet.
    await this.#parts.store.saveJob(job.record);
    this.jobs.set(record.id, job);
    this.#parts.onChange();
  }

  /** Resolves when the queue has space. */
  async add(jobId: string, entries: readonly WalkedEntry[]): Promise<void> {
    const job = this.jobs.get(jobId);
    if (job === undefined || job.ended.signal.aborted) return;
    await addEntries(this.work, job, entries);
    this.#pump();
    while (this.#aheadOf(job) >= aheadMax && !job.ended.signal.aborted) {
      await this.#progress();
    }
  }

  async endWalk(jobId: string): Promise<void> {
    const job = this.jobs.get(jobId);
    if (job === undefined) return;
    job.record = { ...job.record, isWalked: true };
    await this.#parts.store.saveJob(job.record);
    this.#pump();
  }

  pause(): void {
    this.isPaused = true;
    this.#interrupt();
  }

  /** Called also after freeing space or signing in. */
  resume(): void {
    this.isPaused = false;
    this.stopped = undefined;
    this.work.patience.wakeUp();
    this.#pump();
  }

  /** Uploaded items stay. */
  async cancel(jobId: string): Promise<void> {
    const job = this.jobs.get(jobId);
    this.jobs.delete(jobId);
    job?.ended.abort();
    await this.#parts.store.removeJob(jobId);
    this.#pump();
  }

  /** @param name of an item directly in the target folder */
  async cancelTop(jobId: string, name: string): Promise<void> {
    await this.#change(jobId, (job) => cancelTop(this.work, job, name));
    // The others may fit, and those of the next drop.
    if (this.stopped?.code === "quota") this.stopped = undefined;
    this.#pump();
  }

  /** @param path of one file or folder; undefined: all that failed, also if uploads are paused */
  async retry(jobId: string, path?: string): Promise<void> {
    await this.#change(jobId, async (job) => {
      await this.#quiet(job);
      await retryJob(this.work, job, path);
    });
    if (path === undefined) this.resume();
    else this.#pump();
  }

  async retarget(jobId: string, folderId: string): Promise<void> {
    await this.#change(jobId, async (job) => {
      await this.#quiet(job);
      await retargetJob(this.work, job, folderId);
    });
    this.resume();
  }

  /** @param path of one conflict; undefined: all present and future ones */
  async answerClash(jobId: string, path: string | undefined, choice: ClashChoice): Promise<void> {
    await this.#change(jobId, (job) => answerClash(this.work, job, path, choice));
    this.#pump();
  }

  /** The page may not know yet that the job is over, whose record is removed. */
  async #change(jobId: string, act: (job: Job) => Promise<void>): Promise<void> {
    const job = this.jobs.get(jobId);
    if (job === undefined || job.ended.signal.aborted) return;
    job.changes += 1;
    try {
      await act(job);
    } finally {
      job.changes -= 1;
    }
  }

  /** A held job starts nothing new. */
  async #quiet(job: Job): Promise<void> {
    while (job.held !== undefined && (job.active.size > 0 || job.isMakingFolders)) await this.#progress();
  }

  #progress(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #stop(problem: Problem): void {
    this.stopped ??= problem;
    this.#interrupt();
  }

  /** Requeues running items. The server ignores repeated operations. */
  #interrupt(): void {
    this.#running.abort();
    this.#running = new AbortController();
    this.#parts.onChange();
  }

  #pump(): void {
    for (const job of this.jobs.values()) {
      if (this.isPaused || this.stopped !== undefined) break;
      if (job.held !== undefined) continue;
      this.#startFolders(job);
      this.#startKnown(job);
      while (this.#startSmall(job));
      while (this.#startLarge(job));
    }
    for (const job of this.jobs.values()) if (job.isDone) void this.#finish(job);
    for (const resolve of this.#waiting.splice(0)) resolve();
    this.#parts.onChange();
  }

  async #finish(job: Job): Promise<void> {
    if (job.ended.signal.aborted) return;
    job.ended.abort();
    await this.#parts.store.removeJob(job.record.id);
    this.#parts.onChange();
  }

  #startFolders(job: Job): void {
    const some = job.isMakingFolders ? [] : foldersToMake(job);
    if (some.length === 0) return;
    job.isMakingFolders = true;
    const done = (): void => {
      job.isMakingFolders = false;
    };
    this.#run(job, [], done, (signal) => makeFolders(this.work, job, some, signal));
  }

  #startKnown(job: Job): void {
    const items = job.known.splice(0, knownCount(job.known));
    if (items.length > 0)
      this.#run(
        job,
        items,
        () => {},
        (signal) => commitFiles(this.work, job, items, signal),
      );
  }

  #startSmall(job: Job): boolean {
    if (this.#batches >= batchesAtOnce) return false;
    const count = batchCount(job.small);
    const isFull = count < job.small.length || count === batchFilesMax;
    // A request that is not full waits for more files while others are running.
    const isLast = job.record.isWalked && job.newFolders.length === 0 && !job.isMakingFolders;
    if (count === 0 || !(isFull || isLast || this.#batches === 0)) return false;
    const items = job.small.splice(0, count);
    this.#batches += 1;
    const done = (): void => void (this.#batches -= 1);
    this.#run(job, items, done, (signal) => putSmall(this.work, job, items, signal));
    return true;
  }

  #startLarge(job: Job): boolean {
    if (this.#largeFiles >= largeFilesAtOnce) return false;
    const item = job.large.shift();
    if (item === undefined) return false;
    this.#largeFiles += 1;
    const done = (): void => void (this.#largeFiles -= 1);
    this.#run(job, [item], done, (signal) => putLarge(this.work, job, item, signal));
    return true;
  }

  #run(job: Job, items: readonly FileItem[], done: () => void, task: (signal: AbortSignal) => Promise<void>): void {
    for (const item of items) job.active.add(item);
    const [only, ...others] = items;
    const top = others.length === 0 && only !== undefined ? job.topOf(only.path) : undefined;
    const cancelled = top === undefined ? [] : [top.ended.signal];
    const signal = AbortSignal.any([this.#running.signal, job.ended.signal, ...cancelled]);
    const failed = async (thrown: unknown): Promise<void> => {
      const left = items.filter((item) => job.active.has(item));
      if (signal.aborted) for (const item of left) requeue(job, item);
      else await settleFailed(this.work, job, left, thrown);
    };
    void task(signal)
      .catch(failed)
      // An upload without its store could run twice.
      .catch((thrown: unknown) => this.#stop(toHoldfastError(thrown)))
      .finally(() => {
        done();
        this.#pump();
      });
  }

  #aheadOf(job: Job): number {
    let waiting = 0;
    for (const folder of job.folders.values()) waiting += folder.waitingFiles.length;
    const queued = job.newFolders.length + job.small.length + job.large.length + job.known.length;
    return queued + waiting + job.active.size;
  }
}

/** Limit for the JSON of one request. */
const listedBlocksMax = 100_000;

function knownCount(items: readonly FileItem[]): number {
  let blocks = 0;
  const isTooMuch = ({ content }: FileItem, index: number): boolean =>
    index === batchFilesMax || (blocks += content?.blocks.length ?? 0) > listedBlocksMax;
  const end = items.findIndex(isTooMuch);
  return end === -1 ? items.length : Math.max(1, end);
}

function batchCount(items: readonly FileItem[]): number {
  let bytes = 0;
  const end = items.findIndex(({ file }, index) => index === batchFilesMax || (bytes += file.size) > batchBytesMax);
  return end === -1 ? items.length : Math.max(1, end);
}
