import type { OwnIds } from "../engine/new-ids.ts";

/** keep: use another name. replace: upload a new version. skip: do not upload. */
export type ClashChoice = "keep" | "replace" | "skip";

/** Data for resuming an upload later, without content. */
export interface JobRecord {
  readonly id: string;
  /** Other accounts in this browser do not see the job. */
  readonly accountId: string;
  readonly folderId: string;
  /** Name of the first item. */
  readonly name: string;
  readonly createdMs: number;
  readonly choice?: ClashChoice;
  /** Names directly in the target folder that the person cancelled. */
  readonly cancelled?: readonly string[];
  /** The store contains all entries. */
  readonly isWalked: boolean;
  /** File System Access handles of dropped items, for reopening. Empty without the API. */
  readonly handles: readonly unknown[];
  /** Parcel of another app with the files. It offers the upload again, so the tray does not. */
  readonly parcelId?: string;
}

export interface EntryRecord extends OwnIds {
  /** Path relative to the target folder, with `/`. */
  readonly path: string;
  readonly kind: "file" | "folder";
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** The entry is on the server or skipped. */
  readonly isDone: boolean;
  readonly choice?: ClashChoice;
  readonly replaces?: Replaced;
}

export interface Replaced {
  readonly fileId: string;
  readonly versionId: string;
}

/** Data is stored when the promise of `save…` resolves. */
export interface JobStore {
  jobs(): Promise<JobRecord[]>;
  saveJob(job: JobRecord): Promise<void>;
  /** Removes the entries too. */
  removeJob(jobId: string): Promise<void>;
  entries(jobId: string): Promise<EntryRecord[]>;
  saveEntries(jobId: string, entries: readonly EntryRecord[]): Promise<void>;
}
