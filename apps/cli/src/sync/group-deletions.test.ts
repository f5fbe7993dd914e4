import assert from "node:assert/strict";
import { test } from "node:test";
import { answeredWords, waitingCount, waitingLines } from "./group-deletions.ts";
import type { WaitingDeletion } from "./report.ts";

const change = (path: string, more: Partial<WaitingDeletion> = {}): WaitingDeletion => {
  return { id: path, what: "deletion", path, side: "server", kind: "file", bytes: 1024, ...more };
};
const folder = (path: string, more: Partial<WaitingDeletion> = {}) =>
  change(path, { kind: "folder", bytes: 0, ...more });
const files = (count: number, at: string) => Array.from({ length: count }, (_, index) => change(`${at}/${index}`));

test("a deleted folder represents everything in it", () => {
  const waiting = [folder("many2"), folder("many2/inner"), ...files(19_000, "many2/inner"), ...files(1000, "many2")];
  assert.deepEqual(waitingLines(waiting), [
    "many2/: 20,000 files and 2 folders (20 MiB) would be deleted on the server",
  ]);
  assert.equal(waitingCount(waiting), "20,002 deletions");
  assert.deepEqual(waitingLines([folder("empty", { side: "here" })]), ["empty/ would be deleted here"]);
});

test("deleted files of a remaining folder are counted together, and a single one is named", () => {
  const waiting = [...files(3, "docs"), change("plan.txt"), change("photos/1.jpg"), change("docs/9", { side: "here" })];
  assert.deepEqual(waitingLines(waiting), [
    "docs/: 3 files (3.0 KiB) would be deleted on the server",
    "plan.txt would be deleted on the server",
    "photos/1.jpg would be deleted on the server",
    "docs/9 would be deleted here",
  ]);
});

test("answered deletions are named in one line, by folder", () => {
  const answered = [...files(3, "docs"), ...files(2, "many"), change("a"), change("b"), folder("empty")];
  assert.equal(
    answeredWords(answered),
    "8 deletions that waited: docs/: 3 files (3.0 KiB), many/: 2 files (2.0 KiB), the top folder: 2 files (2.0 KiB), 1 more",
  );
  assert.equal(answeredWords([change("plan.txt")]), "1 deletion that waited: plan.txt");
});

test("a folder deleted on one side groups neither deletions on the other nor rewrites", () => {
  const waiting = [
    folder("a", { side: "here" }),
    change("a/1", { side: "here" }),
    change("a/2"),
    change("a/3", { what: "rewrite" }),
  ];
  assert.deepEqual(waitingLines(waiting), [
    "a/: 1 file and 1 folder (1.0 KiB) would be deleted here",
    "a/2 would be deleted on the server",
    "a/3 would be rewritten on the server",
  ]);
  assert.equal(waitingCount(waiting), "3 deletions and 1 rewritten file");
});

test("deletions in more than twenty places are counted", () => {
  const waiting = Array.from({ length: 30 }, (_, index) => files(2, `folder ${index}`)).flat();
  const lines = waitingLines(waiting);
  assert.equal(lines.length, 21);
  assert.equal(lines.at(-1), "and 20 more");
});
