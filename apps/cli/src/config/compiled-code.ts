import { existsSync, statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";

/**
 * Caches compiled code in `compiled/` of the folder. Without the cache, stripping types and compiling take half of the time of a short
 * command, and 40 % of the start of a server. The cached code is executed, so the folder must exist and only its owner may write to it.
 * @param mark name of an entry that the folder must contain
 */
export function keepCompiledCode(folder: string, mark = "."): void {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true || !existsSync(join(folder, mark))) return;
  const isOwn = process.getuid === undefined || (stats.uid === process.getuid() && (stats.mode & 0o022) === 0);
  if (!isOwn) return;
  const { directory } = enableCompileCache(join(folder, "compiled"));
  // The threads have it from there.
  if (directory !== undefined) process.env["NODE_COMPILE_CACHE"] ??= join(folder, "compiled");
}
