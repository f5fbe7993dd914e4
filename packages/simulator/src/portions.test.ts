import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";
import { Shared } from "./shared.ts";

const memoryLimits = { entriesMax: 4, freshMax: 4 };
const folders = ["a", "a/b", "a/b/c", "d", "d/e", "f"];

function many(alone: Alone): string[] {
  const files = folders.flatMap((folder) => [1, 2, 3].map((number) => `${folder}/file ${number}`));
  for (const path of folders) alone.mkdir(path);
  for (const path of files) alone.write(path, `in ${path}`);
  return [...folders, ...files].toSorted();
}

test("new items on the disk are sent in parts, and no request has more than a part", async () => {
  const alone = new Alone();
  const expected = many(alone);
  const server = alone.server();
  const sent: number[] = [];
  const counting: Server = {
    ...server,
    commit: (epoch, operations, blocks) => {
      sent.push(operations.length);
      return server.commit(epoch, operations, blocks);
    },
  };
  assert.ok((await alone.once({ memoryLimits, server: counting })).inSync);
  assert.deepEqual(alone.serverPaths(), expected);
  // One folder more than the part, and those above.
  assert.ok(Math.max(...sent) <= 9, `${Math.max(...sent)} in one request`);
  assert.equal(
    sent.reduce((sum, count) => sum + count, 0),
    expected.length,
  );
  alone.close();
});

test("changes in a folder larger than a part are counted once", async () => {
  const files = Array.from({ length: 20 }, (_, number) => `folder/file ${number}`);
  for (const isUndone of [false, true]) {
    const alone = new Alone();
    alone.mkdir("folder");
    if (isUndone) for (const path of files) alone.write(path, `in ${path}`);
    await alone.once({ brake: 3 });
    const engine = alone.make({ brake: 3, memoryLimits });
    for (const path of files) {
      if (isUndone) alone.remove(path);
      else alone.write(path, `in ${path}`);
    }
    if (isUndone) {
      await alone.pass(engine.runOnce());
      engine.undoDeletions(engine.waitingDeletions().map(({ id }) => id));
    }
    const counts: number[] = [];
    const end = engine.onChange(() => counts.push(engine.status().now.changes));
    assert.ok((await alone.pass(engine.runOnce())).inSync);
    end();
    assert.equal(Math.max(...counts), files.length, isUndone ? "deletions that were undone" : "new files");
    alone.close();
  }
});

test("refused items are also retried in parts", async () => {
  const alone = new Alone();
  const { model, scheduler } = alone.world;
  for (const folder of folders) alone.mkdir(folder);
  await alone.once();
  const files = folders.flatMap((folder) => [1, 2, 3].map((number) => `${folder}/file ${number}`));
  for (const path of files) alone.write(path, `in ${path}`);
  model.isFull = true;
  assert.ok(!(await alone.once({ memoryLimits })).inSync);
  model.isFull = false;
  scheduler.nowMicros += 31_000_000;
  const server = alone.server();
  const sent: number[] = [];
  const commit: Server["commit"] = (epoch, operations, blocks) => {
    sent.push(operations.length);
    return server.commit(epoch, operations, blocks);
  };
  assert.ok((await alone.once({ memoryLimits, server: { ...server, commit } })).inSync);
  assert.deepEqual(alone.serverPaths(), [...folders, ...files].toSorted());
  assert.ok(Math.max(...sent) <= 9, `${Math.max(...sent)} in one request`);
  alone.close();
});

function manyOnServer(alone: Alone): string[] {
  const { model } = alone.world;
  const paths: string[] = [];
  for (const folder of folders) {
    const id = model.fresh("folder ");
    alone.onServer({ op: "mkdir", operation_id: model.fresh("another's "), id, ...placeOf(alone, folder) });
    for (const number of [1, 2, 3]) {
      const path = `${folder}/file ${number}`;
      const block = { hash: sha256(Buffer.from(path)), bytes: Buffer.from(path) };
      model.putBlocks([block]);
      const blocks = [{ hash: block.hash, size: block.bytes.length }];
      const put = { op: "put", operation_id: model.fresh("another's "), size: block.bytes.length, blocks } as const;
      alone.onServer({ ...put, ...placeOf(alone, path) });
      paths.push(path);
    }
  }
  return [...folders, ...paths].toSorted();
}

function placeOf(alone: Alone, path: string): { parent_id: string; name: string } {
  const at = path.lastIndexOf("/");
  const parent = at < 0 ? alone.world.model.rootId : alone.serverId(path.slice(0, at));
  return { parent_id: parent, name: path.slice(at + 1) };
}

