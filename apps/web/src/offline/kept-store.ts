import type { ContentSink } from "./load-content.ts";

/** Storage for the offline files of one account. */
export interface KeptStore {
  /** @returns empty text if there is no index yet */
  readIndex(): Promise<string>;
  /** Writes atomically. */
  writeIndex(text: string): Promise<void>;
  /** Opens a content if it is stored completely. */
  open(contentId: string, sizeBytes: number): Promise<File | undefined>;
  write(contentId: string): Promise<ContentSink>;
  /** Deletes all other contents, except those being written. */
  sweep(contentIds: ReadonlySet<string>): Promise<void>;
  freeBytes(): Promise<number>;
  /** Asks the browser not to evict the storage. @returns true if the browser agrees */
  persist(): Promise<boolean>;
}
