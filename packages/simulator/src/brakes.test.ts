import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "@holdfast/sync/loop/engine/engine";
import { longTest } from "@holdfast/tools/tiers";
import { Alone } from "./alone.ts";
import { rewind } from "./model-rewind.ts";
import { full } from "./shared.ts";

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `file ${index}`);

async function withFiles(count: number): Promise<Alone> {
  const alone = new Alone();
  for (const name of names(count)) alone.write(name, `this is ${name}`);
  assert.ok((await alone.once({ brake: undefined })).inSync);
  return alone;
}

test("mass deletions on the disk wait for a person, and nothing else does", async () => {
  const alone = await withFiles(100);
  for (const name of names(60)) alone.remove(name);
  alone.write("new", "new");
  const engine = alone.make({ brake: undefined });
  const { inSync, deletionsWaiting } = await alone.pass(engine.runOnce());
  assert.deepEqual([inSync, deletionsWaiting, engine.status().activity], [false, 60, "waiting"]);
  assert.equal(alone.serverPaths().length, 101);
  const waiting = engine.waitingDeletions();
  assert.deepEqual(
    waiting.slice(0, 2).map(({ path, side, kind, bytes }) => [path, side, kind, bytes]),
    [
      ["file 0", "server", "file", 14],
      ["file 1", "server", "file", 14],
    ],
  );
  const next = alone.make({ brake: undefined });
  assert.deepEqual(next.waitingDeletions(), waiting, "the next run knows them too");
  next.approveDeletions(waiting.slice(10).map(({ id }) => id));
  assert.equal((await alone.pass(next.runOnce())).deletionsWaiting, 10);
  assert.equal(alone.serverPaths().length, 51);
  alone.close();
});

test("waiting deletions are applied once the brake is off, and are no longer reported", async () => {
  const alone = await withFiles(100);
  for (const name of names(60)) alone.remove(name);
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 60);
  assert.deepEqual(await alone.once({ brake: "off" }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.equal(alone.serverPaths().length, 40);
  alone.close();
});

test("mass deletions on the disk are undone, and the files return from the server", async () => {
  const alone = await withFiles(100);
  for (const name of names(60)) alone.remove(name);
  const engine = alone.make({ brake: undefined });
  await alone.pass(engine.runOnce());
  engine.undoDeletions(engine.waitingDeletions().map(({ id }) => id));
  assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual(alone.diskPaths(), names(100).toSorted());
  assert.equal(alone.serverPaths().length, 100);
  alone.close();
});

test("a large folder deleted on the server waits here, and is uploaded again when that is undone", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  alone.mkdir("folder/inner");
  for (const name of names(60)) alone.write(`folder/inner/${name}`, `this is ${name}`);
  await alone.once({ brake: undefined });
  const before = alone.diskPaths();
  alone.onServer({ op: "delete", operation_id: "another's", file_id: alone.serverId("folder") });
  const engine = alone.make({ brake: undefined });
  assert.equal((await alone.pass(engine.runOnce())).deletionsWaiting, 62);
  assert.ok(engine.waitingDeletions().every(({ side }) => side === "here"));
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [before, []]);
  engine.undoDeletions(engine.waitingDeletions().map(({ id }) => id));
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [before, before]);
  alone.close();
});

longTest("undone deletions no longer wait, and one run restores more of them than fit in one request", async () => {
  const alone = await withFiles(1100);
  for (const name of names(1100))
    alone.onServer({ op: "delete", operation_id: `of ${name}`, file_id: alone.serverId(name) });
  const engine = alone.make({ brake: undefined });
  assert.equal((await alone.pass(engine.runOnce())).deletionsWaiting, 1100);
  engine.undoDeletions(engine.waitingDeletions().map(({ id }) => id));
  assert.equal(engine.status().deletionsWaiting, 0);
  assert.deepEqual(
    engine.answeredDeletions().undone.map(({ path }) => path),
    names(1100).toSorted(),
  );
  assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual([alone.serverPaths(), engine.answeredDeletions().undone], [names(1100).toSorted(), []]);
  alone.close();
});

