import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { appIndexName } from "./app-index.ts";

/** Below it lies one folder for each build, named by its key. */
export function distOf(root: string): string {
  return join(root, "dist");
}

/** Those that are whole, the newest first. */
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
