import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readPrivate, writePrivate } from "./known-syncs.ts";

const clearedFolder = z.object({
  device_id: z.string(),
  root: z.string(),
  server: z.string(),
  account: z.string(),
  at: z.string(),
  removed: z.int(),
  kept: z.int(),
  /** Kept files in .holdfast/trash; undefined: written by an earlier version. */
  kept_in_trash: z.int().optional(),
  /** First kept paths, relative to the root. */
  kept_paths: z.array(z.string()).readonly(),
});
export type ClearedFolder = z.infer<typeof clearedFolder>;

const fileName = "cleared.json";
const bytesMax = 64 * 2 ** 20;

/** Kept for `status` until the next sign-in. */
export async function readCleared(configFolder: string): Promise<readonly ClearedFolder[]> {
  const found = await readPrivate(join(configFolder, fileName), z.object({ items: z.array(clearedFolder) }), bytesMax);
  return found?.items ?? [];
}

export async function saveCleared(configFolder: string, cleared: ClearedFolder): Promise<void> {
  const others = (await readCleared(configFolder)).filter(({ root }) => root !== cleared.root);
  await writePrivate(join(configFolder, fileName), { items: [...others, cleared] });
}

export function forgetCleared(configFolder: string): Promise<void> {
  return rm(join(configFolder, fileName), { force: true });
}
