import assert from "node:assert/strict";
import { test } from "node:test";
import { previewLines, summaryOf } from "./preview-sync.ts";

test("a preview names each change, and counts many of one kind in one folder", () => {
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
      { side: "here", what: "move", path: "new name", from: "a/old name" },
      { side: "server", what: "delete", path: "gone", files: 1200 },
      ...top,
      { side: "here", what: "delete", path: "many/older.txt" },
      ...many.slice(0, 51).map(({ side }, at) => ({ side, what: "delete" as const, path: `all/${at}`, files: 1000 })),
    ]),
    [
      "here: delete many/old.txt",
      "on the server: create 20,000 paths in many",
      "here: move a/old name to new name",
      "on the server: delete gone, with 1,200 files",
      "on the server: create 20,000 paths in the top folder",
      "here: delete many/older.txt",
      "on the server: delete 51 paths in all, with 51,000 files",
    ],
  );
});

test("a preview shows each file's size, the totals of both directions, and each file that is kept twice", () => {
  const copy = "a (laptop's conflicted copy 2026-01-31).txt";
  const changes = [
    { side: "here", what: "copy aside", path: copy, of: "a.txt" },
    { side: "here", what: "change", path: "a.txt", bytes: 1024 },
    { side: "server", what: "create", path: copy, bytes: 2048 },
    ...Array.from(
      { length: 60 },
      (_, at) => ({ side: "server", what: "create", path: `d/${at}`, bytes: 1024 }) as const,
    ),
  ] as const;
  assert.deepEqual(previewLines(changes), [
    `here: conflict, keep a.txt twice, the version here as ${copy}`,
    "here: change a.txt (1.0 KiB)",
    `on the server: create ${copy} (2.0 KiB)`,
    "on the server: create 60 paths in d (60 KiB)",
  ]);
  assert.equal(
    summaryOf(changes, [], undefined),
    "63 changes: 62 KiB to upload, 1.0 KiB to download, 1 file in conflict, both versions kept.",
  );
  assert.equal(summaryOf([], [], undefined), "Nothing to do.");
});
