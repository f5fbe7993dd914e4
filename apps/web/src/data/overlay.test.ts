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

test("an own act shows while it is under way, and what failed has never been", async () => {
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

test("what succeeded is in the rows of the server before the act goes from over them: it never shows as it was", async () => {
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

test("several acts lie over each other in the order in which they were done, and each goes by itself", () => {
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

test("a row that others take away under an own act is gone when the act ends", () => {
  const { overlay, index, shown } = opened("a", "b");
  overlay.begin("1", [{ kind: "set", folderId: "f", id: "a", values: { name: "z" } }]);
  index.applyChanges([{ id: "a", seq: 2, row: undefined, isNew: false }]);
  assert.deepEqual(shown(), ["b"]);
  overlay.end("1");
  assert.deepEqual(shown(), ["b"]);
});
