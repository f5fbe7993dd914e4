import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readPrivate, writePrivate } from "./known-syncs.ts";

const clearingMarker = z.object({ pid: z.int().positive() });
export const clearingCode = "clearing";
const fileName = "clearing.json";

/** Marks that this process, which holds the root, removes its copies. */
export function markClearing(folder: string): Promise<void> {
  return writePrivate(join(folder, fileName), { pid: process.pid });
}

export function unmarkClearing(folder: string): Promise<void> {
  return rm(join(folder, fileName), { force: true });
}

/** True while that process is alive. A killed clearing continues at the next start of the sync. */
export async function isClearing(folder: string): Promise<boolean> {
  const marker = await readPrivate(join(folder, fileName), clearingMarker, 1024);
  if (marker === undefined) return false;
  try {
    process.kill(marker.pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && Reflect.get(thrown, "code") === "EPERM";
  }
}
