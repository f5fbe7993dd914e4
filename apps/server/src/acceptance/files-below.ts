import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The paths of all regular files below a folder; none where it is not there. One that goes meanwhile (a database's do) may be among them. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
