import assert from "node:assert/strict";
import { test } from "node:test";
import { previewLines } from "./preview-sync.ts";

test("a preview names each change, and of many of one kind in one folder their number", () => {
  const many = Array.from({ length: 20_000 }, (_, at) => ({
    side: "server" as const,
    what: "create" as const,
    path: `many/${at}`,
  }));
  const top = many.map(({ side, what }, at) => ({ side, what, path: `${at}` }));
  assert.deepEqual(
    previewLines([
      { side: "here", what: "delete", path: "many/old.txt" },
      ...many,
      { side: "server", what: "delete", path: "gone", files: 1200 },
      ...top,
      { side: "here", what: "delete", path: "many/older.txt" },
      ...many.slice(0, 51).map(({ side }, at) => ({ side, what: "delete" as const, path: `all/${at}`, files: 1000 })),
    ]),
    [
      "here: delete many/old.txt",
      "on the server: create 20,000 paths in many",
      "on the server: delete gone, with 1,200 files",
      "on the server: create 20,000 paths in the top folder",
      "here: delete many/older.txt",
      "on the server: delete 51 paths in all, with 51,000 files",
    ],
  );
});
