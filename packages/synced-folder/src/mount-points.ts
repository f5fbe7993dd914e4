import { readFileSync } from "node:fs";
import type { LocalStat } from "@holdfast/sync-ports/ports";

/** No filesystem has this device number. */
const mountedDevice = -1n;

/**
 * Mount points below a folder. A bind mount has its filesystem's device number, so only the kernel's mount list shows
 * it.
 */
export class MountPoints {
  readonly #root: string;
  #paths: ReadonlySet<string> = new Set();

  /** @param root absolute, without symbolic links */
  constructor(root: string) {
    this.#root = root;
  }

  /** @param mountInfo text of `/proc/self/mountinfo` (proc_pid_mountinfo(5)) */
  read(mountInfo = readMountInfo()): void {
    const above = this.#root === "/" ? "/" : `${this.#root}/`;
    const paths = mountInfo.split("\n").map((line) => unescapeOctal(line.split(" ")[4] ?? ""));
    this.#paths = new Set(paths.filter((path) => path.startsWith(above)).map((path) => path.slice(above.length)));
  }

  /** A mount point gets another device than the folder above. */
  mark(path: string, stat: LocalStat): LocalStat {
    return stat.kind === "folder" && this.#paths.has(path) ? { ...stat, device: mountedDevice } : stat;
  }
}

/** Empty on other systems. */
export function readMountInfo(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "latin1");
  } catch {
    return "";
  }
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function unescapeOctal(path: string): string {
  const bytes = path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCodePoint(Number.parseInt(digits, 8)),
  );
  return Buffer.from(bytes, "latin1").toString();
}
