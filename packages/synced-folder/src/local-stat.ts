import type { BigIntStats } from "node:fs";
import type { LocalStat } from "@holdfast/sync-ports/ports";

export function toLocalStat(stats: BigIntStats): LocalStat & { readonly device: bigint } {
  return {
    kind: kindOf(stats),
    fingerprint: {
      inode: stats.ino,
      sizeBytes: Number(stats.size),
      mtimeNs: stats.mtimeNs,
      ctimeNs: stats.ctimeNs,
      birthNs: stats.birthtimeNs,
    },
    executable: (stats.mode & 0o100n) !== 0n,
    isPrivate: (stats.mode & 0o077n) === 0n,
    links: Number(stats.nlink),
    device: stats.dev,
  };
}

function kindOf(stats: BigIntStats): LocalStat["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "symlink" : "other";
}
