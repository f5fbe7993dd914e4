import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import { longTest } from "@holdfast/tools/tiers";
import { Alone } from "./alone.ts";
import { lineOf, longText, running } from "./testing-long-files.ts";

const minute = 60_000_000;

test("while a long file is uploaded small ones are synced, and it is shown as in progress", async () => {
  const alone = new Alone();
  const line = lineOf(alone);
  alone.write("long", longText("long"));
  const { engine, until, end } = running(alone, { server: line.server });
  await alone.world.scheduler.runUntil(alone.world.scheduler.nowMicros + minute, () => false);
  alone.write("mine", "mine");
  engine.hint([""]);
  alone.putOnServer("another's", { parent_id: alone.world.model.rootId, name: "another's" });
  await until(() => alone.serverPaths().includes("mine"), "the small file is sent");
  await until(() => alone.diskPaths().includes("another's"), "the other small file comes");
  assert.deepEqual([line.bytes, alone.serverPaths()], [0, ["another's", "mine"]]);
  await until(() => engine.status().pendingFiles === 1, "only the long file is left");
  assert.deepEqual([engine.status().activity, engine.status().now.names[0]], ["syncing", "long"]);
  line.isOpen = true;
  await until(() => engine.status().activity === "idle", "it comes to rest");
  assert.equal(alone.serverContents().get("long"), longText("long"));
  assert.equal(line.bytes, longText("long").length, "each byte goes once");
  await end();
});

test("while a long file is downloaded small ones are synced, and downloaded bytes are not downloaded again", async () => {
  const alone = new Alone();
  const line = lineOf(alone);
  const root = alone.world.model.rootId;
  alone.putOnServer(longText("long"), { parent_id: root, name: "long" });
  const { engine, until, end } = running(alone, { server: line.server });
  await until(() => line.bytes > 0, "the long file begins");
  for (const name of ["one", "two", "three"]) {
    alone.write(name, name);
    engine.hint([""]);
    await until(() => alone.serverPaths().includes(name), `${name} is sent`);
    alone.putOnServer(`another ${name}`, { parent_id: root, name: `another ${name}` });
    await until(() => alone.diskPaths().includes(`another ${name}`), `another ${name} comes`);
  }
  assert.ok(!alone.diskPaths().includes("long"), "the long file is not there before all of it is");
  assert.equal(engine.status().activity, "syncing");
  line.isOpen = true;
  await until(() => engine.status().activity === "idle", "it comes to rest");
  assert.equal(alone.read("long"), longText("long"));
  assert.equal(line.bytes, longText("long").length, "each byte comes once");
  await end();
});

test("a full disk of the state is reported while a long file is downloaded", async () => {
  const alone = new Alone();
  await alone.once();
  const database = alone.world.devices[0]?.database ?? assert.fail();
  const pages = () => Number(database.prepare("pragma page_count").get()?.["page_count"]);
  const line = lineOf(alone);
  alone.putOnServer(longText("long"), { parent_id: alone.world.model.rootId, name: "long" });
  const { engine, until, end } = running(alone, { server: line.server });
  await until(() => line.bytes > 0, "the long file begins");
  database.exec(`commit; pragma max_page_count = ${pages()}; begin`);
  for (let number = 0; number < 200; number += 1) alone.write(`file ${number}`, `text ${number}`);
  engine.hint([""]);
  const isFull = () => engine.status().problems.some(({ message }) => message.includes("state of the sync, is full"));
  const activities = new Set<string>();
  engine.onChange(() => activities.add(engine.status().activity));
  await until(isFull, "the full disk is reported");
  assert.deepEqual([engine.status().activity, activities.has("offline")], ["waiting", false]);
  database.exec("commit; pragma max_page_count = 1000000; begin");
  line.isOpen = true;
  await until(() => engine.status().activity === "idle", "it comes to rest");
  assert.deepEqual([engine.status().problems, alone.serverPaths().length], [[], 201]);
  await end();
});

