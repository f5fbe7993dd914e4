import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { appIndexName } from "./app-index.ts";

/** Parent folder of the builds, each named by its source key. */
export function distOf(root: string): string {
  return join(root, "dist");
}

/** Complete builds, newest first. */
export async function builtFolders(root: string): Promise<string[]> {
  const dist = distOf(root);
  const names = await readdir(dist).catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => {
      const stats = await stat(join(dist, name, appIndexName)).catch(() => undefined);
      return stats === undefined ? [] : [{ folder: join(dist, name), builtMs: stats.mtimeMs }];
    }),
  );
  return found
    .flat()
    .toSorted((left, right) => right.builtMs - left.builtMs)
    .map(({ folder }) => folder);
}

const unfinishedPrefix = ".unfinished-";
/** Exceeds the duration of any build. */
const unfinishedMs = 10 * 60_000;

export function makeUnfinished(root: string): Promise<string> {
  return mkdtemp(join(distOf(root), unfinishedPrefix));
}

/** Removes the temporary folders of builds that were killed. */
export async function removeUnfinished(root: string): Promise<void> {
  const dist = distOf(root);
  for (const name of await readdir(dist).catch(() => [])) {
    if (!name.startsWith(unfinishedPrefix)) continue;
    const stats = await stat(join(dist, name)).catch(() => undefined);
    if (stats === undefined || Date.now() - stats.mtimeMs <= unfinishedMs) continue;
    // A server that runs as another user cannot remove the folder, which does no harm.
    await rm(join(dist, name), { recursive: true, force: true }).catch(() => undefined);
  }
}
