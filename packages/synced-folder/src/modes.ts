import { closeSync, fchmodSync, fstatSync, readFileSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import { readFlags, type RootFolder } from "@holdfast/disk/root-folder";

/** Everybody who may read the file may execute it. */
export function executableMode(mode: number, executable: boolean): number {
  if (!executable) return mode & ~0o111;
  return (mode & 0o100) === 0 ? mode | ((mode & 0o444) >> 2) | 0o100 : mode;
}

/** Others get the umask's permissions of a new file or folder. */
export function privateMode(mode: number, isPrivate: boolean | undefined): number {
  if (isPrivate === true) return mode & ~0o077;
  if (isPrivate === undefined || (mode & 0o077) !== 0) return mode;
  return mode | (((mode & 0o100) === 0 ? 0o066 : 0o077) & ~umask());
}

/** @param kind undefined: file or folder */
export function setMode(root: RootFolder, path: string, modeOf: (mode: number) => number, kind?: "file"): void {
  const descriptor = root.open(path, readFlags);
  try {
    const stats = fstatSync(descriptor);
    const isFit = stats.isFile() || (kind === undefined && stats.isDirectory());
    if (!isFit) throw new HoldfastError("failed", `${path} is not a file.`);
    const mode = stats.mode & 0o7777;
    const wanted = modeOf(mode);
    if (wanted !== mode) fchmodSync(descriptor, wanted);
  } finally {
    closeSync(descriptor);
  }
}

/** Read from procfs, because the system call that reads the umask also sets it. */
function umask(): number {
  const [, bits = "077"] = /^Umask:\s+([0-7]+)$/m.exec(readFileSync("/proc/self/status", "latin1")) ?? [];
  return Number.parseInt(bits, 8);
}