test("mass deletions of a rewind on the server are applied without asking", async () => {
  const alone = new Alone();
  const { model } = alone.world;
  alone.write("before", "before");
  await alone.once({ brake: undefined });
  const then = new Map(model.nodes);
  alone.mkdir("folder");
  for (const name of names(60)) {
    alone.write(name, `this is ${name}`);
    alone.write(`folder/${name}`, `this is in the folder, ${name}`);
  }
  await alone.once({ brake: undefined });
  assert.equal(rewind(model, "another", model.rootId, then)?.steps, 61);
  assert.deepEqual(await alone.once({ brake: undefined }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual(alone.diskPaths(), ["before"]);
  for (const name of names(49)) alone.write(name, `again ${name}`);
  await alone.once({ brake: undefined });
  for (const name of names(49))
    alone.onServer({ op: "delete", operation_id: `of ${name}`, file_id: alone.serverId(name) });
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 0);
  alone.close();
});

test("mass deletions approved on another device are applied here without asking", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  for (const name of names(60)) alone.write(`folder/${name}`, `this is ${name}`);
  for (const name of names(60)) alone.write(name, `this is ${name}`);
  await alone.once({ brake: undefined });
  const remove = (path: string, approved: boolean) =>
    alone.onServer({ op: "delete", operation_id: `of ${path}`, file_id: alone.serverId(path), approved });
  remove("folder", true);
  assert.deepEqual(await alone.once({ brake: undefined }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual(alone.diskPaths(), names(60).toSorted());
  for (const name of names(60)) remove(name, Number(name.slice(5)) < 40);
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 0, "those that nobody approved are few");
  assert.deepEqual(alone.diskPaths(), []);
  alone.close();
});

test("deletions of the server approved here are reported to the account's other devices once all are approved", async () => {
  const alone = new Alone();
  const { model } = alone.world;
  alone.mkdir("folder");
  for (const name of names(60)) alone.write(`folder/${name}`, `this is ${name}`);
  alone.write("beside", "beside");
  await alone.once({ brake: undefined });
  const [folder, beside] = [alone.serverId("folder"), alone.serverId("beside")];
  for (const file_id of [folder, beside]) alone.onServer({ op: "delete", operation_id: `of ${file_id}`, file_id });
  const engine = alone.make({ brake: undefined });
  assert.equal((await alone.pass(engine.runOnce())).deletionsWaiting, 62);
  const problems = () =>
    model.journal.filter(({ decided }) => decided !== undefined && "approvedBy" in decided).map(({ id }) => id);
  const waiting = engine.waitingDeletions();
  engine.approveDeletions(waiting.slice(0, 40).map(({ id }) => id));
  await alone.pass(engine.runOnce());
  assert.deepEqual(problems(), [beside], "of the folder others still wait");
  engine.approveDeletions(waiting.slice(40).map(({ id }) => id));
  assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual(problems(), [beside, folder]);
  assert.deepEqual(alone.diskPaths(), []);
  await alone.once({ brake: undefined });
  assert.deepEqual(problems(), [beside, folder], "once");
  alone.close();
});

test("deletions of the server undone here are restored there, with their IDs", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  for (const name of names(60)) alone.write(`folder/${name}`, `this is ${name}`);
  await alone.once({ brake: undefined });
  const [folder, paths] = [alone.serverId("folder"), alone.serverPaths()];
  alone.onServer({ op: "delete", operation_id: "of another", file_id: folder });
  const engine = alone.make({ brake: undefined });
  await alone.pass(engine.runOnce());
  engine.undoDeletions(engine.waitingDeletions().map(({ id }) => id));
  assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual([alone.serverPaths(), alone.diskPaths(), alone.serverId("folder")], [paths, paths, folder]);
  alone.close();
});

test("a file that cannot be restored because its name is taken is uploaded from here beside it", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  for (const name of names(60)) alone.write(`folder/${name}`, `this is ${name}`);
  await alone.once({ brake: undefined });
  alone.onServer({ op: "delete", operation_id: "of another", file_id: alone.serverId("folder") });
  alone.onServer({ op: "mkdir", operation_id: "of another, too", parent_id: alone.world.model.rootId, name: "folder" });
  const engine = alone.make({ brake: undefined });
  await alone.pass(engine.runOnce());
  engine.undoDeletions(engine.waitingDeletions().map(({ id }) => id));
  assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.equal(alone.serverPaths().filter((path) => path.startsWith("folder/")).length, 60);
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  alone.close();
});

