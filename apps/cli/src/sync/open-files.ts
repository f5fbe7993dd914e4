import { readdir, readlink } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/**
 * Returns relative paths of files that programs have open below a folder. Reads /proc, so only Linux reports them, and
 * without root only those of this user.
 */
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
