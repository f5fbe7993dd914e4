import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";
import { contentOf } from "./small-blocks.ts";

/** Returns synced `one` and `other` with a file each. A person swaps the folders when the engine writes a new file. */
async function withSwap(alone: Alone): Promise<LocalDisk> {
  for (const folder of ["one", "other"]) {
    alone.mkdir(folder);
    alone.write(`${folder}/in ${folder}`, folder);
  }
  await alone.once();
  const disk = alone.disk();
  let left = 1;
  const swapped: Partial<LocalDisk> = {
    create: async (...given) => {
      await disk.create(...given);
      if (left === 0) return;
      left -= 1;
      alone.move("one", "aside");
      alone.move("other", "one");
      alone.move("aside", "other");
    },
  };
  return new Proxy(disk, {
    get: (target, name) => (Reflect.get(swapped, name) ?? Reflect.get(target, name)) as unknown,
  });
}

test("a new file is uploaded to its folder even if another one has taken the folder's name", async () => {
  const alone = new Alone();
  const disk = await withSwap(alone);
  const parent_id = alone.serverId("one");
  alone.onServer({ op: "symlink", operation_id: "link", id: "a-link", parent_id, name: "link", target: "somewhere" });
  const empty = { size: 0, content_id: contentOf(new Uint8Array()), blocks: [] };
  alone.onServer({ op: "put", operation_id: "new", id: "a-file", parent_id, name: "new", ...empty });
  await alone.once({ disk });
  const there = ["one", "one/in other", "other", "other/in one", "other/link", "other/new"];
  assert.deepEqual(alone.diskPaths(), there);
  assert.deepEqual(alone.serverPaths(), there);
  alone.close();
});
