import { readdirSync, readFileSync } from "node:fs";

/** Running child processes of `parent`, on Linux. */
export function childrenOf(parent: number): number[] {
  const line = new RegExp(`^PPid:\\s${parent}$`, "m");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => line.test(readIfThere(`/proc/${pid}/status`)));
}

/** Program and arguments, or "" after the exit. */
export function commandOf(pid: number): string {
  return readIfThere(`/proc/${pid}/cmdline`);
}

/** Processes may end during the listing. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
