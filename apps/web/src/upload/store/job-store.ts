import type { OwnIds } from "../engine/new-ids.ts";

/** Decision for a name conflict. keep: use another name. replace: upload a new version. skip: do not upload. */
export type ClashChoice = "keep" | "replace" | "skip";

/** Upload of dropped or picked items to a folder. Contains what is needed to resume it later, but no content. */
export interface JobRecord {
  readonly id: string;
  /** Owner of the job. Other accounts in this browser do not see it. */
  readonly accountId: string;
  readonly folderId: string;
  /** Display name: the name of the first item. */
  readonly name: string;
  readonly createdMs: number;
  /** The person's decision for all conflicts. */
  readonly choice?: ClashChoice;
  /** The walk is complete, so the store contains all entries. */
  readonly isWalked: boolean;
  /** File System Access handles of the dropped items, for reopening them. Empty in browsers without the API. */
  readonly handles: readonly unknown[];
}

/** File or folder of a job. */
export interface EntryRecord extends OwnIds {
  /** Path relative to the target folder, joined by `/`. */
  readonly path: string;
  readonly kind: "file" | "folder";
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** The entry is on the server or was skipped. */
  readonly isDone: boolean;
  readonly choice?: ClashChoice;
  /** Version to replace. */
  readonly replaces?: Replaced;
}

export interface Replaced {
  readonly fileId: string;
  readonly versionId: string;
}

/** Persistent store for jobs. Data is stored when the promise of `save…` resolves. */
export interface JobStore {
  jobs(): Promise<JobRecord[]>;
  saveJob(job: JobRecord): Promise<void>;
  /** Also removes its entries. */
  removeJob(jobId: string): Promise<void>;
  entries(jobId: string): Promise<EntryRecord[]>;
  saveEntries(jobId: string, entries: readonly EntryRecord[]): Promise<void>;
}
