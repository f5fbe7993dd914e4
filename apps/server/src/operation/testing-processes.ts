import { readdirSync, readFileSync } from "node:fs";

/** The numbers of the processes that `parent` started and that still run, on Linux. */
export function childrenOf(parent: number): number[] {
  const line = new RegExp(`^PPid:\\s${parent}$`, "m");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => line.test(readIfThere(`/proc/${pid}/status`)));
}

/** Its program and what it was given, "" where it has ended. */
export function commandOf(pid: number): string {
  return readIfThere(`/proc/${pid}/cmdline`);
}

/** Processes come and go while they are listed. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
