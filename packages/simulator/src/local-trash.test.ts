import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { BlockSink, LocalDisk } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

const dayMicros = 86_400_000_000;

function trashOf(alone: Alone): string[] {
  const paths: string[] = [];
  const visit = (folder: string): void => {
    for (const { name } of alone.root.list(folder)) {
      const path = `${folder}/${name}`;
      if (alone.root.mustBeAt(path).kind === "folder") visit(path);
      else paths.push(path.slice(".holdfast/trash/".length));
    }
  };
  visit(".holdfast/trash");
  return paths.toSorted();
}

async function withDeleted(): Promise<Alone> {
  const alone = new Alone();
  alone.write("a", "a");
  await alone.once();
  alone.onServer({ op: "delete", operation_id: "another's", file_id: alone.serverId("a") });
  await alone.once();
  assert.equal(trashOf(alone).length, 1);
  return alone;
}

test("a clock that jumps ten years ahead, or back and forth, empties nothing of the local trash", async () => {
  const alone = await withDeleted();
  for (const days of [3650, -3650, 3650, 0.9]) {
    alone.world.scheduler.nowMicros += days * dayMicros;
    await alone.once();
    assert.equal(trashOf(alone).length, 1, `after ${days} days`);
  }
  alone.close();
});

test("the local trash is emptied once the clock has been steady for a day", async () => {
  const alone = await withDeleted();
  alone.world.scheduler.nowMicros += 40 * dayMicros;
  const engine = alone.make();
  const run = engine.run();
  const { scheduler } = alone.world;
  const begin = scheduler.nowMicros;
  await scheduler.runUntil(begin + 2 * dayMicros, () => trashOf(alone).length === 0);
  const hours = ((scheduler.nowMicros - begin) / dayMicros) * 24;
  assert.ok(hours >= 24 && hours < 26, `it took ${hours} hours`);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("a file deleted on the server is in the local trash under its day and path, for 30 days", async () => {
  const alone = new Alone();
  const remove = (path: string): void =>
    alone.onServer({ op: "delete", operation_id: `delete ${path}`, file_id: alone.serverId(path) });
  alone.mkdir("f");
  alone.write("f/a.txt", "one");
  await alone.once();
  remove("f/a.txt");
  await alone.once();
  alone.write("f/a.txt", "two");
  await alone.once();
  remove("f");
  await alone.once();
  const day = new Date(alone.world.scheduler.nowMs()).toISOString().slice(0, 10);
  assert.deepEqual(trashOf(alone), [`${day}/f/a (deleted again).txt`, `${day}/f/a.txt`]);
  const text = (path: string): string =>
    Buffer.from(alone.root.mustBeAt(`.holdfast/trash/${path}`).now.bytes).toString();
  assert.equal(text(`${day}/f/a.txt`), "one");
  alone.world.scheduler.nowMicros += 29 * dayMicros;
  await alone.once();
  assert.equal(trashOf(alone).length, 2);
  alone.world.scheduler.nowMicros += 2 * dayMicros;
  await alone.once();
  assert.deepEqual(alone.root.list(".holdfast/trash"), []);
  alone.close();
});

test("an item of the local trash that cannot be removed stops nothing else", async () => {
  const alone = await withDeleted();
  alone.world.scheduler.nowMicros += 2 * dayMicros;
  alone.write("b", "b");
  await alone.once();
  alone.onServer({ op: "delete", operation_id: "another one", file_id: alone.serverId("b") });
  await alone.once();
  const [first = "", second] = trashOf(alone);
  for (const days of [6, 6, 6, 6, 6, 3]) {
    alone.world.scheduler.nowMicros += days * dayMicros;
    alone.fails(`.holdfast/trash/${first}`);
    alone.write("c", `${days}`);
    assert.equal((await alone.once()).inSync, true);
  }
  assert.ok(second !== undefined);
  assert.deepEqual(trashOf(alone), [first]);
  alone.close();
});

test("an unreadable replaced file is reported and retried with increasing delays", async () => {
  const alone = new Alone();
  alone.write("a", "before");
  await alone.once();
  alone.writeOnServer("a", "after");
  const disk = alone.disk();
  let reads = 0;
  const failing: typeof disk.cut = (path, sink) => {
    if (!path.startsWith(".holdfast/tmp/")) return disk.cut(path, sink);
    reads += 1;
    return Promise.reject(new HoldfastError("unavailable", "EIO"));
  };
  const engine = alone.make({ disk: { ...disk, cut: failing } });
  const run = engine.run();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + dayMicros / 4, () => false);
  assert.ok(reads >= 8 && reads <= 16, `${reads} times in 6 hours`);
  const problems = engine.status().problems.map(({ path, code }) => `${code} ${path.replace(/[^/]*$/, "")}`);
  assert.deepEqual(problems, ["unreadable .holdfast/tmp/"]);
  engine.stop();
  await alone.pass(run);
  assert.ok((await alone.once()).problems.length === 1, "it is not read before its time");
  scheduler.nowMicros += dayMicros / 24;
  assert.deepEqual(await alone.once(), { inSync: true, problems: [], deletionsWaiting: 0 });
  alone.close();
});

test("a file saved while its old content was moved to the trash is uploaded, even if the process was killed right then", async () => {
  const alone = new Alone();
  alone.write("a", "old");
  await alone.once();
  alone.onServer({ op: "delete", operation_id: "another's", file_id: alone.serverId("a") });
  const disk = alone.disk();
  await alone.pass(
    new Promise<void>((resolve, reject) => {
      const rename: LocalDisk["rename"] = async (from, to) => {
        if (!to.startsWith(".holdfast/trash/")) return disk.rename(from, to);
        alone.write(from, "saved meanwhile");
        await disk.rename(from, to);
        resolve();
        return new Promise(() => undefined);
      };
      const ending = new Proxy(disk, {
        get: (target, name) => (name === "rename" ? rename : (Reflect.get(target, name) as unknown)),
      });
      alone.make({ disk: ending }).runOnce().catch(reject);
    }),
  );
  const { scheduler } = alone.world;
  await alone.once();
  await scheduler.runUntil(scheduler.nowMicros + 600_000_000, () => false);
  await alone.once();
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.serverContents(), new Map([["a", "saved meanwhile"]]));
  assert.equal(alone.read("a"), "saved meanwhile");
  alone.close();
});

