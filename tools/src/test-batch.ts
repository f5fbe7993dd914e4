import { suite } from "node:test";
import { limitFile } from "./file-limit.ts";
import { beginSharing, endShared } from "./shared-by-files.ts";

/** All files have ended: what keeps the process now is a leak, which is to cost the run little. */
const endMsMax = 90_000;

/**
 * Runs test files one after the other in this process, each in a suite that is named by its path. Their modules are loaded and compiled
 * once, and what they share is started once.
 * @param files by path: what loads them
 * @public the modules that test-batches.ts writes call it
 */
export async function runBatch(files: Readonly<Record<string, () => Promise<unknown>>>): Promise<void> {
  // Nothing else keeps the process between two files.
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
