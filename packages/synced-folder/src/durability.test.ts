import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { recordCalls } from "@holdfast/tools/system-calls/record-calls";
import { findUndurable } from "@holdfast/tools/system-calls/undurable";

const program = fileURLToPath(new URL("testing-durable-folder.ts", import.meta.url));

/** Step -> data that a power failure could remove after that step. */
const expected: Readonly<Record<string, readonly string[]>> = {
  created: [
    "attributes of large",
    "attributes of small",
    "content of large",
    "content of small",
    "name large",
    "name small",
  ],
  "small file synced": ["attributes of large", "content of large", "name large", "name small"],
  named: ["name a", "name b"],
  "folder synced": [],
  changed: ["attributes of b", "name b", "removal of a"],
  "change synced": [],
  "one more": ["attributes of c", "content of c", "name c"],
  "all synced": [],
};

test("each sync of a synced folder makes its declared data durable, according to the system calls", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-durable-folder-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const recording = await recordCalls(t, { command: [process.execPath, program, folder], folder });
  // The spy does not see this package's native calls for names, times and full syncs.
  const isSeen = (found: string): boolean => recording.by === "strace" || found.startsWith("content");
  for (const [step, found] of Object.entries(expected)) {
    if (step === "all synced" && recording.by === "spy") continue;
    const paths = found.map((each) => each.replace(/ (\w+)$/, ` ${recording.folder}/inner/$1`));
    assert.deepEqual(findUndurable(recording, `${step}\n`).atEnd.filter(isSeen), paths.filter(isSeen), step);
  }
  const synced = new Set(recording.calls.filter(({ what }) => what === "sync").map(({ path }) => path));
  for (const each of ["", "/inner"])
    assert.ok(synced.has(`${recording.folder}${each}`), `the folder ${each} is synced`);
});
