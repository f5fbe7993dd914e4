import { execFileSync } from "node:child_process";
import { mkdirSync, statfsSync, writeFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { makeFolder, removeFolder } from "./testing.ts";

/** Gives the work its own disk, or skips the test if this user may not make one. */
export async function withSmallDisk(
  t: TestContext,
  sizeBytes: number,
  work: (disk: string) => Promise<void>,
): Promise<void> {
  const folder = makeFolder("small-disk");
  if (!mountSmallDisk(t, folder, sizeBytes)) return removeFolder(folder);
  try {
    await work(folder);
  } finally {
    unmount(folder);
    removeFolder(folder);
  }
}

/** Lasts until `unmount`. @returns false if impossible, to skip the test */
export function mountSmallDisk(t: TestContext, folder: string, sizeBytes: number): boolean {
  if (process.getuid?.() !== 0) {
    t.skip("only root may mount a small disk");
    return false;
  }
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes},mode=0711`, "tmpfs", folder], { stdio: "pipe" });
  } catch (error) {
    t.skip(`a small disk cannot be mounted here: ${String((error as { stderr?: Buffer }).stderr).trim()}`);
    return false;
  }
  return true;
}

/** Processes left by a failed test keep the disk busy until they end. */
export function unmount(folder: string): void {
  execFileSync("umount", ["--lazy", folder], { stdio: "pipe" });
}

export function fillUpTo(disk: string, leftBytes: number): void {
  const { bavail, bsize } = statfsSync(disk);
  try {
    writeFileSync(`${disk}/filler`, Buffer.alloc(bavail * bsize - leftBytes));
  } catch (error) {
    // The database has used some of it in the meantime, and the filler the rest.
    if (leftBytes > 0 || (error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}
