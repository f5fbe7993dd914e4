import { statfsSync } from "node:fs";

export interface FreeSpace {
  /** Without space reserved for root. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** @returns undefined if the system does not report it, like some network filesystems; they then never count as full */
export function freeSpaceAt(path: string): FreeSpace | undefined {
  try {
    const { bsize, blocks, bavail } = statfsSync(path);
    return blocks === 0 ? undefined : { freeBytes: bsize * bavail, totalBytes: bsize * blocks };
  } catch {
    return undefined;
  }
}
