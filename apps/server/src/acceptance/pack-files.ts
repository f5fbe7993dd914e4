import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";

/** The packs in the default store of a data folder: id (32 hex digits) to size in bytes. */
export function listPackFiles(dataFolder: string): Map<string, number> {
  const packs = new Map<string, number>();
  const root = join(dataFolder, "store");
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && path.includes("/packs/")) packs.set(basename(path).replaceAll("-", ""), statSync(path).size);
  }
  return packs;
}
