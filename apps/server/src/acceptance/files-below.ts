import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Paths of all regular files below a folder, if it exists. May include files that vanish meanwhile, as in databases.
 */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
