import assert from "node:assert/strict";
import { test } from "node:test";
import { FolderIndex } from "./folder-index.ts";
import { Overlay } from "./overlay.ts";
import { testRow } from "./testing.ts";

function opened(...names: string[]) {
  const overlay = new Overlay();
  const index = new FolderIndex("natural", overlay.over("f"));
  overlay.connect("f", index);
  index.addPage({ from: "first", rows: names.map((name) => testRow(name)), isEnd: true, total: names.length });
  const shown = () => Array.from({ length: index.getSnapshot().total }, (_, at) => index.rowAt(at)?.name);
  return { overlay, index, shown };
}

test("an own change shows while it is running, and disappears if it fails", async () => {
  const { overlay, index, shown } = opened("a", "b");
  const rename = { kind: "set", folderId: "f", id: "a", values: { name: "z" } } as const;
  const answer = Promise.withResolvers<string>();
  const act = overlay.during(
    "1",
    [rename],
    () => answer.promise,
    () => {},
  );
  assert.deepEqual(shown(), ["b", "z"]);
  const server = index.rowOf("a");
  answer.reject(new Error("refused"));
  await assert.rejects(act, /refused/);
  assert.deepEqual([shown(), server?.name, overlay.pendingCount], [["a", "b"], "z", 0]);
});

test("a successful change never flickers back to its old state", async () => {
  const { overlay, index, shown } = opened("a", "b");
  const seen: unknown[] = [];
  index.subscribe(() => seen.push(shown()));
  const settle = (): void =>
    index.applyChanges([{ id: "a", seq: 2, row: testRow("z", { id: "a", seq: 2 }), isNew: false }]);
  const rename = { kind: "set", folderId: "f", id: "a", values: { name: "z" } } as const;
  await overlay.during("1", [rename], () => Promise.resolve(), settle);
  assert.deepEqual(seen, [
    ["b", "z"],
    ["b", "z"],
    ["b", "z"],
  ]);
});

test("own changes apply in the order in which they were made, and each can end separately", () => {
  const { overlay, index, shown } = opened("a");
  overlay.begin("1", [{ kind: "set", folderId: "f", id: "a", values: { name: "b" } }]);
  overlay.begin("2", [{ kind: "set", folderId: "f", id: "a", values: { isStarred: true } }]);
  overlay.begin("3", [{ kind: "add", folderId: "f", id: "n", row: testRow("new", { id: "n" }) }]);
  assert.deepEqual([shown(), index.rowOf("a")?.isStarred], [["b", "new"], true]);
  overlay.end("1");
  assert.deepEqual([shown(), index.rowOf("a")?.isStarred], [["a", "new"], true]);
  overlay.begin("4", [{ kind: "remove", folderId: "f", id: "a" }]);
  overlay.end("3");
  assert.deepEqual(shown(), []);
  overlay.end("4");
  overlay.end("2");
  overlay.end("2");
  assert.deepEqual([shown(), index.rowOf("a")?.isStarred, overlay.pendingCount], [["a"], false, 0]);
});

test("a row that others remove during an own change stays gone when the change ends", () => {
  const { overlay, index, shown } = opened("a", "b");
  overlay.begin("1", [{ kind: "set", folderId: "f", id: "a", values: { name: "z" } }]);
  index.applyChanges([{ id: "a", seq: 2, row: undefined, isNew: false }]);
  assert.deepEqual(shown(), ["b"]);
  overlay.end("1");
  assert.deepEqual(shown(), ["b"]);
});