test("a long file changed during its upload gets one version, and a deleted one gets none", async () => {
  const alone = new Alone();
  const line = lineOf(alone);
  alone.write("changes", longText("first"));
  alone.write("goes", longText("goes"));
  const { engine, until, end } = running(alone, { server: line.server });
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + minute, () => false);
  alone.write("changes", longText("second"));
  alone.remove("goes");
  engine.hint([""]);
  await scheduler.runUntil(scheduler.nowMicros + minute, () => false);
  line.isOpen = true;
  await until(() => engine.status().activity === "idle" && alone.serverPaths().length > 0, "it comes to rest");
  assert.deepEqual([...alone.serverContents()], [["changes", longText("second")]]);
  assert.equal(alone.world.model.versions.size, 1);
  await end();
});

test("a long file changed on the server during its download arrives in its final state, and a deleted one does not", async () => {
  const alone = new Alone();
  const line = lineOf(alone);
  const root = alone.world.model.rootId;
  alone.putOnServer(longText("first"), { parent_id: root, name: "changes" });
  alone.putOnServer(longText("goes"), { parent_id: root, name: "goes" });
  const { engine, until, end } = running(alone, { server: line.server });
  await until(() => line.bytes > 0, "the first one begins");
  alone.writeOnServer("changes", longText("second"));
  alone.onServer({
    op: "delete",
    operation_id: "another deletes",
    file_id: alone.serverId("goes"),
  });
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + minute, () => false);
  line.isOpen = true;
  await until(() => engine.status().activity === "idle" && alone.diskPaths().length > 0, "it comes to rest");
  assert.deepEqual([alone.diskPaths(), alone.read("changes")], [["changes"], longText("second")]);
  assert.deepEqual([...alone.root.below(".holdfast/tmp").keys()], [], "what came of the others is removed");
  await end();
});

test("the downloaded part of a long file counts as its own space, so the rest is not considered too large", async () => {
  const alone = new Alone();
  const line = lineOf(alone);
  const text = longText("long");
  alone.putOnServer(text, { parent_id: alone.world.model.rootId, name: "long" });
  const freeSpace = async () => ({ freeBytes: text.length + 50 - line.bytes, totalBytes: 1000 });
  const { engine, until, end } = running(alone, { server: line.server, freeSpace });
  await until(() => line.bytes > 0, "it begins");
  alone.write("mine", "mine");
  engine.hint([""]);
  await until(() => alone.serverPaths().includes("mine"), "the small file is sent");
  assert.deepEqual(engine.status().problems, []);
  line.isOpen = true;
  await until(() => alone.diskPaths().includes("long"), "it comes");
  await end();
});

test("a pause ends the transfer of a long file, which continues afterwards", async () => {
  const alone = new Alone();
  const line = lineOf(alone);
  alone.putOnServer(longText("long"), { parent_id: alone.world.model.rootId, name: "long" });
  const { engine, until, end } = running(alone, { server: line.server });
  await until(() => line.bytes > 0, "it begins");
  engine.pause();
  line.isOpen = true;
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + minute, () => false);
  assert.deepEqual([alone.diskPaths(), engine.status().activity], [[], "paused"]);
  engine.resume();
  await until(() => engine.status().activity === "idle" && alone.diskPaths().length > 0, "it comes to rest");
  assert.equal(alone.read("long"), longText("long"));
  await end();
});

test("a run gives up on a server that accepts no bytes of a long file, after syncing everything else", async () => {
  const alone = new Alone();
  alone.write("long", longText("long"));
  alone.write("small", "small");
  const putBlocks = () => Promise.reject(new HoldfastError("unreachable", "The line is down."));
  const server = { ...alone.server(), putBlocks };
  await assert.rejects(alone.once({ server }), { code: "unreachable" });
  assert.deepEqual(alone.serverPaths(), ["small"]);
  alone.close();
});

