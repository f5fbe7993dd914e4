import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { Alone } from "./alone.ts";

async function inSync(alone: Alone): Promise<void> {
  assert.deepEqual(await alone.once(), { inSync: true, problems: [], deletionsWaiting: 0 });
}

test("hidden files are not sent, and the rules themselves are", async () => {
  const alone = new Alone();
  alone.write(".holdfastignore", "*.log\nbuild/\n!keep.log");
  alone.mkdir("build");
  for (const path of ["a", "a.log", "keep.log", "build/out", "a~", ".a.swp"]) alone.write(path, path);
  await inSync(alone);
  assert.deepEqual(alone.serverPaths(), [".holdfastignore", "a", "keep.log"]);
  alone.close();
});

test("another sync's private files in its folder are not sent by a sync around it", async () => {
  const alone = new Alone();
  for (const path of ["f", "f/.holdfast", "f/.holdfast/trash"]) alone.mkdir(path);
  // Without its marker, as after `sync --forget`. With the marker, the whole folder is skipped.
  for (const path of [".holdfastignore", "a", "f/.holdfast/lock", "f/.holdfast/trash/a", "f/b"]) {
    alone.write(path, path === ".holdfastignore" ? "!.holdfast" : path);
  }
  await inSync(alone);
  assert.deepEqual(alone.serverPaths(), [".holdfastignore", "a", "f", "f/b"]);
  alone.write("f/b", "b");
  alone.mkdir("g");
  alone.write("g/.holdfast", "a file");
  await inSync(alone);
  assert.deepEqual(alone.serverPaths(), [".holdfastignore", "a", "f", "f/b", "g", "g/.holdfast"]);
  alone.close();
});

test("a rule for already synced files deletes nothing, and stops changes in both directions", async () => {
  const alone = new Alone();
  for (const path of ["a", "b"]) alone.write(path, path);
  await inSync(alone);
  alone.write(".holdfastignore", "a");
  await inSync(alone);
  alone.write("a", "mine");
  await inSync(alone);
  assert.deepEqual(alone.serverPaths(), [".holdfastignore", "a", "b"]);
  assert.equal(alone.serverContents().get("a"), "a");
  alone.remove(".holdfastignore");
  await inSync(alone);
  assert.equal(alone.serverContents().get("a"), "mine", "merged with what both had agreed on");
  assert.deepEqual(alone.diskPaths(), ["a", "b"]);
  alone.close();
});

test("a file deleted on one side while the rules hid it comes back from the other", async () => {
  const alone = new Alone();
  alone.mkdir("f");
  for (const path of ["f/a", "f/b", "f/c"]) alone.write(path, path);
  await inSync(alone);
  alone.write(".holdfastignore", "f");
  await inSync(alone);
  alone.onServer({ op: "delete", operation_id: "another's", file_id: alone.serverId("f/a") });
  alone.remove("f/b");
  await inSync(alone);
  assert.deepEqual(
    [alone.diskPaths(), alone.serverPaths()],
    [
      [".holdfastignore", "f", "f/a", "f/c"],
      [".holdfastignore", "f", "f/b", "f/c"],
    ],
  );
  alone.write(".holdfastignore", "");
  await inSync(alone);
  const all = [".holdfastignore", "f", "f/a", "f/b", "f/c"];
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [all, all]);
  alone.close();
});

test("a folder deleted on the server keeps only its hidden content here, and is not sent again", async () => {
  const alone = new Alone();
  alone.write(".holdfastignore", "*.log");
  alone.mkdir("f");
  alone.mkdir("f/g");
  for (const path of ["f/a", "f/g/b.log"]) alone.write(path, path);
  await inSync(alone);
  alone.onServer({ op: "delete", operation_id: "another's", file_id: alone.serverId("f") });
  await inSync(alone);
  await inSync(alone);
  assert.deepEqual(alone.diskPaths(), [".holdfastignore", "f", "f/g", "f/g/b.log"]);
  assert.deepEqual(alone.serverPaths(), [".holdfastignore"]);
  alone.remove("f/g/b.log");
  await inSync(alone);
  assert.deepEqual(alone.diskPaths(), [".holdfastignore"]);
  alone.close();
});

