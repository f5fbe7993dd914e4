import { join } from "node:path";
import { z } from "zod";
import { readPrivate, writePrivate } from "./known-syncs.ts";

const shown = z.object({ ids: z.array(z.string().max(64)) });
const shownName = "shown-deletions.json";
const shownBytesMax = 64 * 2 ** 20;

/** `deletes approve` and `deletes undo` apply to exactly the deletions that `deletes ls` listed. */
export function saveShownDeletions(folder: string, ids: readonly string[]): Promise<void> {
  return writePrivate(join(folder, shownName), { ids });
}

export async function readShownDeletions(folder: string): Promise<readonly string[]> {
  return (await readPrivate(join(folder, shownName), shown, shownBytesMax))?.ids ?? [];
}
