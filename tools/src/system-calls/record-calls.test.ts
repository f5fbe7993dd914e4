import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { requireComponent } from "../components.ts";
import { recordCalls } from "./record-calls.ts";
import { findUndurable } from "./undurable.ts";

const program = fileURLToPath(new URL("testing-program.ts", import.meta.url));

/** Omitted step -> data that is then not durable. */
const expected: Readonly<Record<string, readonly string[]>> = {
  nothing: [],
  "sync of the outer folder": ["name inner"],
  // The following fsync covers the content too.
  fdatasync: [],
  fsync: ["attributes of inner/final é"],
  "sync of the folder": ["name inner/final é"],
};

for (const by of ["strace", "spy"] as const) {
  test(`missing durability is found by ${by}, whichever sync is omitted`, async (t) => {
    if (by === "strace" && !requireComponent(t, "strace")) return;
    for (const [omitted, found] of Object.entries(expected)) {
      const { folder, recording } = await record(t, by, omitted);
      const { atEnd, namedEarly } = findUndurable(recording, "durable\n");
      assert.deepEqual(
        [atEnd, namedEarly],
        [found.map((each) => each.replace(" inner", ` ${folder}/inner`)), []],
        omitted,
      );
    }
  });

  test(`an unsynced removal is found by ${by}, after the output before it`, async (t) => {
    if (by === "strace" && !requireComponent(t, "strace")) return;
    const { folder, recording } = await record(t, by, "nothing");
    assert.deepEqual(findUndurable(recording).atEnd, [`removal of ${folder}/old`]);
    assert.throws(() => findUndurable(recording, "never said"), /Nobody said/);
  });
}

test("a failed program is reported with its output", async (t) => {
  const folder = folderFor(t);
  const recorded = { command: [process.execPath, "-e", "console.error('why'); process.exitCode = 3"], folder } as const;
  await assert.rejects(recordCalls(t, recorded), /ended with 3: why/);
});

async function record(t: TestContext, by: "strace" | "spy", omitted: string) {
  const folder = folderFor(t);
  writeFileSync(join(folder, "old"), "");
  return {
    folder,
    recording: await recordCalls(t, { command: [process.execPath, program, folder, omitted], folder, by }),
  };
}

function folderFor(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-record-")));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
