import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";

async function renamedOffline(): Promise<Alone> {
  const alone = new Alone();
  alone.mkdir("old");
  for (const name of ["f", "g"]) alone.write(`old/${name}`, name);
  assert.ok((await alone.once()).inSync);
  alone.move("old", "new");
  return alone;
}

for (const what of ["is excluded from the next start on", "the rules of the folder hide"] as const) {
  test(`a file in a folder renamed offline that ${what} at its new path is deleted nowhere`, async () => {
    const alone = await renamedOffline();
    const isExcluded = what === "is excluded from the next start on";
    if (!isExcluded) alone.write(".holdfastignore", "/new/f");
    const exclude = isExcluded ? ["new/f"] : [];
    const rules = isExcluded ? [] : [".holdfastignore"];
    assert.deepEqual(await alone.once({ exclude }), { inSync: true, problems: [], deletionsWaiting: 0 });
    const all = [...rules, "new", "new/f", "new/g"];
    assert.deepEqual([alone.serverPaths(), alone.diskPaths()], [all, all]);
    alone.write("new/f", "mine");
    assert.ok((await alone.once()).inSync);
    assert.equal(alone.serverContents().get("new/f"), "f");
    alone.close();
  });
}

test("a folder in one renamed offline, and excluded at its new path, is deleted nowhere with its content", async () => {
  const alone = new Alone();
  for (const path of ["old", "old/sub"]) alone.mkdir(path);
  alone.write("old/sub/f", "f");
  assert.ok((await alone.once()).inSync);
  alone.move("old", "new");
  assert.deepEqual(await alone.once({ exclude: ["new/sub"] }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual(alone.serverPaths(), ["new", "new/sub", "new/sub/f"]);
  assert.deepEqual(alone.diskPaths(), ["new", "new/sub", "new/sub/f"]);
  alone.close();
});

test("space of an excluded path is freed even if its folder was renamed offline", async () => {
  const alone = await renamedOffline();
  const engine = alone.make();
  engine.exclude(["new/f"], { freeSpace: true });
  assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.equal(engine.status().freed?.files, 1);
  assert.deepEqual(alone.diskPaths(), ["new", "new/g"]);
  assert.deepEqual(alone.serverPaths(), ["new", "new/f", "new/g"]);
  alone.close();
});

test("a file that was deleted offline and is excluded at its former path stays on the server", async () => {
  const alone = await renamedOffline();
  alone.remove("new/f");
  assert.ok((await alone.once({ exclude: ["new/f", "old/f"] })).inSync);
  assert.deepEqual(alone.serverPaths(), ["new", "new/f", "new/g"]);
  alone.close();
});

test("a new file that the same start excludes is neither read nor sent", async () => {
  const alone = await renamedOffline();
  alone.write("new/secret", "nobody's business");
  const disk = alone.disk();
  const read: string[] = [];
  const cut: typeof disk.cut = (path, sink) => {
    read.push(path);
    return disk.cut(path, sink);
  };
  assert.ok((await alone.once({ exclude: ["new/secret"], disk: { ...disk, cut } })).inSync);
  assert.deepEqual(alone.serverPaths(), ["new", "new/f", "new/g"]);
  assert.deepEqual(read, []);
  alone.close();
});

test("a dry run after an offline rename reports exactly the move, and changes nothing", async () => {
  const alone = await renamedOffline();
  const before = alone.world.writes;
  const { changes: preview } = await alone.pass(alone.make({ exclude: ["new/f"] }).preview());
  assert.deepEqual(preview, [{ side: "server", what: "move", path: "new", from: "old" }]);
  assert.equal(alone.world.writes, before);
  alone.close();
});

test("a folder kept here for its hidden content, and then moved, is a folder of the server again", async () => {
  const alone = new Alone();
  alone.write(".holdfastignore", "hidden");
  alone.mkdir("folder");
  for (const name of ["hidden", "shown"]) alone.write(`folder/${name}`, name);
  assert.ok((await alone.once()).inSync);
  alone.onServer({ op: "delete", operation_id: "gone", file_id: alone.serverId("folder") });
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.diskPaths(), [".holdfastignore", "folder", "folder/hidden"]);
  alone.move("folder", "moved");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.serverPaths(), [".holdfastignore", "moved"]);
  assert.deepEqual(alone.diskPaths(), [".holdfastignore", "moved", "moved/hidden"]);
  alone.close();
});

test("a file deleted elsewhere while excluded here comes back when included where it was moved to", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  alone.write("folder/file", "text");
  assert.ok((await alone.once()).inSync);
  const engine = alone.make({ exclude: ["folder"] });
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  alone.onServer({ op: "delete", operation_id: "gone", file_id: alone.serverId("folder/file") });
  alone.move("folder/file", "folder/moved");
  engine.include(["folder"]);
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  assert.deepEqual(
    [alone.serverPaths(), alone.diskPaths()],
    [
      ["folder", "folder/moved"],
      ["folder", "folder/moved"],
    ],
  );
  alone.close();
});
