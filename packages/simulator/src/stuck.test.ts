import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

const minute = 60_000_000;

async function withLockedFolder(): Promise<Alone> {
  const alone = new Alone();
  alone.mkdir("locked");
  for (const path of ["a", "b", "locked/x"]) alone.write(path, path);
  await alone.once();
  alone.fails("locked");
  return alone;
}

/** Deletes it locally and moves it on the server, so that it must be downloaded again. */
function takeAway(alone: Alone, path: string): void {
  alone.remove(path);
  alone.moveOnServer(alone.serverId(path), "moved");
}

function cutOff(alone: Alone, call: "fetchBlocks" | "commit", times: number): Server {
  const server = alone.server();
  let left = times;
  return new Proxy(server, {
    get: (target, name) => {
      if (name !== call || left === 0) return Reflect.get(target, name) as unknown;
      left -= 1;
      return () => {
        throw new HoldfastError("unreachable", "It was cut.");
      };
    },
  });
}

test("a deletion is synced even if an unrelated folder is unreadable", async () => {
  const alone = await withLockedFolder();
  alone.remove("a");
  await alone.once();
  assert.deepEqual(alone.serverPaths(), ["b", "locked", "locked/x"]);
  alone.close();
});

test("an interrupted download is completed even if one folder is unreadable", async () => {
  const alone = await withLockedFolder();
  takeAway(alone, "a");
  await alone.once({ server: cutOff(alone, "fetchBlocks", 1) });
  assert.deepEqual(alone.diskPaths(), ["b", "locked", "locked/x", "moved"]);
  alone.close();
});

test("an interrupted download is retried within a minute", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  await alone.once();
  takeAway(alone, "a");
  const engine = alone.make({ server: cutOff(alone, "fetchBlocks", 2) });
  const { scheduler } = alone.world;
  const begin = scheduler.nowMicros;
  const run = engine.run();
  await scheduler.runUntil(begin + 90 * minute, () => alone.diskPaths().includes("moved"));
  assert.ok(scheduler.nowMicros - begin < minute, `it took ${(scheduler.nowMicros - begin) / 1_000_000} s`);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("a run continues after an interrupted download", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  await alone.once();
  takeAway(alone, "a");
  assert.ok((await alone.once({ server: cutOff(alone, "fetchBlocks", 2) })).inSync);
  assert.deepEqual(alone.diskPaths(), ["moved"]);
  alone.close();
});

