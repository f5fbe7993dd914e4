import type { ContentSink } from "./load-content.ts";

export interface KeptStore {
  /** @returns "" without an index */
  readIndex(): Promise<string>;
  /** Atomic. */
  writeIndex(text: string): Promise<void>;
  /** Opens only complete contents. */
  open(contentId: string, sizeBytes: number): Promise<File | undefined>;
  write(contentId: string): Promise<ContentSink>;
  /** Keeps contents being written. */
  sweep(contentIds: ReadonlySet<string>): Promise<void>;
  freeBytes(): Promise<number>;
  /** @returns true if the browser will not evict the storage */
  persist(): Promise<boolean>;
}
