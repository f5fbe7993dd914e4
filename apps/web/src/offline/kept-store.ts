import type { ContentSink } from "./load-content.ts";

/** Where the kept files of one account lie. */
export interface KeptStore {
  /** Empty where there is none yet. */
  readIndex(): Promise<string>;
  /** Whole or not at all. */
  writeIndex(text: string): Promise<void>;
  /** Of a content, if all of it is here. */
  open(contentId: string, sizeBytes: number): Promise<File | undefined>;
  write(contentId: string): Promise<ContentSink>;
  /** Deletes every other content; what is being written stays. */
  sweep(contentIds: ReadonlySet<string>): Promise<void>;
  freeBytes(): Promise<number>;
  /** Asks the browser not to clear it when it is short of room. @returns whether it will not */
  persist(): Promise<boolean>;
}
