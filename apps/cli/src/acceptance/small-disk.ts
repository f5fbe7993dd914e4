import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import type { TestContext } from "node:test";

/** @returns false, and skips the test, if the disk cannot be mounted */
export function mountSmallDisk(t: TestContext, folder: string, sizeBytes: number): boolean {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes},mode=0755`, "tmpfs", folder], { stdio: "pipe" });
  } catch (error) {
    t.skip(`a small disk cannot be mounted here: ${String((error as { stderr?: Buffer }).stderr).trim()}`);
    return false;
  }
  return true;
}

/** Lazy, because a process of a failed test may still use the disk. */
export function unmount(folder: string): void {
  execFileSync("umount", ["--lazy", folder], { stdio: "pipe" });
}
