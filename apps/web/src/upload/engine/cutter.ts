import type { ManifestEntry } from "@holdfast/core/manifest";

/** Small files, read completely. */
export interface ReadFiles {
  /** In the order of the request; undefined for a file that is unreadable or has changed its size. */
  readonly files: readonly (ReadFile | undefined)[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface ReadFile {
  /** Undefined for an empty file. */
  readonly block: ManifestEntry | undefined;
  /** Offset in `bytes`. */
  readonly start: number;
}

/** Splits files into blocks and hashes them, outside of the caller's thread. */
export interface Cutter {
  /**
   * Returns the blocks of a file in order, in groups of up to 64, on demand.
   * @throws HoldfastError failed for an unreadable file
   */
  cut(file: Blob, signal: AbortSignal): AsyncIterable<readonly ManifestEntry[]>;
  /** @param files each at most as long as the shortest block */
  readFiles(files: readonly Blob[], signal: AbortSignal): Promise<ReadFiles>;
}
