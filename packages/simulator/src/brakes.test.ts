import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `file ${index}`);

async function withFiles(count: number): Promise<Alone> {
  const alone = new Alone();
  for (const name of names(count)) alone.write(name, `this is ${name}`);
  assert.ok((await alone.once({ brake: undefined })).inSync);
  return alone;
}

test("many deletions on the disk wait for a person, and nothing else does", async () => {
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

test("many deletions on the disk are taken back: the files come back from the server", async () => {
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

test("a big folder that goes on the server waits here, and goes back up when that is taken back", async () => {
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

test("a folder that moves with all that is in it brakes nothing", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  for (const name of names(60)) alone.write(`folder/${name}`, `this is ${name}`);
  await alone.once({ brake: undefined });
  alone.root.rename("folder", "moved", { over: false, isPersons: true });
  assert.ok((await alone.once({ brake: undefined })).inSync);
  assert.equal(alone.serverPaths().filter((path) => path.startsWith("moved/")).length, 60);
  alone.close();
});

test("a program that rewrites everything is stopped before the server has it, and what is new goes up", async () => {
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
