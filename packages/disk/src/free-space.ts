import { statfsSync } from "node:fs";

/** Of the filesystem in which the path stands; bytes. */
export interface FreeSpace {
  /** For whoever asks: what only root may use is not among them. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** @returns undefined where the system does not tell, as some filesystems over a network: then nobody can say that it is full */
export function freeSpaceAt(path: string): FreeSpace | undefined {
  try {
    const { bsize, blocks, bavail } = statfsSync(path);
    return blocks === 0 ? undefined : { freeBytes: bsize * bavail, totalBytes: bsize * blocks };
  } catch {
    return undefined;
  }
}
