import { existsSync, lstatSync, mkdirSync, rmSync, statSync } from "node:fs";
import { enableCompileCache, getCompileCacheDir } from "node:module";
import { join } from "node:path";

/**
 * Caches compiled code in `compiled/` of the folder, unless the launcher has chosen a place. Without a cache, stripping
 * types and compiling take half of the time of a short command, and 40 % of the start of a server. The cached code is
 * executed, so the folder must exist, only its owner may write to it, and nobody else may enter `compiled`: Node
 * creates folders in it with the mode that the umask leaves.
 * @param mark name of an entry that the folder must contain
 */
export function keepCompiledCode(folder: string, mark = "."): void {
  if (getCompileCacheDir() !== undefined) return;
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true || !existsSync(join(folder, mark)) || !isOwn(stats, 0o022)) return;
  const compiled = join(folder, "compiled");
  try {
    const before = lstatSync(compiled, { throwIfNoEntry: false });
    const isClosed = before?.isDirectory() === true && isOwn(before, 0o077);
    if (before !== undefined && !isClosed) rmSync(compiled, { recursive: true });
    if (!isClosed) mkdirSync(compiled, { mode: 0o700 });
  } catch {
    // The command runs without a cache, for example on a full disk or a read-only one.
    return;
  }
  const { directory } = enableCompileCache(compiled);
  if (directory !== undefined) process.env["NODE_COMPILE_CACHE"] ??= compiled;
}

/** @param others permission bits that must not be set */
function isOwn({ uid, mode }: { readonly uid: number; readonly mode: number }, others: number): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & others) === 0);
}
