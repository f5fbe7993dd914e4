import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultMemoryLimits } from "@holdfast/sync/loop/context/memory-limits";
import { markerPath } from "@holdfast/sync-ports/paths";
import { Alone } from "./alone.ts";

const marker = JSON.stringify({ id: "other", server_id: "s", account_id: "a", remote_root_id: "r" });

function mark(alone: Alone, folder: string, bytes: Uint8Array = Buffer.from(marker)): void {
  alone.mkdir(`${folder}/.holdfast`);
  alone.root.write(alone.root.create(`${folder}/${markerPath}`, "file", true), { bytes }, true);
}

function found({ problems }: { readonly problems: readonly { readonly path: string; readonly code: string }[] }) {
  return problems.map(({ path, code }) => [path, code]);
}

test("a folder synced by another client is skipped and listed, and does not prevent being in sync", async () => {
  const alone = new Alone();
  alone.mkdir("a");
  alone.mkdir("a/inner");
  alone.mkdir("a/inner/deep");
  alone.write("a/inner/deep/file", "theirs");
  mark(alone, "a/inner");
  alone.write("a/b", "b");
  const first = await alone.once();
  assert.deepEqual([first.inSync, found(first)], [true, [["a/inner", "other_sync"]]]);
  assert.deepEqual(alone.serverPaths(), ["a", "a/b"]);
  alone.write("a/inner/deep/file", "changed by them");
  alone.write("a/inner/new", "made by them");
  const later = await alone.once();
  assert.deepEqual([later.inSync, found(later)], [true, [["a/inner", "other_sync"]]]);
  assert.deepEqual(alone.serverPaths(), ["a", "a/b"]);
  alone.close();
});

test("a folder that is already synced stays so even with another client's marker", async () => {
  const alone = new Alone();
  alone.mkdir("inner");
  alone.mkdir("inner/deep");
  for (const name of ["inner/a", "inner/deep/c"]) alone.write(name, name);
  assert.ok((await alone.once()).inSync);
  mark(alone, "inner");
  alone.write("inner/deep/c", "edited");
  alone.write("inner/new", "new");
  alone.remove("inner/a");
  const { inSync, problems } = await alone.once();
  assert.deepEqual([inSync, problems], [true, []]);
  assert.deepEqual(alone.serverPaths(), ["inner", "inner/deep", "inner/deep/c", "inner/new"]);
  assert.equal(alone.serverContents().get("inner/deep/c"), "edited");
  alone.close();
});

test("a folder of another client is also skipped when the first scan is split into many parts", async () => {
  const alone = new Alone();
  for (let index = 0; index < 30; index += 1) {
    alone.mkdir(`f${index}`);
    alone.write(`f${index}/file`, `${index}`);
    alone.mkdir(`f${index}/inner`);
    alone.write(`f${index}/inner/theirs`, "theirs");
    mark(alone, `f${index}/inner`);
  }
  const { inSync, problems } = await alone.once({ memoryLimits: { ...defaultMemoryLimits, entriesMax: 3 } });
  assert.equal(inSync, true);
  assert.deepEqual(new Set(problems.map(({ code }) => code)), new Set(["other_sync"]));
  assert.equal(problems.length, 30);
  // A part may end before such a folder is listed. Then the folder is sent without content.
  assert.deepEqual(
    alone.serverPaths().filter((path) => path.includes("inner/")),
    [],
  );
  alone.close();
});

test("a folder whose other client has ended is synced again once it is included", async () => {
  const alone = new Alone();
  alone.mkdir("inner");
  alone.write("inner/a", "a");
  mark(alone, "inner");
  assert.deepEqual(found(await alone.once()), [["inner", "other_sync"]]);
  // Too early; it is found again.
  const early = alone.make();
  early.include(["inner"]);
  assert.deepEqual(found(await alone.pass(early.runOnce())), [["inner", "other_sync"]]);
  alone.root.remove(`inner/${markerPath}`, true);
  const engine = alone.make();
  engine.include(["inner"]);
  const included = await alone.pass(engine.runOnce());
  assert.deepEqual([included.inSync, included.problems], [true, []]);
  assert.deepEqual(alone.serverPaths(), ["inner", "inner/a"]);
  alone.close();
});

test("a copy of the synced folder within itself is synced, and so is a copy of another known folder", async () => {
  const alone = new Alone();
  assert.ok((await alone.once()).inSync);
  for (const copy of ["own", "known"]) {
    alone.mkdir(copy);
    alone.write(`${copy}/a`, copy);
  }
  mark(alone, "own", alone.root.mustBeAt(markerPath).now.bytes);
  mark(alone, "known");
  const isCopied = async (folder: string, text: string): Promise<boolean> => folder === "known" && text === marker;
  const { inSync, problems } = await alone.once({ isCopied });
  assert.deepEqual([inSync, problems], [true, []]);
  assert.deepEqual(alone.serverPaths(), ["known", "known/a", "own", "own/a"]);
  alone.write("own/a", "changed");
  assert.ok((await alone.once({ isCopied })).inSync);
  assert.equal(alone.serverContents().get("own/a"), "changed");
  alone.close();
});