test("an edit does not wait for many new files, in either direction", async () => {
  const alone = new Alone();
  const count = 1200;
  for (const path of ["mine", "another's"]) alone.write(path, "first");
  await alone.once();
  const { model } = alone.world;
  const mine = alone.serverId("mine");
  for (let number = 0; number < count; number += 1) {
    alone.write(`new ${number}`, `new ${number}`);
    alone.putOnServer(`there ${number}`, { parent_id: model.rootId, name: `there ${number}` });
  }
  const { engine, until, end } = running(alone, {});
  await until(() => engine.status().now.stage === "plan", "a plan is carried out");
  const first = model.nodes.get(mine)?.versionId;
  alone.write("mine", "edited");
  alone.writeOnServer("another's", "edited");
  engine.hint([""]);
  await until(() => model.nodes.get(mine)?.versionId !== first, "the edit goes");
  assert.ok(engine.status().progress.filesDown < count, "before all files have come");
  await until(() => alone.read("another's") === "edited", "the other edit comes");
  assert.ok(engine.status().progress.filesUp < count, "before all files have gone");
  const { changes } = engine.status().now;
  assert.ok(changes >= 2 * count, `${changes} changes are shown as one whole`);
  await until(() => engine.status().activity === "idle", "it comes to rest");
  assert.equal(alone.serverContents().get("mine"), "edited");
  assert.deepEqual([alone.serverPaths().length, alone.diskPaths().length], [2 * count + 2, 2 * count + 2]);
  await end();
});

/** Returns the disk. `begun` counts started long files; `begins` is called before each file. */
function countingParts(
  alone: Alone,
  begins = (): void => {},
): { readonly disk: LocalDisk; readonly begun: () => number } {
  const disk = alone.disk();
  let begun = 0;
  const create: LocalDisk["create"] = (path, ...given) => {
    begins();
    if (path.endsWith(".part")) begun += 1;
    return disk.create(path, ...given);
  };
  return {
    disk: new Proxy(disk, {
      get: (target, name) => (name === "create" ? create : Reflect.get(target, name)) as unknown,
    }),
    begun: () => begun,
  };
}

longTest("a downloaded long file waits for its turn behind many small ones, and is not written again", async () => {
  const alone = new Alone();
  const { model, scheduler } = alone.world;
  const { disk, begun } = countingParts(alone);
  const server = alone.server();
  const slow: Server = {
    ...server,
    async *fetchBlocks(wanted) {
      for await (const block of server.fetchBlocks(wanted)) {
        if (wanted.length > 300) await scheduler.sleep(alone.life, 20_000);
        yield block;
      }
    },
  };
  await alone.once();
  for (const name of ["one", "two", "three"]) alone.putOnServer(longText(name), { parent_id: model.rootId, name });
  for (let number = 0; number < 2000; number += 1)
    alone.putOnServer(`there ${number}`, { parent_id: model.rootId, name: `there ${number}` });
  const { engine, until, end } = running(alone, { server: slow, disk });
  await until(() => begun() === 3, "all three are written beside");
  await until(() => engine.status().activity === "idle" && alone.diskPaths().length === 2003, "it comes to rest");
  assert.equal(begun(), 3);
  await end();
});

test("a file whose mode or attributes change during the download of its next version keeps the changes", async () => {
  const alone = new Alone();
  const line = lineOf(alone);
  alone.write("long", longText("first"));
  await alone.once();
  const { disk, begun } = countingParts(alone);
  const { engine, until, end } = running(alone, { server: line.server, disk });
  await until(() => engine.status().activity === "idle", "it is at rest");
  alone.writeOnServer("long", longText("second"));
  await until(() => line.bytes > 0, "it begins");
  // The engine only sees the new ctime.
  alone.root.write(alone.root.mustBeAt("long"), {}, true);
  const { scheduler } = alone.world;
  // Old enough to count as unchanging in a scan.
  await scheduler.runUntil(scheduler.nowMicros + minute / 20, () => false);
  engine.hint([""]);
  await scheduler.runUntil(scheduler.nowMicros + minute, () => false);
  line.isOpen = true;
  await until(() => engine.status().activity === "idle" && alone.read("long") === longText("second"), "it comes");
  assert.deepEqual([begun(), line.bytes], [2, longText("second").length], "it is written again, and not fetched again");
  await end();
});

