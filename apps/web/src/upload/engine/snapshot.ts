import type { Bytes, FileItem, FolderItem, Job, JobCounts, Problem } from "./job.ts";
import { canBe } from "./answer-clash.ts";
import { type LineSnapshot, linesOf } from "./lines.ts";
import type { Waiting } from "./patience.ts";
import { TransferRate } from "./transfer-rate.ts";
import type { UploadEngine } from "./upload-engine.ts";

/** Copied between threads, so its lists are short. */
export interface UploadsSnapshot {
  readonly jobs: readonly JobSnapshot[];
  readonly isPaused: boolean;
  readonly stopped?: Problem | undefined;
  readonly waiting?: Waiting | undefined;
  readonly bytesPerSecond?: number | undefined;
  readonly secondsLeft?: number | undefined;
}

export interface JobSnapshot {
  readonly id: string;
  readonly name: string;
  readonly folderId: string;
  readonly counts: JobCounts;
  /** The totals are final. */
  readonly isWalked: boolean;
  readonly isDone: boolean;
  /** Nothing goes on without the person. */
  readonly isSettled: boolean;
  readonly held?: Problem | undefined;
  readonly lines: readonly LineSnapshot[];
  /** Lines that the snapshot has no place for are not in `lines`. */
  readonly lineCount: number;
  readonly active: readonly { readonly path: string; readonly sizeBytes: number; readonly progress: Bytes }[];
  readonly problems: readonly ({ readonly path: string } & Problem)[];
  readonly problemCount: number;
  readonly clashes: readonly {
    readonly path: string;
    readonly kind: "file" | "folder";
    readonly canReplace: boolean;
  }[];
  readonly clashCount: number;
  /** Undefined without names of temporary files. */
  readonly notSynced?: { readonly count: number; readonly names: readonly string[] } | undefined;
}

const activeMax = 20;
const listedMax = 200;

export class Snapshots {
  /** Jobs in the last snapshot that are not running. */
  endedCount = 0;
  readonly #engine: UploadEngine;
  readonly #nowMs: () => number;
  readonly #rate = new TransferRate();

  constructor(engine: UploadEngine, nowMs: () => number) {
    this.#engine = engine;
    this.#nowMs = nowMs;
  }

  take(): UploadsSnapshot {
    const { isPaused, stopped, work } = this.#engine;
    const jobs = [...this.#engine.jobs.values()];
    const sum = (read: (counts: JobCounts) => number): number =>
      jobs.reduce((all, { counts }) => all + read(counts), 0);
    const durable = sum(({ bytesDurable }) => bytesDurable);
    this.endedCount = jobs.filter((job) => job.isDone).length;
    if (isPaused || stopped !== undefined || this.endedCount === jobs.length) this.#rate.stop();
    else this.#rate.add(this.#nowMs(), durable);
    return {
      jobs: jobs.map(snapshotOf),
      isPaused,
      stopped,
      waiting: work.patience.waiting,
      bytesPerSecond: this.#rate.bytesPerSecond,
      secondsLeft: this.#rate.secondsLeft(sum(({ bytesTotal }) => bytesTotal) - durable - jobs.reduce(heldUp, 0)),
    };
  }
}

/** Bytes that wait for the person. */
function heldUp(bytes: number, { problems, clashes }: Job): number {
  const items = [...problems.values(), ...clashes.values()].map(({ item }) => item);
  return items.reduce((sum, item) => sum + (item.kind === "file" ? item.file.size - item.progress.durable : 0), bytes);
}

function snapshotOf(job: Job): JobSnapshot {
  const { record, counts, isDone, held } = job;
  return {
    id: record.id,
    name: record.name,
    folderId: record.folderId,
    counts: { ...counts },
    isWalked: record.isWalked,
    isDone,
    isSettled: job.isSettled || (held !== undefined && job.isIdle),
    held,
    lines: linesOf(job),
    lineCount: job.tops.size,
    active: firstOf(job.active, activeMax, ({ path, file, progress }: FileItem) => ({
      path,
      sizeBytes: file.size,
      progress,
    })),
    problems: firstOf(job.problems.values(), listedMax, ({ item, problem }) => ({ path: item.path, ...problem })),
    problemCount: job.problems.size,
    clashes: firstOf(job.clashes.values(), listedMax, (clash) => ({
      path: clash.item.path,
      kind: kindOf(clash.item),
      canReplace: canBe(clash, "replace"),
    })),
    clashCount: job.clashes.size,
    ...(job.notSynced.count > 0 && { notSynced: { ...job.notSynced, names: [...job.notSynced.names] } }),
  };
}

function kindOf({ kind }: FileItem | FolderItem): "file" | "folder" {
  return kind;
}

function firstOf<Each, Shown>(all: Iterable<Each>, max: number, show: (each: Each) => Shown): Shown[] {
  return [...Iterator.from(all).take(max)].map((each) => show(each));
}
