import type { ManifestEntry } from "@holdfast/core/manifest";

/** Small files, read as a whole. */
export interface ReadFiles {
  /** In the order asked; undefined for one that could not be read, or has another size than it had. */
  readonly files: readonly (ReadFile | undefined)[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface ReadFile {
  /** None of an empty file. */
  readonly block: ManifestEntry | undefined;
  /** Where it stands in `bytes`. */
  readonly start: number;
}

/** Cuts files into blocks and hashes them, elsewhere than on the thread that asks. */
export interface Cutter {
  /**
   * The blocks of a file in order, up to 64 at a time; they are cut as they are asked for.
   * @throws HoldfastError failed for a file that cannot be read
   */
  cut(file: Blob, signal: AbortSignal): AsyncIterable<readonly ManifestEntry[]>;
  /** @param files each at most as long as the shortest block that is cut */
  readFiles(files: readonly Blob[], signal: AbortSignal): Promise<ReadFiles>;
}