test("new items on the server arrive in parts, and are merged with those already in each folder", async () => {
  const alone = new Alone();
  const expected = manyOnServer(alone);
  alone.mkdir("a");
  alone.mkdir("a/b");
  alone.write("a/b/file 2", "a/b/file 2");
  alone.write("a/b/file 3", "another one");
  const { inSync } = await alone.once({ memoryLimits });
  assert.ok(inSync);
  const copy = alone.diskPaths().filter((path) => !expected.includes(path));
  assert.match(copy.join(), /^a\/b\/file 3 \(.* conflicted copy .*\)$/);
  assert.deepEqual(alone.serverPaths(), [...expected, ...copy].toSorted());
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  alone.close();
});

test("an interrupted scan is stored up to its last part, and continues there", async () => {
  const alone = new Alone();
  const expected = many(alone);
  // Recent files would be read again anyway.
  alone.world.scheduler.nowMicros += 1_000_000;
  const disk = alone.disk();
  let lists = 0;
  const engine = alone.make({
    memoryLimits,
    disk: {
      ...disk,
      list: (path) => {
        if (!path.startsWith(".holdfast")) lists += 1;
        if (lists === 6) engine.stop();
        return disk.list(path);
      },
    },
  });
  await alone.pass(engine.run());
  assert.deepEqual(alone.serverPaths(), []);
  const read: string[] = [];
  const reading = {
    ...disk,
    cut: (path: string) => {
      read.push(path);
      return disk.cut(path);
    },
  };
  assert.ok((await alone.once({ memoryLimits, disk: reading })).inSync);
  assert.deepEqual(alone.serverPaths(), expected);
  assert.ok(read.length > 0 && read.length < expected.length - folders.length, `${read.length} were read again`);
  alone.close();
});

test("a file moved into a new folder keeps its identity even if only a part is scanned", async () => {
  const alone = new Alone();
  alone.write("kept", "mine");
  assert.ok((await alone.once({ memoryLimits })).inSync);
  const id = alone.serverId("kept");
  many(alone);
  alone.mkdir("z");
  alone.mkdir("z/deep");
  alone.move("kept", "z/deep/kept");
  assert.ok((await alone.once({ memoryLimits })).inSync);
  assert.equal(alone.serverId("z/deep/kept"), id);
  alone.close();
});

test("a file moved again during a scan in parts is not considered deleted", async () => {
  const alone = new Alone();
  for (const path of ["a", "a/b"]) alone.mkdir(path);
  alone.write("file", "text");
  assert.ok((await alone.once()).inSync);
  const id = alone.serverId("file");
  alone.move("file", "a/b/file");
  const disk = alone.disk();
  let lists = 0;
  const list: LocalDisk["list"] = async (path) => {
    const names = await disk.list(path);
    // The second scan has then passed both source and destination.
    if (path === "a/b") lists += 1;
    if (path === "a/b" && lists === 2) alone.move("a/b/file", "a/file");
    return names;
  };
  assert.ok((await alone.once({ memoryLimits: { entriesMax: 1, freshMax: 1 }, disk: { ...disk, list } })).inSync);
  assert.ok(lists >= 2);
  assert.equal(alone.serverId("a/file"), id);
  alone.close();
});

test("items that the server refuses do not delay others", async () => {
  const alone = new Alone();
  many(alone);
  alone.mkdir("later");
  alone.write("later/one", "1");
  const server = alone.server();
  const refusing: Server = {
    ...server,
    commit: async (epoch, operations, blocks) => {
      const taken = operations.filter((each) => !("name" in each && each.name?.startsWith("file") === true));
      const answer = await server.commit(epoch, taken, blocks);
      const results = operations.map((each) => {
        const known = answer.results.find(({ operation_id: id }) => id === each.operation_id);
        return known ?? { operation_id: each.operation_id, status: "error" as const, code: "forbidden" };
      });
      return { ...answer, results };
    },
  };
  const { inSync, problems } = await alone.once({ memoryLimits, server: refusing });
  assert.ok(!inSync);
  assert.equal(problems.length, 3 * folders.length);
  assert.deepEqual(alone.serverPaths(), [...folders, "later", "later/one"].toSorted());
  alone.close();
});

