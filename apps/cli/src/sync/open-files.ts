import { readdir, readlink } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** Reads /proc: Linux only, and without root only files of this user. */
export async function openPathsBelow(root: string): Promise<ReadonlySet<string>> {
  const open = new Set<string>();
  for (const pid of await namesIn("/proc")) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const folder = join("/proc", pid, "fd");
    for (const name of await namesIn(folder)) {
      const target = await readlink(join(folder, name)).catch(() => "");
      if (target.startsWith(`${root}${sep}`)) open.add(relative(root, target));
    }
  }
  return open;
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
