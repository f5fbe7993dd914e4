import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { LocalDisk } from "./local-disk.ts";
import { blockingDisk } from "./testing-local-disk.ts";
import { openFilesMax, writeFiles } from "./write-files.ts";

test("with any number of files written, few are open at a time, and each has its own outcome", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-write-files-"));
  try {
    const { disk, mostOpen } = countingDisk();
    const files = Array.from({ length: 3 * openFilesMax + 1 }, (_, index) => ({
      path: join(folder, `file-${index}`),
      temporary: join(folder, `part-${index}`),
      mode: { bits: 0o666, exact: false },
      mtimeMicros: 0n,
      blocks: index === openFilesMax + 1 ? ["missing"] : [],
    }));
    const outcomes = await writeFiles(disk, files, [], new Map());
    assert.deepEqual(
      outcomes.flatMap(({ ok }, index) => (ok ? [] : [index])),
      [openFilesMax + 1],
    );
    assert.deepEqual([outcomes.length, readdirSync(folder).length], [files.length, files.length - 1]);
    assert.equal(mostOpen(), openFilesMax);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function countingDisk(): { disk: LocalDisk; mostOpen: () => number } {
  let open = 0;
  let most = 0;
  const createFile: LocalDisk["createFile"] = async (path, options) => {
    const file = await blockingDisk.createFile(path, options);
    open += 1;
    most = Math.max(most, open);
    const close = file.close.bind(file);
    file.close = async () => {
      await close();
      open -= 1;
    };
    return file;
  };
  return { disk: { ...blockingDisk, createFile }, mostOpen: () => most };
}