test("deletions by others beside a rewind, or after it was undone, wait for a person", async () => {
  const alone = await withFiles(60);
  const { model } = alone.world;
  const before = new Map(model.nodes);
  for (const name of names(60)) alone.write(`new ${name}`, `new ${name}`);
  await alone.once({ brake: undefined });
  const after = new Map(model.nodes);
  rewind(model, "another", model.rootId, before);
  for (const name of names(60))
    alone.onServer({ op: "delete", operation_id: `of ${name}`, file_id: alone.serverId(name) });
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 60);
  assert.deepEqual(alone.diskPaths(), names(60).toSorted());
  rewind(model, "another", model.rootId, after);
  await alone.once({ brake: undefined });
  for (const name of names(60))
    alone.onServer({ op: "delete", operation_id: `again ${name}`, file_id: alone.serverId(`new ${name}`) });
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 60);
  assert.equal(alone.diskPaths().length, 120);
  alone.close();
});

test("content of another device in a recreated folder is merged into the folder of that name that waits here", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  for (const name of names(60)) alone.write(`folder/${name}`, `this is ${name}`);
  await alone.once({ brake: undefined });
  const before = alone.diskPaths();
  alone.onServer({ op: "delete", operation_id: "1", file_id: alone.serverId("folder") });
  const engine = alone.make({ brake: undefined });
  assert.equal((await alone.pass(engine.runOnce())).deletionsWaiting, 61);
  alone.onServer({ op: "mkdir", operation_id: "2", id: "again", parent_id: alone.world.model.rootId, name: "folder" });
  alone.putOnServer("new", { parent_id: "again", name: "new" });
  assert.equal((await alone.pass(engine.runOnce())).deletionsWaiting, 60);
  assert.deepEqual(alone.diskPaths(), [...before, "folder/new"].toSorted());
  engine.approveDeletions(engine.waitingDeletions().map(({ id }) => id));
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  assert.deepEqual(alone.diskPaths(), ["folder", "folder/new"]);
  assert.deepEqual(alone.serverPaths(), ["folder", "folder/new"]);
  alone.close();
});

test("content in a folder recreated here while its deletion waits is uploaded into the original one", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  for (const name of names(60)) alone.write(`folder/${name}`, `this is ${name}`);
  await alone.once({ brake: undefined });
  const before = alone.serverPaths();
  for (const name of names(60)) alone.remove(`folder/${name}`);
  alone.root.remove("folder", true);
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 61);
  alone.mkdir("folder");
  alone.write("folder/new", "new");
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 60);
  assert.deepEqual(alone.serverPaths(), [...before, "folder/new"].toSorted());
  alone.close();
});

test("moving a folder with everything in it does not trigger the brake", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  for (const name of names(60)) alone.write(`folder/${name}`, `this is ${name}`);
  await alone.once({ brake: undefined });
  alone.root.rename("folder", "moved", { over: false, isPersons: true });
  assert.ok((await alone.once({ brake: undefined })).inSync);
  assert.equal(alone.serverPaths().filter((path) => path.startsWith("moved/")).length, 60);
  alone.close();
});

async function withHostages(): Promise<{ readonly alone: Alone; readonly engine: Engine }> {
  const alone = await withFiles(520);
  for (const name of names(520)) alone.write(name, `hostage ${name}`);
  const engine = alone.make({ brake: undefined });
  assert.equal((await alone.pass(engine.runOnce())).problems[0]?.code, "rewritten");
  return { alone, engine };
}

function inTrash(alone: Alone): string[] {
  return alone.root
    .list(".holdfast/trash")
    .flatMap((day) =>
      alone.root.list(`.holdfast/trash/${day.name}`).map(({ name }) => `.holdfast/trash/${day.name}/${name}`),
    );
}

test("undoing waiting rewrites restores the server's versions, and moves the rewritten bytes to the local trash", async () => {
  const { alone, engine } = await withHostages();
  const waiting = engine.waitingDeletions();
  alone.write("file 7", "rewritten again");
  engine.undoDeletions(waiting.slice(0, 500).map(({ id }) => id));
  const { inSync } = await alone.pass(engine.runOnce());
  assert.ok(!inSync, "20 wait on");
  const undone = waiting.slice(0, 500).map(({ path }) => path);
  const left = waiting.slice(500).map(({ path }) => path);
  const restored = undone.filter((path) => path !== "file 7");
  for (const path of restored) assert.equal(alone.read(path), `this is ${path}`);
  for (const path of left) assert.equal(alone.read(path), `hostage ${path}`);
  const run = engine.run();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 60_000_000, () => false);
  engine.stop();
  await alone.pass(run);
  const trashed = inTrash(alone).map((path) => alone.read(path));
  assert.deepEqual(trashed.toSorted(), restored.map((path) => `hostage ${path}`).toSorted());
  assert.equal(alone.serverContents().get("file 8"), "this is file 8");
  const again = alone.diskPaths().filter((path) => alone.read(path) === "rewritten again");
  assert.match(again.join(), /^file 7 \(.*conflicted copy/, "an edit that came later stands beside");
  alone.close();
});