test("new items that the disk refuses are listed, and retried with increasing delays", async () => {
  const alone = new Alone();
  const expected = manyOnServer(alone);
  const { scheduler } = alone.world;
  const disk = alone.disk();
  const attempts: number[] = [];
  const mkdir: LocalDisk["mkdir"] = async (path) => {
    if (path !== "d/e") return disk.mkdir(path);
    attempts.push(scheduler.nowMicros);
    throw new HoldfastError("unavailable", "Could not make it (EIO).");
  };
  const engine = alone.make({ memoryLimits, disk: { ...disk, mkdir } });
  const run = engine.run();
  await scheduler.runUntil(scheduler.nowMicros + 3600_000_000, () => false);
  assert.deepEqual(
    alone.diskPaths(),
    expected.filter((path) => !path.startsWith("d/e")),
  );
  const waits = attempts.slice(1).map((at, index) => Math.round((at - (attempts[index] ?? 0)) / 1_000_000));
  assert.deepEqual(waits, [30, 60, 120, 240, 480, 960]);
  assert.deepEqual(
    engine.status().problems.map(({ path, code }) => [path, code]),
    [["d/e", "unavailable"]],
  );
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("a listing interrupted before its last page has no effect", async () => {
  const alone = new Alone();
  const expected = manyOnServer(alone);
  const server = alone.server();
  let pages = 0;
  const cutting: Server = {
    ...server,
    snapshot: async (cursor) => {
      pages += 1;
      if (pages > 2) throw new HoldfastError("unauthenticated", "It was cut.");
      return server.snapshot(cursor);
    },
  };
  await assert.rejects(alone.once({ server: cutting }), { code: "unauthenticated" });
  assert.equal(pages, 3);
  const left = expected.filter((path) => !path.endsWith("file 1"));
  for (const path of expected.filter((each) => !left.includes(each))) {
    alone.onServer({
      op: "delete",
      operation_id: alone.world.model.fresh("another's "),
      file_id: alone.serverId(path),
    });
  }
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.diskPaths(), left);
  alone.close();
});

test("a file removed while excluded comes back when included during a scan in parts", async () => {
  const alone = new Alone();
  alone.mkdir("unwanted");
  alone.write("unwanted/file", "of the server");
  const first = alone.make();
  await alone.pass(first.runOnce());
  first.exclude(["unwanted"]);
  await alone.pass(first.runOnce());
  alone.remove("unwanted/file");
  const others = many(alone);
  alone.world.scheduler.nowMicros += 1_000_000;
  const disk = alone.disk();
  let parts = 0;
  const engine = alone.make({
    memoryLimits,
    disk: {
      ...disk,
      now: (path) => {
        parts += 1;
        if (parts === 2) engine.include(["unwanted"]);
        return disk.now(path);
      },
    },
  });
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  assert.ok(parts > 2);
  assert.deepEqual(alone.serverPaths(), [...others, "unwanted", "unwanted/file"].toSorted());
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  alone.close();
});

test("a change that arrives midway and sorts before the current part does not wait", async () => {
  const shared = new Shared();
  shared.owner({ op: "mkdir", id: "inner", parent_id: "docs", name: "inner" });
  await shared.once();
  // They wait for edit access, so each round includes them.
  for (const name of ["one", "two", "three"]) shared.write(`docs/${name}`, name);
  await shared.once();
  const server = shared.server();
  let calls = 0;
  const listChanges: Server["listChanges"] = (token) => {
    calls += 1;
    if (calls === 3) shared.owner({ op: "mkdir", id: "0 before all", parent_id: "inner", name: "new" });
    return server.listChanges(token);
  };
  await shared.once({ memoryLimits: { ...memoryLimits, freshMax: 1 }, server: { ...server, listChanges } });
  assert.equal(shared.onDisk()["docs/inner/new"], "/");
  shared.close();
});

test("unreadable items are retried with increasing delays, even while many new ones wait", async () => {
  const shared = new Shared();
  await shared.once();
  // They wait for edit access, so each round includes them.
  for (const name of ["one", "two", "three"]) shared.write(`docs/${name}`, name);
  shared.mkdir("sick");
  await shared.once();
  shared.fails("sick");
  const { scheduler } = shared.world;
  const server = shared.server();
  let cycles = 0;
  const listChanges: Server["listChanges"] = (token) => {
    cycles += 1;
    return server.listChanges(token);
  };
  const engine = shared.make({ memoryLimits: { ...memoryLimits, freshMax: 1 }, server: { ...server, listChanges } });
  const run = engine.run();
  await scheduler.runUntil(scheduler.nowMicros + 60_000_000, () => false);
  // A round has at least three cycles, and after ten the wait is 8 s.
  assert.ok(cycles > 9 && cycles < 100, `${cycles} cycles`);
  engine.stop();
  await shared.pass(run);
  shared.close();
});

test("a file moved from the last part to an earlier one, and on during the full scan, is not deleted", async () => {
  const alone = new Alone();
  for (const folder of ["from", "to"]) alone.mkdir(folder);
  for (const path of ["from/file", "from/other"]) alone.write(path, path);
  assert.ok((await alone.once()).inSync);
  const id = alone.serverId("from/file");
  for (const path of ["from/new", "to/new"]) alone.write(path, path);
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 1_000_000, () => false);
  const disk = alone.disk();
  const lists: Record<string, number> = { "": 0, to: 0 };
  const list: LocalDisk["list"] = async (path) => {
    const names = await disk.list(path);
    const count = (lists[path] ?? 0) + 1;
    lists[path] = count;
    if (path === "to" && count === 2) alone.move("from/file", "to/file");
    if (path === "" && count === 2) alone.move("to/file", "file");
    return names;
  };
  assert.ok((await alone.once({ memoryLimits: { entriesMax: 1, freshMax: 9 }, disk: { ...disk, list } })).inSync);
  assert.equal(alone.serverId("file"), id);
  alone.close();
});