test("a folder kept for its hidden content becomes the one that the server gets under its name", async () => {
  const alone = new Alone();
  alone.write(".holdfastignore", "*.log\n");
  for (const folder of ["f", "f/g"]) {
    alone.mkdir(folder);
    alone.write(`${folder}/hidden.log`, "hidden");
    alone.write(`${folder}/a`, "a");
  }
  await inSync(alone);
  alone.onServer({ op: "delete", operation_id: "1", file_id: alone.serverId("f") });
  await inSync(alone);
  const kept = [".holdfastignore", "f", "f/g", "f/g/hidden.log", "f/hidden.log"];
  assert.deepEqual(alone.diskPaths(), kept);
  alone.onServer({ op: "mkdir", operation_id: "2", id: "f again", parent_id: alone.world.model.rootId, name: "f" });
  alone.onServer({ op: "mkdir", operation_id: "3", id: "g again", parent_id: "f again", name: "g" });
  alone.putOnServer("b", { parent_id: "f again", name: "b" });
  alone.putOnServer("b", { parent_id: "g again", name: "b" });
  await inSync(alone);
  assert.deepEqual(alone.diskPaths(), [...kept, "f/b", "f/g/b"].toSorted());
  assert.deepEqual(alone.serverPaths(), [".holdfastignore", "f", "f/b", "f/g", "f/g/b"]);
  alone.write("f/g/c", "c");
  await inSync(alone);
  assert.ok(alone.serverPaths().includes("f/g/c"));
  alone.close();
});

test("a file at the name of a folder kept for its hidden content is reported, and arrives once that is moved", async () => {
  const alone = new Alone();
  alone.write(".holdfastignore", "*.log\n");
  alone.mkdir("f");
  alone.write("f/hidden.log", "hidden");
  await inSync(alone);
  alone.onServer({ op: "delete", operation_id: "1", file_id: alone.serverId("f") });
  await inSync(alone);
  alone.putOnServer("a file", { parent_id: alone.world.model.rootId, name: "f" });
  const { inSync: isIn, problems } = await alone.once();
  assert.deepEqual([isIn, problems.map(({ path, code }) => `${code} ${path}`)], [false, ["blocked f"]]);
  alone.move("f", "g");
  await inSync(alone);
  assert.equal(alone.read("f"), "a file");
  assert.equal(alone.read("g/hidden.log"), "hidden");
  alone.close();
});

test("an excluded path frees its space, stays on the server, and comes back when included", async () => {
  const alone = new Alone();
  alone.mkdir("f");
  for (const path of ["f/a", "f/b", "c"]) alone.write(path, path);
  await inSync(alone);
  alone.write("f/b", "not sent yet");
  const engine = alone.make();
  engine.exclude(["/f/"], { freeSpace: true });
  const { inSync: isInSync, problems } = await alone.pass(engine.runOnce());
  assert.deepEqual([isInSync, problems.map(({ path, code }) => [path, code])], [true, [["f/b", "kept"]]]);
  assert.deepEqual(alone.diskPaths(), ["c", "f", "f/b"]);
  assert.deepEqual(alone.serverPaths(), ["c", "f", "f/a", "f/b"]);
  engine.include(["f"]);
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  assert.deepEqual(alone.diskPaths(), ["c", "f", "f/a", "f/b"]);
  assert.equal(alone.serverContents().get("f/b"), "not sent yet");
  alone.close();
});

