import { lstat, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { originalOnDisk } from "@holdfast/sync/execute/resolve-conflict";

/** Size and time are null for a missing file. The original may be a folder; its size is null. */
export interface FileState {
  /** Relative to the root. */
  readonly path: string;
  readonly kind: "file" | "folder" | null;
  readonly size: number | null;
  readonly modified_at: string | null;
}

export interface ConflictedCopy extends FileState {
  /** Device that wrote the copy; null if the file name does not contain one. */
  readonly device: string | null;
  readonly original: FileState;
}

export async function conflictedCopy(root: string, path: string): Promise<ConflictedCopy> {
  const [copy, original] = await Promise.all([fileState(root, path), fileState(root, await originalAt(root, path))]);
  return { ...copy, device: deviceOf(path), original };
}

export async function originalAt(root: string, path: string): Promise<string> {
  const stat = (each: string) => lstat(join(root, each)).catch(() => undefined);
  const list = (folder: string) => readdir(join(root, folder)).catch(() => []);
  return originalOnDisk({ stat, list }, path);
}

function deviceOf(path: string): string | null {
  return / \((.+)'s conflicted copy [^()]*\)/.exec(basename(path))?.[1] ?? null;
}

async function fileState(root: string, path: string): Promise<FileState> {
  const stat = await lstat(join(root, path)).catch(() => undefined);
  if (stat === undefined) return { path, kind: null, size: null, modified_at: null };
  const modified = { modified_at: stat.mtime.toISOString() };
  return stat.isDirectory()
    ? { path, kind: "folder", size: null, ...modified }
    : { path, kind: "file", size: stat.size, ...modified };
}
