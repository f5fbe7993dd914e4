import { readdir, readlink } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/**
 * What programs have open below a folder now, by paths relative to it, as Linux tells it: of this user's programs only, unless root asks. What
 * cannot be told is left out.
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
