import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { recordCalls } from "@holdfast/tools/system-calls/record-calls";
import { findUndurable } from "@holdfast/tools/system-calls/undurable";

/** Step -> data that a power failure could remove after that step. */
const expected: Readonly<Record<string, readonly string[]>> = {
  written: ["content of inner/a", "name inner/a"],
  datasynced: ["name inner/a"],
  "attributes set": ["attributes of inner/a", "name inner/a"],
  synced: ["name inner/a"],
  named: ["name inner/b", "name inner/c", "name inner/d"],
  "folder synced": [],
  removed: ["removal of inner/c"],
  "removal synced": [],
};

/**
 * Tests real disks by their system calls: a simulated disk trusts its own syncs, and a real one forgets nothing in a
 * test.
 * @param module file that exports the disk as `exported`
 */
export function testDiskDurability(
  name: string,
  { module, exported }: { readonly module: URL; readonly exported: string },
  makeFolder: () => Promise<string>,
): void {
  const program = fileURLToPath(new URL("testing-durable-disk.ts", import.meta.url));
  test(`${name}: each sync makes its declared data durable, according to the system calls`, async (t) => {
    const folder = await makeFolder();
    const command = [process.execPath, program, folder, module.href, exported] as const;
    const recording = await recordCalls(t, { command, folder });
    for (const [step, found] of Object.entries(expected)) {
      const { atEnd } = findUndurable(recording, `${step}\n`);
      assert.deepEqual(
        atEnd,
        found.map((each) => each.replace(" inner", ` ${recording.folder}/inner`)),
        step,
      );
    }
  });
}
