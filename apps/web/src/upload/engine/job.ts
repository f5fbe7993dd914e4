import type { ErrorCode } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { NodeJson } from "@holdfast/protocol/values";
import type { ClashChoice, EntryRecord, JobRecord, Replaced } from "../store/job-store.ts";
import type { OwnIds } from "./new-ids.ts";

/** Folders precede their contents. */
export type WalkedEntry = WalkedFolder | WalkedFile;

export interface WalkedFolder {
  readonly kind: "folder";
  readonly path: string;
}

export interface WalkedFile {
  readonly kind: "file";
  readonly path: string;
  readonly file: Blob;
  readonly mtimeMs: number;
  /** `file` is a placeholder. */
  readonly isUnread?: boolean;
  /** Opens the file again after a change or a failed read. */
  readonly reopen?: () => Promise<{ readonly file: Blob; readonly mtimeMs: number }>;
}

/** Needs an action of the person. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
}

export interface FolderItem {
  readonly kind: "folder";
  readonly path: string;
  readonly name: string;
  readonly parent: FolderItem | undefined;
  ids: OwnIds;
  id: string | undefined;
  state: "waiting" | "made" | "clash" | "skipped" | "failed";
  choice: ClashChoice | undefined;
  waitingFiles: FileItem[];
}

export interface FileContent {
  readonly sizeBytes: number;
  readonly blocks: readonly ManifestEntry[];
  readonly contentId: HashHex;
}

export interface FileItem {
  readonly kind: "file";
  readonly path: string;
  readonly name: string;
  readonly folder: FolderItem;
  readonly reopen: WalkedFile["reopen"];
  file: Blob;
  mtimeMs: number;
  isUnread: boolean;
  ids: OwnIds;
  choice: ClashChoice | undefined;
  replaces: Replaced | undefined;
  /** The server is believed to have all blocks. */
  content: FileContent | undefined;
  /** Counted since the person last asked. */
  attempts: number;
  /** Hashed, stored, and of these stored before. */
  progress: Bytes;
}

export interface Bytes {
  readonly cut: number;
  readonly durable: number;
  readonly here: number;
}

export const noBytes: Bytes = { cut: 0, durable: 0, here: 0 };

/** `node` is undefined if the viewer may not see it. */
export interface Clash {
  readonly item: FileItem | FolderItem;
  readonly node: NodeJson | undefined;
}

export interface JobCounts {
  filesTotal: number;
  /** Uploaded, equal and skipped. */
  filesDone: number;
  filesEqual: number;
  filesSkipped: number;
  bytesTotal: number;
  bytesCut: number;
  bytesDurable: number;
  bytesHere: number;
}

/** Directly in the target folder: one line for the person. */
export interface Top {
  readonly name: string;
  readonly kind: "file" | "folder";
  readonly counts: JobCounts;
  /** Aborted if the person cancels it. */
  readonly ended: AbortController;
}

const noCounts: JobCounts = {
  filesTotal: 0,
  filesDone: 0,
  filesEqual: 0,
  filesSkipped: 0,
  bytesTotal: 0,
  bytesCut: 0,
  bytesDurable: 0,
  bytesHere: 0,
};

/** Upload of one drop or pick. */
export class Job {
  record: JobRecord;
  readonly root: FolderItem;
  readonly folders = new Map<string, FolderItem>();
  /** Folders that are not on the server yet, parents first. */
  newFolders: FolderItem[] = [];
  /** Files whose folder exists. `known` need only a commit. */
  small: FileItem[] = [];
  large: FileItem[] = [];
  known: FileItem[] = [];
  readonly active = new Set<FileItem>();
  readonly clashes = new Map<string, Clash>();
  readonly problems = new Map<string, { readonly item: FileItem | FolderItem; readonly problem: Problem }>();
  /** The target folder accepts nothing. */
  held: Problem | undefined;
  /** By name, in the order of the drop. */
  readonly tops = new Map<string, Top>();
  /** Names of temporary files, which synced folders ignore by default. Only the first names. */
  readonly notSynced: { count: number; readonly names: string[] } = { count: 0, names: [] };
  readonly ended = new AbortController();
  readonly counts: JobCounts = { ...noCounts };
  /** Entries of an earlier page, by path. */
  readonly earlier: Map<string, EntryRecord>;
  isMakingFolders = false;
  /** Answers and retries that are being stored: their items are in no list meanwhile. */
  changes = 0;

  constructor(record: JobRecord, earlier: readonly EntryRecord[]) {
    this.record = record;
    this.earlier = new Map(earlier.map((entry) => [entry.path, entry]));
    this.root = {
      kind: "folder",
      path: "",
      name: "",
      parent: undefined,
      ids: { operationId: "", nodeId: record.folderId },
      id: record.folderId,
      state: "made",
      choice: undefined,
      waitingFiles: [],
    };
    this.folders.set("", this.root);
    // Their kind is unknown, and a cancelled line says the same for both.
    for (const name of record.cancelled ?? []) {
      this.addTop(name, "file");
      this.tops.get(name)?.ended.abort();
    }
  }

  /** True if the job cannot continue without the person. */
  get isSettled(): boolean {
    return this.record.isWalked && this.isIdle && !this.hasQueued;
  }

  get isIdle(): boolean {
    return this.active.size === 0 && !this.isMakingFolders && this.changes === 0;
  }

  get hasQueued(): boolean {
    return this.newFolders.length + this.small.length + this.large.length + this.known.length > 0;
  }

  /** True if everything is on the server or skipped. */
  get isDone(): boolean {
    return this.isSettled && this.clashes.size === 0 && this.problems.size === 0 && this.held === undefined;
  }

  addTop(name: string, kind: Top["kind"]): void {
    if (!this.tops.has(name))
      this.tops.set(name, { name, kind, counts: { ...noCounts }, ended: new AbortController() });
  }

  /** @param path of the item itself or of something in it */
  topOf(path: string): Top | undefined {
    return this.tops.get(path.split("/", 1)[0] ?? "");
  }

  isCancelled(path: string): boolean {
    return this.topOf(path)?.ended.signal.aborted === true;
  }

  /** Adds to the counts of the job and of the item's line. */
  count({ path }: FileItem, added: Partial<JobCounts>): void {
    for (const counts of [this.counts, this.topOf(path)?.counts]) {
      if (counts === undefined) continue;
      for (const key of Object.keys(added) as (keyof JobCounts)[]) counts[key] += added[key] ?? 0;
    }
  }

  setProgress(item: FileItem, { cut, durable, here }: Bytes): void {
    const before = item.progress;
    item.progress = { cut, durable, here };
    this.count(item, {
      bytesCut: cut - before.cut,
      bytesDurable: durable - before.durable,
      bytesHere: here - before.here,
    });
  }

  leaveOut(item: FileItem): void {
    this.setProgress(item, noBytes);
    this.count(item, { filesTotal: -1, bytesTotal: -item.file.size });
  }
}

export function isAtOrBelow(path: string, top: string): boolean {
  return path === top || path.startsWith(`${top}/`);
}

export function recordOf(item: FileItem | FolderItem, isDone: boolean): EntryRecord {
  const choice = item.choice === undefined ? {} : { choice: item.choice };
  if (item.kind === "folder") {
    return { ...item.ids, ...choice, path: item.path, kind: "folder", sizeBytes: 0, mtimeMs: 0, isDone };
  }
  const replaces = item.replaces === undefined ? {} : { replaces: item.replaces };
  const { path, file, mtimeMs } = item;
  return { ...item.ids, ...choice, ...replaces, path, kind: "file", sizeBytes: file.size, mtimeMs, isDone };
}
