import { joinPath, ownFolder, quarantineName } from "@holdfast/sync-ports/paths";
import type { LocalDisk } from "@holdfast/sync-ports/ports";

const listedMax = 1000;

/** Lists items that wait for a person to remove them. Paths are relative to the root. */
export async function listQuarantine(disk: Pick<LocalDisk, "stat" | "list">): Promise<readonly string[]> {
  const found: string[] = [];
  const waiting: string[] = [joinPath(ownFolder, quarantineName)];
  for (let path = waiting.pop(); path !== undefined && found.length < listedMax; path = waiting.pop()) {
    const stat = await disk.stat(path);
    if (stat?.kind === "folder") waiting.push(...(await disk.list(path)).map((name) => joinPath(path ?? "", name)));
    else if (stat !== undefined) found.push(path);
  }
  return found.toSorted();
}
