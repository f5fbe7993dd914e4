import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";

async function inSync(alone: Alone): Promise<void> {
  const { inSync: isIn, problems } = await alone.once();
  assert.deepEqual([isIn, problems], [true, []]);
}

test("a folder kept for its hidden content becomes the one that moves to its name on the server", async () => {
  for (const isSeenGone of [false, true]) {
    const alone = new Alone();
    alone.write(".holdfastignore", "*.log\n");
    for (const folder of ["a", "a/deep", "b"]) alone.mkdir(folder);
    for (const path of ["a/1", "a/deep/2", "b/3", "b/hidden.log"]) alone.write(path, path);
    await inSync(alone);
    alone.onServer({ op: "delete", operation_id: "1", file_id: alone.serverId("b") });
    if (isSeenGone) await inSync(alone);
    alone.moveOnServer(alone.serverId("a"), "b");
    await inSync(alone);
    const shown = [".holdfastignore", "b", "b/1", "b/deep", "b/deep/2"];
    assert.deepEqual(alone.diskPaths(), [...shown, "b/hidden.log"].toSorted());
    assert.deepEqual(alone.serverPaths(), shown);
    alone.write("b/4", "4");
    await inSync(alone);
    assert.ok(alone.serverPaths().includes("b/4"));
    alone.close();
  }
});

test("local changes in a folder that moves to the name of a kept one are synced", async () => {
  const alone = new Alone();
  alone.write(".holdfastignore", "*.log\n");
  for (const folder of ["a", "a/deep", "b", "c"]) alone.mkdir(folder);
  for (const path of ["a/1", "a/2", "a/3", "a/deep/4", "a/old.log", "b/hidden.log", "c/5"]) alone.write(path, path);
  await inSync(alone);
  const ids = ["a", "a/1", "a/deep"].map((path) => alone.serverId(path));
  alone.onServer({ op: "delete", operation_id: "1", file_id: alone.serverId("b") });
  alone.moveOnServer(alone.serverId("a"), "b");
  alone.write("a/1", "edited");
  alone.remove("a/2");
  alone.move("a/3", "c/3");
  alone.move("c/5", "a/5");
  alone.write("a/new", "new");
  await inSync(alone);
  const shown = [".holdfastignore", "b", "b/1", "b/5", "b/deep", "b/deep/4", "b/new", "c", "c/3"];
  assert.deepEqual(alone.serverPaths(), shown);
  assert.deepEqual(alone.diskPaths(), [...shown, "a", "a/old.log", "b/hidden.log"].toSorted());
  assert.deepEqual([alone.read("b/1"), alone.serverContents().get("b/1")], ["edited", "edited"]);
  assert.deepEqual(
    ["b", "b/1", "b/deep"].map((path) => alone.serverId(path)),
    ids,
  );
  alone.close();
});

test("excluded content of a folder that moves to the name of a kept one is deleted nowhere", async () => {
  for (const freeSpace of [false, true]) {
    for (const isAllLeftOut of [false, true]) {
      const alone = new Alone();
      alone.write(".holdfastignore", "*.log\n");
      for (const folder of ["a", "a/big", "b"]) alone.mkdir(folder);
      for (const path of ["a/1", "a/big/2", "b/3", "b/hidden.log"]) alone.write(path, path);
      await inSync(alone);
      const engine = alone.make();
      engine.exclude([isAllLeftOut ? "a" : "a/big"], { freeSpace });
      await alone.pass(engine.runOnce());
      alone.onServer({ op: "delete", operation_id: "1", file_id: alone.serverId("b") });
      await inSync(alone);
      alone.moveOnServer(alone.serverId("a"), "b");
      await inSync(alone);
      const shown = [".holdfastignore", "b", "b/1", "b/big", "b/big/2"];
      assert.deepEqual(alone.serverPaths(), shown);
      const kept = ["a", ...(isAllLeftOut ? ["a/1"] : []), "a/big", "a/big/2"];
      const left = freeSpace ? [] : kept;
      assert.deepEqual(alone.diskPaths(), [...shown, ...left, "b/hidden.log"].toSorted());
      alone.close();
    }
  }
});

test("a folder moved here to the name of one kept on the server for excluded content becomes that one", async () => {
  for (const deletesAlso of [undefined, "nothing", "the folder that moves"]) {
    const alone = new Alone();
    for (const folder of ["a", "a/deep", "b", "b/big"]) alone.mkdir(folder);
    for (const path of ["a/1", "a/deep/2", "b/3", "b/big/4"]) alone.write(path, path);
    await inSync(alone);
    const engine = alone.make();
    engine.exclude(["b/big"], { freeSpace: true });
    await alone.pass(engine.runOnce());
    alone.remove("b/3");
    alone.root.remove("b", true);
    if (deletesAlso !== undefined) await inSync(alone);
    alone.move("a", "b");
    if (deletesAlso === "the folder that moves")
      alone.onServer({ op: "delete", operation_id: "1", file_id: alone.serverId("a") });
    await inSync(alone);
    assert.deepEqual(alone.diskPaths(), ["b", "b/1", "b/deep", "b/deep/2"]);
    assert.deepEqual(alone.serverPaths(), ["b", "b/1", "b/big", "b/big/4", "b/deep", "b/deep/2"]);
    alone.close();
  }
});

test("a folder moved to the name of one whose deletion waits keeps its ID, and moves there after approval", async () => {
  for (const deletes of ["here", "on the server"]) {
    const alone = new Alone();
    for (const folder of ["a", "b"]) alone.mkdir(folder);
    alone.write("a/1", "1");
    const names = Array.from({ length: 60 }, (_, index) => `file ${index}`);
    for (const name of names) alone.write(`b/${name}`, name);
    await inSync(alone);
    const ids = ["a", "a/1"].map((path) => alone.serverId(path));
    if (deletes === "here") {
      for (const name of names) alone.remove(`b/${name}`);
      alone.root.remove("b", true);
      alone.move("a", "b");
    } else {
      alone.onServer({ op: "delete", operation_id: "1", file_id: alone.serverId("b") });
      alone.moveOnServer(alone.serverId("a"), "b");
    }
    const engine = alone.make({ brake: undefined });
    assert.equal((await alone.pass(engine.runOnce())).deletionsWaiting, 61);
    engine.approveDeletions(engine.waitingDeletions().map(({ id }) => id));
    assert.ok((await alone.pass(engine.runOnce())).inSync);
    assert.deepEqual(
      [alone.diskPaths(), alone.serverPaths()],
      [
        ["b", "b/1"],
        ["b", "b/1"],
      ],
    );
    assert.deepEqual(
      ["b", "b/1"].map((path) => alone.serverId(path)),
      ids,
    );
    alone.close();
  }
});

test("files recreated here while mass deletions wait are the same nodes, and the others still wait", async () => {
  const alone = new Alone();
  const names = Array.from({ length: 60 }, (_, index) => `file ${index}`);
  for (const name of names) alone.write(name, name);
  await inSync(alone);
  const ids = names.map((name) => alone.serverId(name));
  for (const name of names) alone.remove(name);
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 60);
  for (const [index, name] of names.slice(0, 20).entries()) alone.write(name, index === 0 ? "edited" : name);
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 40);
  assert.deepEqual(
    names.map((name) => alone.serverId(name)),
    ids,
  );
  assert.equal(alone.serverContents().get("file 0"), "edited");
  alone.close();
});