test("a file replaced by an undo while being written to loses neither content", async () => {
  const { alone, engine } = await withHostages();
  engine.undoDeletions(engine.waitingDeletions().map(({ id }) => id));
  assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
  const stashed = alone.root
    .list(".holdfast/tmp")
    .find(({ inode }) => Buffer.from(inode.now.bytes).toString() === "hostage file 3");
  assert.ok(stashed !== undefined);
  alone.root.write(stashed.inode, { bytes: Buffer.from("written late") }, true);
  const run = engine.run();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 120_000_000, () => false);
  engine.stop();
  await alone.pass(run);
  assert.deepEqual([alone.read("file 3"), inTrash(alone).length], ["this is file 3", 519]);
  const late = alone.diskPaths().filter((path) => alone.read(path) === "written late");
  assert.equal(late.length, 1, "it stands beside, and is synced");
  assert.ok((await alone.once()).inSync);
  assert.equal(alone.serverContents().get(late[0] ?? ""), "written late");
  assert.deepEqual(
    alone.root
      .list(".holdfast/tmp")
      .map(({ name }) => name)
      .filter((name) => /^[0-9a-f]{24}$/.test(name)),
    [],
  );
  alone.close();
});

test("an undo continues after the client dies before or after the files are replaced", async () => {
  for (const dies of ["before", "after"]) {
    const { alone, engine } = await withHostages();
    engine.undoDeletions(engine.waitingDeletions().map(({ id }) => id));
    if (dies === "after") await alone.pass(engine.runOnce());
    const next = alone.make({ brake: undefined });
    const run = next.run();
    const { scheduler } = alone.world;
    await scheduler.runUntil(scheduler.nowMicros + 120_000_000, () => false);
    next.stop();
    await alone.pass(run);
    assert.deepEqual([alone.read("file 3"), inTrash(alone).length], ["this is file 3", 520], `it died ${dies}`);
    assert.deepEqual(next.status().problems, []);
    alone.close();
  }
});

test("a program that rewrites everything is stopped before the upload, and new files are uploaded", async () => {
  const alone = await withFiles(520);
  for (const name of names(520)) alone.write(name, "hostage");
  alone.write("ransom.txt", "pay");
  const engine = alone.make({ brake: undefined });
  const { inSync, problems } = await alone.pass(engine.runOnce());
  assert.deepEqual([inSync, problems.map(({ code }) => code)], [false, ["rewritten"]]);
  assert.ok(alone.serverPaths().includes("ransom.txt"));
  assert.equal(alone.serverContents().get("file 7"), "this is file 7");
  engine.approveDeletions(engine.waitingDeletions().map(({ id }) => id));
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  assert.equal(alone.serverContents().get("file 7"), "hostage");
  alone.close();
});

longTest("approved rewrites are uploaded once the server accepts them, without asking again", async () => {
  const alone = await withFiles(520);
  for (const name of names(520)) alone.write(name, `this is another ${name}`);
  const server = alone.server();
  let left = 1;
  const commit: typeof server.commit = async (...given) => {
    const [, operations] = given;
    if (left === 0 || operations.length < 500) return server.commit(...given);
    left -= 1;
    return full(...given);
  };
  const engine = alone.make({ brake: undefined, server: { ...server, commit } });
  await alone.pass(engine.runOnce());
  const waiting = engine.waitingDeletions();
  assert.equal(waiting.length, 520);
  engine.approveDeletions(waiting.map(({ id }) => id));
  await alone.pass(engine.runOnce());
  assert.equal(left, 0);
  alone.world.scheduler.nowMicros += 60_000_000;
  assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.equal(alone.serverContents().get("file 0"), "this is another file 0");
  alone.close();
});