test("paths excluded one after the other free all their space, even while some is being freed", async () => {
  const alone = new Alone();
  for (const path of ["a", "b", "c"]) alone.write(path, path);
  await alone.once();
  const disk = alone.disk();
  const excluding: typeof disk.rename = (from, to) => {
    if (from === "a") engine.exclude(["c"], { freeSpace: true });
    return disk.rename(from, to);
  };
  const engine = alone.make({ disk: { ...disk, rename: excluding } });
  for (const path of ["a", "b"]) engine.exclude([path], { freeSpace: true });
  const run = engine.run();
  await alone.world.scheduler.runUntil(alone.world.scheduler.nowMicros + 60_000_000, () => false);
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [[], ["a", "b", "c"]]);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("a path excluded earlier frees its space later, except for files edited, created or moved there meanwhile", async () => {
  const alone = new Alone();
  for (const folder of ["f", "f/g", "h"]) alone.mkdir(folder);
  for (const path of ["f/a", "f/b", "f/g/c", "f/g/d", "h/e"]) alone.write(path, path);
  await inSync(alone);
  const first = alone.make();
  first.exclude(["f", "h"]);
  assert.ok((await alone.pass(first.runOnce())).inSync);
  alone.write("f/b", "edited here");
  alone.writeOnServer("f/g/d", "edited there");
  alone.write("f/new", "made here");
  alone.move("h", "i");
  alone.mkdir("h");
  alone.write("h/e", "another one");

  const engine = alone.make();
  engine.exclude(["f/g", "f", "h", "never there"], { freeSpace: true });
  const { problems } = await alone.pass(engine.runOnce());
  assert.deepEqual([engine.status().freed?.files, engine.status().freed?.bytes], [2, 8]);
  const kept = problems.filter(({ code }) => code === "kept").map(({ path }) => path);
  assert.deepEqual(kept.toSorted(), ["f/b", "f/g/d", "h/e"]);
  assert.deepEqual(
    alone.diskPaths().filter((path) => !path.startsWith("i")),
    ["f", "f/b", "f/g", "f/g/d", "f/new", "h", "h/e"],
  );
  assert.equal(alone.serverContents().get("f/a"), "f/a");

  engine.include(["f", "f/g", "h"]);
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  assert.deepEqual(engine.status().problems, [], "nothing is kept any more");
  assert.equal(alone.read("f/a"), "f/a");
  assert.equal(alone.read("f/g/d"), "edited there");
  assert.equal(alone.serverContents().get("f/b"), "edited here");
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  alone.close();
});

test("an unreadable file whose space is to be freed stays, and stops nothing", async () => {
  const alone = new Alone();
  alone.mkdir("f");
  alone.write("f/a", "f/a");
  const engine = alone.make();
  await alone.pass(engine.runOnce());
  engine.exclude(["f"]);
  await alone.pass(engine.runOnce());
  alone.write("new", "new");
  alone.fails("f");
  engine.exclude(["f"], { freeSpace: true });
  const { problems } = await alone.pass(engine.runOnce());
  assert.ok(problems.some(({ path, code }) => path === "f/a" && code === "kept"));
  assert.deepEqual(alone.serverPaths(), ["f", "f/a", "new"]);
  assert.deepEqual(alone.diskPaths(), ["f", "f/a", "new"]);
  alone.close();
});

test("deleting a folder here keeps its excluded content on the server", async () => {
  const alone = new Alone();
  alone.mkdir("f");
  alone.mkdir("f/big");
  for (const path of ["f/a", "f/big/b"]) alone.write(path, path);
  await inSync(alone);
  const engine = alone.make();
  engine.exclude(["f/big"], { freeSpace: true });
  await alone.pass(engine.runOnce());
  assert.deepEqual(alone.diskPaths(), ["f", "f/a"]);
  alone.remove("f/a");
  alone.root.remove("f", true);
  await inSync(alone);
  assert.deepEqual(alone.serverPaths(), ["f", "f/big", "f/big/b"]);
  assert.deepEqual(alone.diskPaths(), []);
  alone.mkdir("f");
  alone.write("f/new", "new");
  await inSync(alone);
  assert.deepEqual(alone.serverPaths(), ["f", "f/big", "f/big/b", "f/new"]);
  assert.deepEqual(alone.diskPaths(), ["f", "f/new"]);
  alone.close();
});

test("items that the disk refuses, or that cannot be nodes, are no longer reported once excluded", async () => {
  const alone = new Alone();
  await alone.once();
  alone.putOnServer("text", { parent_id: alone.world.model.rootId, name: "refused" });
  alone.mkdir("folder");
  alone.write("folder/a\tb", "under a name that no node has");
  const disk = alone.disk();
  const refusing: typeof disk.rename = async (from, to) => {
    if (to === "refused") throw new HoldfastError("failed", "EINVAL");
    await disk.rename(from, to);
  };
  const engine = alone.make({ disk: { ...disk, rename: refusing } });
  const run = engine.run();
  const { scheduler } = alone.world;
  const problemPaths = (): string[] => engine.status().problems.map(({ path }) => path);
  await scheduler.runUntil(
    scheduler.nowMicros + 60_000_000,
    () => engine.phase === "waiting" && problemPaths().length === 2,
  );
  assert.deepEqual(problemPaths().toSorted(), ["folder/a\tb", "refused"]);
  engine.exclude(["folder", "refused"]);
  await scheduler.runUntil(
    scheduler.nowMicros + 60_000_000,
    () => engine.phase === "waiting" && problemPaths().length === 0,
  );
  assert.deepEqual(problemPaths(), []);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

for (const isThere of [true, false]) {
  test(`a file moved into a hidden folder returns to its old place after a restore of the server, ${isThere ? "beside" : "without"} the hidden one`, async () => {
    const alone = new Alone();
    alone.write("f", "f");
    alone.mkdir("h");
    await inSync(alone);
    const backup = alone.world.model.backUp();
    alone.move("f", "h/f");
    await inSync(alone);
    alone.write(".holdfastignore", "/h");
    await inSync(alone);
    if (!isThere) alone.remove("h/f");
    alone.world.model.restore(backup);
    await inSync(alone);
    assert.deepEqual(alone.serverPaths(), [".holdfastignore", "f", "h"]);
    assert.deepEqual(alone.diskPaths(), [".holdfastignore", "f", "h", ...(isThere ? ["h/f"] : [])]);
    alone.close();
  });
}

test("a conflicted copy of the rules is sent, regardless of what they hide", async () => {
  const alone = new Alone();
  alone.write(".holdfastignore", "/*");
  await inSync(alone);
  alone.write(".holdfastignore", "/*\n!/mine");
  alone.writeOnServer(".holdfastignore", "/*\n!/theirs");
  await inSync(alone);
  const paths = [".holdfastignore", ".holdfastignore (ada's conflicted copy 2027-01-15)"];
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [paths, paths]);
  alone.close();
});

test("an item moved out of a hidden folder that is gone here stops nothing, on either side", async () => {
  const alone = new Alone();
  for (const path of ["e", "e/b"]) alone.mkdir(path);
  alone.write("e/b/x", "x");
  await inSync(alone);
  const id = alone.serverId("e/b/x");
  alone.write(".holdfastignore", "/e");
  await inSync(alone);
  alone.move("e/b/x", "d");
  alone.remove("e/b");
  alone.remove("e");
  alone.moveOnServer(id, "d");
  await inSync(alone);
  await inSync(alone);
  assert.deepEqual(alone.diskPaths(), [".holdfastignore", "d"]);
  assert.deepEqual(alone.serverPaths(), [".holdfastignore", "d", "e", "e/b"]);
  assert.equal(alone.serverId("d"), id);
  alone.close();
});

test("a file that replaced a folder with hidden content is deleted like any other", async () => {
  const alone = new Alone();
  const { scheduler } = alone.world;
  const until = async (isSo: () => boolean): Promise<void> => {
    await scheduler.runUntil(scheduler.nowMicros + 120_000_000, isSo);
    assert.ok(isSo());
  };
  alone.write(".holdfastignore", "*.log");
  alone.mkdir("a");
  alone.write("a/x.log", "hidden");
  const engine = alone.make();
  const run = engine.run();
  await until(() => alone.serverPaths().includes("a"));
  alone.remove("a/x.log");
  alone.remove("a");
  alone.write("a", "a file");
  await until(() => alone.serverContents().get("a") === "a file");
  alone.onServer({ op: "delete", operation_id: "1", file_id: alone.serverId("a") });
  await until(() => alone.root.at("a") === undefined);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("a hidden file that was moved here stops nothing, even if its folder moves into a hidden one on the server", async () => {
  const alone = new Alone();
  for (const path of ["a", "x"]) alone.mkdir(path);
  for (const path of ["a/b", "a/c"]) alone.write(path, path);
  await inSync(alone);
  alone.write("a/b", "mine");
  alone.write(".holdfastignore", "b");
  await inSync(alone);
  alone.move("a/b", "b");
  const [fileId, parentId] = [alone.serverId("a"), alone.serverId("x")];
  alone.onServer({ op: "move", operation_id: "another's", file_id: fileId, parent_id: parentId, name: "b" });
  alone.write(".holdfastignore", "b\nd");
  await inSync(alone);
  alone.write("e", "e");
  await inSync(alone);
  assert.deepEqual(alone.diskPaths(), [".holdfastignore", "a", "a/c", "b", "e", "x"]);
  alone.close();
});
