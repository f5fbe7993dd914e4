import assert from "node:assert/strict";
import { test } from "node:test";
import { markerPath } from "@holdfast/sync-ports/paths";
import { Alone } from "./alone.ts";

const marker = JSON.stringify({ id: "other", server_id: "s", account_id: "a", remote_root_id: "r" });

/** As the client of another configuration marks the folder that it syncs. */
function mark(alone: Alone, folder: string, bytes: Uint8Array = Buffer.from(marker)): void {
  alone.mkdir(`${folder}/.holdfast`);
  alone.root.write(alone.root.create(`${folder}/${markerPath}`, "file", true), { bytes }, true);
}

/** The problems that were found, by path and code. */
function found({ problems }: { readonly problems: readonly { readonly path: string; readonly code: string }[] }) {
  return problems.map(({ path, code }) => [path, code]);
}

test("a folder that another client syncs is left alone and listed, and keeps nothing from being in sync", async () => {
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

test("a synced folder that another client begins to sync keeps its files, here and on the server, whatever the other one does", async () => {
  const alone = new Alone();
  alone.mkdir("inner");
  alone.mkdir("inner/deep");
  for (const name of ["inner/a", "inner/b", "inner/deep/c"]) alone.write(name, name);
  assert.ok((await alone.once()).inSync);
  mark(alone, "inner");
  alone.remove("inner/a");
  alone.write("inner/b", "changed by the other client");
  const engine = alone.make();
  engine.hint(["inner"]);
  const result = await alone.pass(engine.runOnce());
  assert.deepEqual([result.inSync, found(result)], [true, [["inner", "other_sync"]]]);
  const onServer = alone.serverContents();
  assert.deepEqual([onServer.get("inner/a"), onServer.get("inner/b")], ["inner/a", "inner/b"]);
  // What is deleted, changed and made there on the server does nothing here either.
  alone.onServer({ op: "delete", operation_id: "1", file_id: alone.serverId("inner/deep/c") });
  alone.writeOnServer("inner/b", "by another device");
  alone.onServer({ op: "mkdir", operation_id: "2", parent_id: alone.serverId("inner"), name: "new" });
  assert.ok((await alone.once()).inSync);
  alone.onServer({ op: "delete", operation_id: "3", file_id: alone.serverId("inner") });
  assert.ok((await alone.once()).inSync);
  assert.equal(alone.read("inner/b"), "changed by the other client");
  assert.equal(alone.read("inner/deep/c"), "inner/deep/c");
  assert.equal(alone.root.at("inner/new"), undefined);
  alone.close();
});

for (const hinted of [["inner"], ["inner", "inner/deep"], undefined]) {
  test(`a running client stops syncing such a folder after a hint of ${String(hinted ?? "everything")}`, async () => {
    const alone = new Alone();
    alone.mkdir("inner");
    alone.mkdir("inner/deep");
    alone.write("inner/deep/file", "before");
    const engine = alone.make();
    const run = engine.run();
    const { scheduler } = alone.world;
    const rest = (): Promise<unknown> => scheduler.runUntil(scheduler.nowMicros + 10_000_000, () => false);
    await rest();
    assert.deepEqual(alone.serverPaths(), ["inner", "inner/deep", "inner/deep/file"]);
    mark(alone, "inner");
    alone.write("inner/deep/file", "by the other client");
    alone.write("inner/deep/more", "by the other client");
    engine.hint(hinted);
    await rest();
    assert.deepEqual(found(engine.status()), [["inner", "other_sync"]]);
    assert.deepEqual(alone.serverPaths(), ["inner", "inner/deep", "inner/deep/file"]);
    assert.equal(alone.serverContents().get("inner/deep/file"), "before");
    engine.stop();
    await alone.pass(run);
    alone.close();
  });
}

test("a folder whose other client has ended is synced again once it is included", async () => {
  const alone = new Alone();
  alone.mkdir("inner");
  alone.write("inner/a", "a");
  mark(alone, "inner");
  assert.deepEqual(found(await alone.once()), [["inner", "other_sync"]]);
  // Too early: it is found again.
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

test("a copy of the synced folder in itself is synced, and so is one of which it is known where the original is", async () => {
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
