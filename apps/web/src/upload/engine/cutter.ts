import type { ManifestEntry } from "@holdfast/core/manifest";

export interface ReadFiles {
  /** Files in order; undefined if unreadable or of another size. */
  readonly files: readonly (ReadFile | undefined)[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface ReadFile {
  /** Undefined for an empty file. */
  readonly block: ManifestEntry | undefined;
  /** Offset in `bytes`. */
  readonly start: number;
}

/** Works outside of the caller's thread. */
export interface Cutter {
  /** Yields blocks in order, up to 64 at a time, on demand. @throws HoldfastError failed for an unreadable file */
  cut(file: Blob, signal: AbortSignal): AsyncIterable<readonly ManifestEntry[]>;
  /** @param files at most as long as the shortest block */
  readFiles(files: readonly Blob[], signal: AbortSignal): Promise<ReadFiles>;
}
