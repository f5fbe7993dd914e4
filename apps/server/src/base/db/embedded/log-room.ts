import { statfsSync } from "node:fs";

const mib = 1024 * 1024;
const segmentBytes = 16 * mib;

/** A fortieth of the disk, between 64 and 512 MiB. PostgreSQL starts a checkpoint at about half of it. */
export function logBytesOn(diskBytes: number): number {
  return Math.min(Math.max(Math.floor(diskBytes / 40), 64 * mib), 512 * mib);
}

export function logSettings(folder: string): Readonly<Record<string, string>> {
  const { bsize, blocks } = statfsSync(folder);
  // Filesystems without a size count as large.
  const diskBytes = blocks === 0 ? Infinity : bsize * blocks;
  return {
    max_wal_size: inMebibytes(logBytesOn(diskBytes)),
    // Segments kept while the place of backups is unavailable. Beyond the limit, the archive starts again with the next
    // backup.
    max_slot_wal_keep_size: inMebibytes(Math.min(Math.max(logBytesOn(diskBytes), diskBytes / 40), 4096 * mib)),
  };
}

function inMebibytes(bytes: number): string {
  return `${(Math.floor(bytes / segmentBytes) * segmentBytes) / mib}MB`;
}