const secondMicros = 1_000_000;

async function withOpenFile(ends: "replaced" | "deleted", disk?: (disk: LocalDisk) => LocalDisk) {
  const alone = new Alone();
  alone.write("log.txt", "one");
  await alone.once();
  const inode = alone.root.mustBeAt("log.txt");
  alone.root.writers.add(inode);
  if (ends === "replaced") alone.writeOnServer("log.txt", "another's");
  else alone.onServer({ op: "delete", operation_id: "another's", file_id: alone.serverId("log.txt") });
  const engine = alone.make(disk === undefined ? {} : { disk: disk(alone.disk()) });
  const run = engine.run();
  const { scheduler, ledger } = alone.world;
  return {
    alone,
    goOn: async (seconds: number) => scheduler.runUntil(scheduler.nowMicros + seconds * secondMicros, () => false),
    writeOpen: (text: string) => ledger.write(alone.root, inode, Buffer.from(text)),
    hint: () => engine.hint([""]),
    close: () => void alone.root.writers.delete(inode),
    stop: async () => {
      engine.stop();
      await alone.pass(run);
      alone.close();
    },
  };
}

function stashOf(alone: Alone): string[] {
  return alone.root.list(".holdfast/tmp").map(({ name }) => name);
}

for (const seconds of [15, 300]) {
  test(`a write to an open file ${seconds} s after its replacement becomes a copy beside it, which is synced`, async () => {
    const { alone, goOn, writeOpen, hint, stop } = await withOpenFile("replaced");
    await goOn(seconds);
    assert.equal(alone.read("log.txt"), "another's");
    writeOpen("one, and late");
    await goOn(120);
    const [copy = "", ...more] = alone.diskPaths().filter((path) => path !== "log.txt");
    assert.match(copy, /^log \(.*conflicted copy.*\)\.txt$/);
    assert.deepEqual(more, []);
    assert.equal(alone.serverContents().get(copy), "one, and late", "it is found without a hint of a watcher");
    writeOpen("one, and later still");
    hint();
    await goOn(120);
    const expected = { "log.txt": "another's", [copy]: "one, and later still" };
    assert.deepEqual(Object.fromEntries(alone.serverContents()), expected);
    assert.deepEqual(stashOf(alone), []);
    await stop();
  });
}

test("a write to an open file minutes after its deletion elsewhere restores it", async () => {
  const { alone, goOn, writeOpen, stop } = await withOpenFile("deleted");
  await goOn(300);
  assert.deepEqual([alone.diskPaths(), trashOf(alone).length], [[], 1]);
  writeOpen("one, and late");
  await goOn(120);
  assert.equal(alone.read("log.txt"), "one, and late");
  assert.deepEqual(alone.serverContents(), new Map([["log.txt", "one, and late"]]));
  await stop();
});

test("a replaced file that a program has open for hours is checked but not read, and removed once closed", async () => {
  let [asked, read] = [0, 0];
  const { alone, goOn, close, stop } = await withOpenFile("replaced", (disk) =>
    counting(disk, (call) => (call === "cut" ? (read += 1) : (asked += 1))),
  );
  await goOn(4 * 3600);
  assert.equal(stashOf(alone).length, 1);
  assert.equal(read, 1);
  assert.ok(asked > 150 && asked < 200, `asked ${asked} times in 4 hours`);
  close();
  await goOn(90);
  assert.deepEqual([stashOf(alone), alone.diskPaths()], [[], ["log.txt"]]);
  await stop();
});

test("if the filesystem does not report writers, a replaced file is kept for a day and read twice", async () => {
  let read = 0;
  const unreported = (disk: LocalDisk): LocalDisk =>
    counting({ ...disk, hasWriters: () => Promise.resolve(undefined) }, (call) => (read += call === "cut" ? 1 : 0));
  const idle = await withOpenFile("replaced", unreported);
  await idle.goOn(23 * 3600);
  assert.deepEqual([stashOf(idle.alone).length, read], [1, 1]);
  await idle.goOn(3 * 3600);
  assert.deepEqual([stashOf(idle.alone), read], [[], 2]);
  await idle.stop();
  const late = await withOpenFile("replaced", unreported);
  await late.goOn(20 * 3600);
  late.writeOpen("one, and late");
  await late.goOn(2 * 3600);
  assert.equal(late.alone.serverContents().size, 2);
  await late.stop();
});

function counting(disk: LocalDisk, notice: (call: "cut" | "hasWriters") => void): LocalDisk {
  const heard = <Call extends "cut" | "hasWriters">(call: Call): LocalDisk[Call] =>
    ((path: string, ...given: [BlockSink?]) => {
      if (path.startsWith(".holdfast/tmp/")) notice(call);
      return disk[call](path, ...given);
    }) as LocalDisk[Call];
  return { ...disk, cut: heard("cut"), hasWriters: heard("hasWriters") };
}