test("two equal long files in different portions of a plan, one of them private, get their own modes", async () => {
  for (const names of [
    ["a", "b"],
    ["b", "a"],
  ]) {
    const alone = new Alone();
    const { model } = alone.world;
    const folders = ["one", "two", "three"];
    for (const folder of folders) alone.mkdir(folder);
    await alone.once();
    for (const [index, name] of [...names, "small"].entries())
      alone.putOnServer(name === "small" ? "small" : longText("equal"), {
        parent_id: alone.serverId(folders[index] ?? ""),
        name,
      });
    const paths = ["one", "two"].map((folder, index) => `${folder}/${names[index]}`);
    const closed = paths.filter((path) => path.endsWith("/a"));
    for (const path of closed)
      alone.onServer({ op: "set", operation_id: "closes", file_id: alone.serverId(path), private: true });
    const line = lineOf(alone);
    const { engine, until, end } = running(alone, {
      server: line.server,
      memoryLimits: { entriesMax: 1, freshMax: 1 },
    });
    await until(() => line.bytes > 0 && alone.diskPaths().includes("three/small"), "the small one comes");
    line.isOpen = true;
    await until(() => paths.every((path) => alone.diskPaths().includes(path)), "both come");
    await until(() => engine.status().activity === "idle", "it comes to rest");
    const isPrivate = (path: string): boolean => alone.root.mustBeAt(path).now.isPrivate;
    assert.deepEqual(paths.filter(isPrivate), closed);
    assert.deepEqual(
      [...model.nodes.values()].filter((node) => node.isPrivate).map(({ name }) => name),
      ["a"],
    );
    await end();
  }
});

test("two equal long files in one folder are downloaded once, even if plans name them in different orders", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  await alone.once();
  const paths = ["folder/one", "folder/two"];
  for (const name of ["one", "two"])
    alone.putOnServer(longText("equal"), { parent_id: alone.serverId("folder"), name });
  const { disk, begun } = countingParts(alone);
  await alone.once({ disk, memoryLimits: { entriesMax: 1, freshMax: 1 } });
  assert.deepEqual(
    paths.map((path) => alone.read(path)),
    [longText("equal"), longText("equal")],
  );
  assert.equal(begun(), 2, "each is written once");
  alone.close();
});

for (const isWrittenTo of [false, true]) {
  const what = isWrittenTo
    ? "also downloaded if the first changed without a new time"
    : "copied from the first immediately";
  test(`the second of two equal long files is ${what}`, async () => {
    const alone = new Alone();
    const line = lineOf(alone);
    line.isOpen = true;
    const text = longText("equal");
    // Without a time of its own, each is as new as its download.
    for (const name of ["one", "two"]) alone.putOnServer(text, { parent_id: alone.world.model.rootId, name });
    let written: string | undefined;
    const { disk } = countingParts(alone, () => {
      written ??= isWrittenTo ? alone.diskPaths()[0] : undefined;
      const inode = written === undefined ? undefined : alone.root.mustBeAt(written);
      if (inode !== undefined) Object.assign(inode, { now: { ...inode.now, bytes: Buffer.from(longText("wrong")) } });
    });
    await alone.once({ server: line.server, disk });
    for (const path of ["one", "two"]) assert.equal(alone.read(path), longText(path === written ? "wrong" : "equal"));
    assert.equal(line.bytes, (isWrittenTo ? 3 : 1) * text.length, "fetched, and sent what was written");
    alone.close();
  });
}

test("a downloaded long file that could not get its name is downloaded and written again", async () => {
  const alone = new Alone();
  await alone.once();
  alone.putOnServer(longText("long"), { parent_id: alone.world.model.rootId, name: "long" });
  const { disk, begun } = countingParts(alone);
  let failures = 0;
  const isToFail = (given: unknown): boolean => JSON.stringify(given).includes('"long"') && failures === 0;
  const fail = (): Promise<never> => {
    failures += 1;
    return Promise.reject(new HoldfastError("unavailable", "EIO"));
  };
  const own: Partial<LocalDisk> = {
    rename: (from, to) => (isToFail(to) ? fail() : disk.rename(from, to)),
    ...(disk.renameEach !== undefined && {
      renameEach: (names) => (isToFail(names) ? fail() : (disk.renameEach?.(names) ?? fail())),
    }),
  };
  const once = new Proxy(disk, {
    get: (target, name) => (Reflect.get(own, name) ?? Reflect.get(target, name)) as unknown,
  });
  const { until, end } = running(alone, { disk: once });
  await until(() => alone.diskPaths().includes("long"), "it comes in the end");
  assert.equal(alone.read("long"), longText("long"));
  assert.deepEqual([failures, begun()], [1, 2]);
  await end();
});
