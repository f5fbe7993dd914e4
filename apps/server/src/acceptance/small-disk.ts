import { execFileSync } from "node:child_process";
import { mkdirSync, statfsSync, writeFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { makeFolder, removeFolder } from "./testing.ts";

/** Gives the work a disk of its own, or skips the test where this user may not make one. */
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

/** Until `unmount`. @returns false where it cannot be: then the test is skipped */
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

/** What a failed test left running holds the disk until it has ended too. */
export function unmount(folder: string): void {
  execFileSync("umount", ["--lazy", folder], { stdio: "pipe" });
}

/** Leaves so much free, by a file `filler`. */
export function fillUpTo(disk: string, leftBytes: number): void {
  const { bavail, bsize } = statfsSync(disk);
  try {
    writeFileSync(`${disk}/filler`, Buffer.alloc(bavail * bsize - leftBytes));
  } catch (error) {
    // The database has taken some of it meanwhile, and the filler the rest.
    if (leftBytes > 0 || (error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}
