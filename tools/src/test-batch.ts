import { suite } from "node:test";
import { limitFile } from "./file-limit.ts";
import { beginSharing, endShared } from "./shared-by-files.ts";

/** Time limit after the last file: any remaining activity is a leak, which must cost the run little. */
const endMsMax = 90_000;

/**
 * Runs test files one by one in this process, each as a suite named by its path. Modules are loaded and compiled once,
 * and shared resources start once.
 * @param files path -> function that loads the file
 * @public called by modules that test-batches.ts writes
 */
export async function runBatch(files: Readonly<Record<string, () => Promise<unknown>>>): Promise<void> {
  // Nothing else keeps the process alive between two files.
  const keeper = setInterval(() => {}, 60_000);
  beginSharing();
  for (const [file, load] of Object.entries(files)) {
    limitFile(file);
    await suite(file, async () => void (await load()));
  }
  await endShared();
  clearInterval(keeper);
  limitFile(`The process of ${Object.keys(files).length} files`, endMsMax);
}