test("a file that the disk refuses for a while arrives soon afterwards, and a run ends with a report", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  await alone.once();
  takeAway(alone, "a");
  alone.fails("moved");
  const begin = alone.world.scheduler.nowMicros;
  assert.ok(!(await alone.once()).inSync);
  const { scheduler } = alone.world;
  assert.ok(scheduler.nowMicros - begin < 3 * minute);
  const engine = alone.make();
  const run = engine.run();
  await scheduler.runUntil(scheduler.nowMicros + 2 * minute, () => false);
  assert.deepEqual(
    engine.status().problems.map(({ path }) => path),
    ["moved"],
  );
  alone.fails(undefined);
  const healed = scheduler.nowMicros;
  await scheduler.runUntil(healed + 90 * minute, () => alone.diskPaths().includes("moved"));
  assert.ok(scheduler.nowMicros - healed < 8 * minute);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("a change that the disk keeps refusing is retried with increasing delays, immediately after a pause or a success", async () => {
  const alone = new Alone();
  for (const path of ["a", "b"]) alone.write(path, path);
  await alone.once();
  takeAway(alone, "a");
  const { scheduler } = alone.world;
  const attempts: number[] = [];
  let isSick = true;
  const disk = alone.disk();
  const rename: LocalDisk["rename"] = async (from, to) => {
    if (to !== "moved" && to !== "moved again") return disk.rename(from, to);
    attempts.push(scheduler.nowMicros);
    if (isSick) throw new HoldfastError("unavailable", "Could not rename (EIO).");
    return disk.rename(from, to);
  };
  const engine = alone.make({ disk: { ...disk, rename } });
  const run = engine.run();
  const begin = scheduler.nowMicros;
  await scheduler.runUntil(begin + 6 * 60 * minute, () => false);
  const waits = attempts.slice(1).map((at, index) => Math.round((at - (attempts[index] ?? 0)) / 1_000_000));
  assert.deepEqual(waits, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]);
  const { problems, activity } = engine.status();
  assert.deepEqual([problems.map(({ path }) => path), activity], [["moved"], "waiting"]);
  assert.match(problems[0]?.message ?? "", /Tried 12 times; the next attempt is in 60 minutes/);
  alone.write("c", "c");
  engine.hint([""]);
  await scheduler.runUntil(scheduler.nowMicros + minute, () => alone.serverPaths().includes("c"));
  assert.deepEqual([alone.serverPaths().includes("c"), attempts.length], [true, 12]);
  isSick = false;
  engine.pause();
  engine.resume();
  await scheduler.runUntil(scheduler.nowMicros + minute, () => alone.diskPaths().includes("moved"));
  assert.deepEqual(alone.diskPaths(), ["b", "c", "moved"]);
  isSick = true;
  attempts.length = 0;
  alone.moveOnServer(alone.serverId("moved"), "moved again");
  await scheduler.runUntil(scheduler.nowMicros + minute, () => attempts.length === 2);
  assert.equal(attempts.length, 2);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("items in a folder that the disk refuses wait with it, and the rest continues", async () => {
  const alone = new Alone();
  const { rootId } = alone.world.model;
  alone.onServer({ op: "mkdir", operation_id: "1", id: "folder", parent_id: rootId, name: "folder" });
  alone.onServer({ op: "mkdir", operation_id: "2", id: "below", parent_id: "folder", name: "below" });
  alone.onServer({ op: "mkdir", operation_id: "3", id: "other", parent_id: rootId, name: "other" });
  const disk = alone.disk();
  let looks = 0;
  const engine = alone.make({
    disk: {
      ...disk,
      mkdir: async (path) => {
        if (path.startsWith("folder")) throw new HoldfastError("unavailable", "Could not make it (EROFS).");
        return disk.mkdir(path);
      },
      list: async (path) => {
        if (path === "") looks += 1;
        return disk.list(path);
      },
    },
  });
  const run = engine.run();
  const { scheduler } = alone.world;
  const begin = scheduler.nowMicros;
  await scheduler.runUntil(begin + 60 * minute, () => false);
  assert.deepEqual(alone.diskPaths(), ["other"]);
  assert.ok(looks < 25, `${looks} looks at the root in an hour`);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("a file that never reached the server and is gone again does not prevent a run from ending", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  await alone.once();
  alone.write("new", "new");
  await assert.rejects(alone.once({ server: cutOff(alone, "commit", Infinity) }), { code: "unreachable" });
  alone.remove("new");
  assert.ok((await alone.once()).inSync);
  alone.close();
});

function atReading(disk: LocalDisk, call: "readAt" | "cut", path: string, act: () => void): LocalDisk {
  const own: Pick<LocalDisk, "readAt" | "cut"> = {
    readAt: async (at, ...rest) => {
      if (at === path && call === "readAt") act();
      return disk.readAt(at, ...rest);
    },
    cut: async (at, ...rest) => {
      if (at === path && call === "cut") act();
      return disk.cut(at, ...rest);
    },
  };
  return { ...disk, ...own };
}

test("a file that is briefly unreadable when it is to be sent is sent soon after", async () => {
  const alone = new Alone();
  await alone.once();
  let reads = 0;
  const failOnce = (): void => {
    reads += 1;
    if (reads === 1) throw new HoldfastError("unavailable", "EIO");
  };
  const engine = alone.make({ disk: atReading(alone.disk(), "readAt", "file", failOnce) });
  const run = engine.run();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + minute, () => engine.phase === "waiting");
  alone.write("file", "text");
  engine.hint([""]);
  await scheduler.runUntil(scheduler.nowMicros + minute, () => alone.serverPaths().length > 0);
  assert.deepEqual([alone.serverPaths(), reads], [["file"], 2]);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("a file whose bytes change without a new time before the upload is uploaded with its present bytes", async () => {
  const alone = new Alone();
  await alone.once();
  alone.write("file", "text");
  const change = (): void => alone.writeSilently("file", "TEXT");
  assert.ok((await alone.once({ disk: atReading(alone.disk(), "readAt", "file", change) })).inSync);
  assert.equal(alone.serverContents().get("file"), "TEXT");
  alone.close();
});

test("a file whose bytes change without a new time before it is copied aside loses no bytes, here or on the server", async () => {
  const alone = new Alone();
  alone.write("file", "text");
  await alone.once();
  alone.write("file", "mine");
  alone.writeOnServer("file", "theirs");
  // First read while unchanging.
  alone.world.scheduler.nowMicros += minute;
  let reads = 0;
  const change = (): void => {
    reads += 1;
    if (reads === 2) alone.writeSilently("file", "MINE");
  };
  assert.ok((await alone.once({ disk: atReading(alone.disk(), "cut", "file", change) })).inSync);
  const contents = [...alone.serverContents()].map(([path, text]) => `${path.replace(/ \(.*\)/, " aside")}: ${text}`);
  assert.deepEqual(contents, ["file: theirs", "file aside: MINE", "unrelated: MINE"]);
  alone.close();
});

test("temporary files of an earlier client are not lost with its state", async () => {
  const alone = new Alone();
  alone.mkdir(".holdfast");
  for (const name of ["tmp", "parked", "trash"]) alone.mkdir(`.holdfast/${name}`);
  alone.write(".holdfast/parked/aa", "parked");
  alone.write(".holdfast/tmp/bb", "taken from its place");
  assert.ok((await alone.once()).inSync);
  assert.equal(alone.serverContents().get("recovered aa"), "parked");
  assert.ok(alone.root.at(".holdfast/trash/bb") !== undefined);
  alone.close();
});

test("a folder hierarchy that is inverted elsewhere is inverted here too", async () => {
  const alone = new Alone();
  alone.mkdir("b");
  await alone.once();
  for (const path of ["d", "d/d", "d/d/a"]) alone.mkdir(path);
  await alone.once();
  const [outer, inner, deep, other] = ["d", "d/d", "d/d/a", "b"].map((path) => alone.serverId(path));
  alone.moveOnServer(inner, "aside");
  alone.moveOnServer(outer, "c", deep);
  alone.moveOnServer(inner, "d");
  alone.moveOnServer(other, "d", outer);
  await alone.once();
  assert.deepEqual(alone.diskPaths(), ["d", "d/a", "d/a/c", "d/a/c/d"]);
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  alone.close();
});

test("a file at the name of a moved one is not confused with it, even without evidence of the move", async () => {
  const { alone, first, second } = await twoFiles();
  alone.moveOnServer(second, "c");
  alone.moveOnServer(first, "b");
  const failing = failingAfter(alone, "c");
  await alone.once({ disk: failing });
  assert.deepEqual([alone.serverId("b"), alone.serverId("c")], [first, second]);
  const contents = new Map([
    ["b", "a"],
    ["c", "b"],
  ]);
  assert.deepEqual(alone.serverContents(), contents);
  assert.deepEqual(alone.diskPaths(), ["b", "c"]);
  alone.close();
});

test("a file moved after the server, and deleted there before this was recorded, does not come back", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  await alone.once();
  const file_id = alone.serverId("a");
  alone.moveOnServer(file_id, "b");
  const deletes = (): void => alone.onServer({ op: "delete", operation_id: "gone", file_id });
  await alone.once({ disk: failingAfter(alone, "b", deletes) });
  await alone.once();
  assert.deepEqual(alone.serverPaths(), []);
  assert.deepEqual(alone.diskPaths(), []);
  alone.close();
});

test("a move that was never sent and was reverted does not count as this device's when another one makes it later", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  await alone.once();
  alone.move("a", "b");
  await assert.rejects(alone.once({ server: cutOff(alone, "commit", Infinity) }), { code: "unreachable" });
  alone.move("b", "a");
  await alone.once();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 11 * minute, () => false);
  await alone.once();
  alone.moveOnServer(alone.serverId("a"), "b");
  await alone.once();
  assert.deepEqual(alone.serverPaths(), ["b"]);
  assert.deepEqual(alone.diskPaths(), ["b"]);
  alone.close();
});

for (const [what, isCut] of [
  ["", false],
  [", also if nobody could say where it went", true],
] as const) {
  test(`a parked item that could not get its new name is deleted when another device deletes it${what}`, async () => {
    const { alone, first, second } = await twoFiles();
    alone.moveOnServer(first, "aside");
    alone.moveOnServer(second, "a");
    alone.moveOnServer(first, "b");
    const disk = alone.disk();
    let waited = "";
    const rename: LocalDisk["rename"] = async (from, to) => {
      const isFirst = waited === "" && from.startsWith(".holdfast/parked/");
      if (!isFirst) await disk.rename(from, to);
      if (!isFirst && !(isCut && to.includes("conflicted copy"))) return;
      if (isFirst) alone.onServer({ op: "delete", operation_id: "gone", file_id: alone.serverId(to) });
      if (isFirst) waited = to;
      throw new HoldfastError("unavailable", "EIO");
    };
    await alone.once({ disk: { ...disk, rename } });
    const left = ["a", "b"].filter((path) => path !== waited);
    assert.deepEqual(alone.serverPaths(), left);
    assert.deepEqual(alone.diskPaths(), left);
    alone.close();
  });
}

async function twoFiles(): Promise<{ readonly alone: Alone; readonly first: string; readonly second: string }> {
  const alone = new Alone();
  for (const path of ["a", "b"]) alone.write(path, path);
  await alone.once();
  return { alone, first: alone.serverId("a"), second: alone.serverId("b") };
}

function failingAfter(alone: Alone, path: string, then: () => void = () => undefined): LocalDisk {
  const disk = alone.disk();
  let left = 1;
  const syncFolder: LocalDisk["syncFolder"] = async (folder) => {
    if (alone.root.at(path) === undefined || left === 0) return disk.syncFolder(folder);
    left -= 1;
    then();
    throw new HoldfastError("unavailable", "EIO");
  };
  return new Proxy(disk, {
    get: (target, name) => (name === "syncFolder" ? syncFolder : (Reflect.get(target, name) as unknown)),
  });
}
