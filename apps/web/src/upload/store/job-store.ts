import type { OwnIds } from "../engine/new-ids.ts";

/** What becomes of a file whose name is taken: it gets another name, it becomes the next version, or it stays here. */
export type ClashChoice = "keep" | "replace" | "skip";

/** Something that was dropped or picked, to be put into a folder. What a browser needs to go on with it later, and no bytes. */
export interface JobRecord {
  readonly id: string;
  /** Whose it is: nobody else who signs in here sees it. */
  readonly accountId: string;
  readonly folderId: string;
  /** What is uploaded, for people: the name of the first thing. */
  readonly name: string;
  readonly createdMs: number;
  /** For all clashes, once the person said so. */
  readonly choice?: ClashChoice;
  /** All that it has was seen, so what is not in the store was not part of it. */
  readonly isWalked: boolean;
  /** Of the File System Access API, where there is one: what was dropped, to be opened again. */
  readonly handles: readonly unknown[];
}

/** A file or folder of a job. */
export interface EntryRecord extends OwnIds {
  /** Below the target, names joined by `/`. */
  readonly path: string;
  readonly kind: "file" | "folder";
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** It is on the server, or was left out by choice: nothing is to be done about it any more. */
  readonly isDone: boolean;
  readonly choice?: ClashChoice;
  /** The version that it follows, where it is to replace a file. */
  readonly replaces?: Replaced;
}

export interface Replaced {
  readonly fileId: string;
  readonly versionId: string;
}

/** Where jobs outlive the page. What `save…` was given is kept once its promise resolves. */
export interface JobStore {
  jobs(): Promise<JobRecord[]>;
  saveJob(job: JobRecord): Promise<void>;
  /** With its entries. */
  removeJob(jobId: string): Promise<void>;
  entries(jobId: string): Promise<EntryRecord[]>;
  saveEntries(jobId: string, entries: readonly EntryRecord[]): Promise<void>;
}
