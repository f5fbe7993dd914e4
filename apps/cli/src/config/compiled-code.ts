import { statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";

/**
 * Keeps compiled code in the configuration folder: without it half of the time of a short command goes into reading
 * types away and compiling. Only where the folder is there and nobody else may write to it, since what is kept is run.
 */
export function keepCompiledCode(folder: string): void {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return;
  const isOwn = process.getuid === undefined || (stats.uid === process.getuid() && (stats.mode & 0o022) === 0);
  if (!isOwn) return;
  const { directory } = enableCompileCache(join(folder, "compiled"));
  // The threads have it from there.
  if (directory !== undefined) process.env["NODE_COMPILE_CACHE"] ??= join(folder, "compiled");
}
