import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { OnceResult } from "@holdfast/sync/loop/engine/run-once";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";
import { plantedIn } from "./planted-bugs/testing-planted.ts";

/** Returns a disk that cannot sync one path. @param notice called with every path to sync */
function failingAt(disk: LocalDisk, path: string | undefined, notice: (path: string) => void = () => {}): LocalDisk {
  const failing = (sync: (path: string) => Promise<void>) => async (at: string) => {
    notice(at);
    if (at === path) throw new HoldfastError("unavailable", "EIO");
    await sync(at);
  };
  const own = {
    syncFile: failing((at) => disk.syncFile(at)),
    syncFolder: failing((at) => disk.syncFolder(at)),
    ...(disk.syncAll !== undefined && { syncAll: () => Promise.reject(new HoldfastError("unavailable", "EIO")) }),
  };
  return new Proxy(disk, {
    get: (target, name) => (Reflect.get(own, name) ?? Reflect.get(target, name)) as unknown,
  });
}

function withoutSyncAll(disk: LocalDisk): LocalDisk {
  const each = { ...disk };
  delete each.syncAll;
  return each;
}

test("a file that the disk cannot make durable is reported and not sent, and the rest is sent", async () => {
  const alone = new Alone();
  await alone.once();
  for (const path of ["one", "other"]) alone.write(path, path);
  const engine = alone.make({ disk: failingAt(alone.disk(), "one") });
  await alone.pass(engine.runOnce());
  assert.deepEqual(alone.serverPaths(), ["other"]);
  const [problem] = engine.status().problems;
  assert.equal(problem?.path, "one");
  assert.match(problem.message, /This disk did not confirm/);
  alone.close();
});

test("a recreated folder that could not be made durable is removed again when another device deletes it", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  await alone.once();
  const parent_id = alone.serverId("folder");
  alone.onServer({ op: "mkdir", operation_id: "1", parent_id, id: "new", name: "new" });
  const failing = (): LocalDisk => failingAt(alone.disk(), "folder");
  await alone.once({ disk: failing() });
  assert.deepEqual(alone.diskPaths(), ["folder", "folder/new"]);
  alone.onServer({ op: "delete", operation_id: "2", file_id: "new" });
  await alone.once({ disk: failing() });
  await alone.once();
  assert.deepEqual([alone.serverPaths(), alone.diskPaths()], [["folder"], ["folder"]]);
  alone.close();
});

for (const path of ["folder/one", "folder"]) {
  test(`a file that is already equal and cannot be made durable (${path}) is reported, and the rest continues`, async () => {
    const alone = new Alone();
    alone.mkdir("folder");
    await alone.once();
    const parent_id = alone.serverId("folder");
    alone.putOnServer("equal", { parent_id, name: "one" });
    alone.write("folder/one", "equal");
    for (let number = 0; number < 70; number += 1) alone.write(`other ${number}`, `${number}`);
    const failing = await alone.once({ disk: failingAt(alone.disk(), path) });
    assert.deepEqual(
      failing.problems.map((each) => [each.path, each.code]),
      [["folder/one", "not_durable"]],
    );
    assert.equal(alone.serverPaths().length, 72);
    assert.ok(!failing.inSync);

    // The later content is the server's, which was never agreed. Nothing of either is lost.
    alone.writeOnServer("folder/one", "newer");
    await alone.once({ disk: failingAt(alone.disk(), path) });
    assert.equal(alone.read("folder/one"), "equal");

    assert.ok((await alone.once()).inSync);
    assert.deepEqual(alone.diskPaths(), alone.serverPaths());
    alone.close();
  });
}

for (const path of ["folder/one", "folder"]) {
  test(`a file rewritten unchanged and not durable (${path}) is reported until it is, and the rest continues`, async () => {
    const alone = new Alone();
    alone.mkdir("folder");
    alone.write("folder/one", "agreed on");
    await alone.once();
    alone.remove("folder/one");
    alone.write("folder/one", "agreed on");
    alone.write("other", "other");
    const problemsOf = ({ problems }: OnceResult): string[] => problems.map((each) => `${each.code} ${each.path}`);
    const failing = await alone.once({ disk: failingAt(alone.disk(), path) });
    assert.deepEqual(problemsOf(failing), ["not_durable folder/one"]);
    assert.ok(!failing.inSync);
    assert.deepEqual(alone.serverPaths(), ["folder", "folder/one", "other"]);
    assert.deepEqual(problemsOf(await alone.once({ disk: failingAt(alone.disk(), path) })), ["not_durable folder/one"]);

    let tries = 0;
    const counting = failingAt(alone.disk(), path, (at) => (tries += Number(at === path)));
    const engine = alone.make({ disk: counting });
    const running = engine.run();
    await alone.pass(alone.world.scheduler.sleep(alone.life, 61_000_000));
    assert.deepEqual(problemsOf({ ...failing, problems: engine.status().problems }), ["not_durable folder/one"]);
    assert.ok(tries >= 2 && tries <= 4, `it was tried ${tries} times in a minute`);
    engine.stop();
    await alone.pass(running);

    const synced: string[] = [];
    const well = failingAt(alone.disk(), undefined, (at) => synced.push(at));
    assert.ok((await alone.once({ disk: well })).inSync);
    assert.ok(synced.includes("folder/one") && synced.includes("folder"), synced.join());
    assert.deepEqual(alone.serverPaths(), ["folder", "folder/one", "other"]);
    alone.close();
  });
}

test("a file rewritten unchanged and not durable is no longer reported once it is excluded", async () => {
  const alone = new Alone();
  alone.write("one", "agreed on");
  await alone.once();
  alone.remove("one");
  alone.write("one", "agreed on");
  const engine = alone.make({ disk: failingAt(alone.disk(), "one") });
  const running = engine.run();
  const problemsOf = (): string[] => engine.status().problems.map(({ code }) => code);
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 60_000_000, () => problemsOf().length > 0);
  assert.deepEqual(problemsOf(), ["not_durable"]);
  engine.exclude(["one"]);
  await scheduler.runUntil(scheduler.nowMicros + 120_000_000, () => problemsOf().length === 0);
  assert.deepEqual(problemsOf(), []);
  engine.stop();
  await alone.pass(running);
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [["one"], ["one"]]);
  alone.close();
});

for (const [count, what] of [
  [1, "a file downloaded"],
  [1001, "files downloaded in another batch"],
] as const) {
  test(`${what} into a recreated folder without durability: a power loss that removes both deletes nothing on the server`, async () => {
    const alone = await withDeletedFolder();
    for (let number = 0; number < count; number += 1)
      alone.putOnServer(`${number}`, { parent_id: alone.serverId("folder/deleted"), name: `${number}` });
    await alone.once({ disk: failingAt(withoutSyncAll(alone.disk()), "folder") });
    assert.equal(alone.diskPaths().length, count + 2);
    await afterPowerCut(alone);
    assert.equal(alone.serverPaths().length, count + 2);
    assert.deepEqual(alone.diskPaths(), alone.serverPaths());
    alone.close();
  });
}

test("items by other devices in a folder without durability wait, and survive a power loss that removes the folder", async () => {
  const alone = await withDeletedFolder();
  const parent_id = alone.serverId("folder/deleted");
  alone.putOnServer("first", { parent_id, name: "first" });
  alone.mkdir("from");
  alone.write("from/moved", "moved");
  const failing = (): LocalDisk => failingAt(withoutSyncAll(alone.disk()), "folder");
  await alone.once({ disk: failing() });
  alone.root.syncFolder("from");
  alone.root.syncFolder("");
  alone.putOnServer("late", { parent_id, name: "late" });
  alone.moveOnServer(alone.serverId("from/moved"), "moved", parent_id);
  await alone.once({ disk: failing() });
  const all = [
    "folder",
    "folder/deleted",
    "folder/deleted/first",
    "folder/deleted/late",
    "folder/deleted/moved",
    "from",
  ];
  alone.root.crash(() => 1);
  assert.deepEqual(alone.diskPaths(), ["folder", "from", "from/moved"]);
  await alone.once({ boot: String(alone.root.boots) });
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [all, all]);
  alone.close();
});

test("items equal on both sides in a folder without durability are not deleted when a power loss removes both", async () => {
  const alone = await withDeletedFolder();
  alone.putOnServer("equal", { parent_id: alone.serverId("folder/deleted"), name: "equal" });
  alone.mkdir("folder/deleted");
  alone.write("folder/deleted/equal", "equal");
  await alone.once({ disk: failingAt(alone.disk(), "folder") });
  await afterPowerCut(alone);
  assert.deepEqual(alone.serverPaths(), ["folder", "folder/deleted", "folder/deleted/equal"]);
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  alone.close();
});

test("an item moved into a folder and back survives a power loss after the engine removed that folder", async () => {
  const alone = new Alone({ isVolatile: true });
  for (const path of ["item", "folder", "folder/deleted"]) alone.mkdir(path);
  await alone.once();
  alone.onServer({ op: "delete", operation_id: "1", file_id: alone.serverId("folder/deleted") });
  const disk = alone.disk();
  const rmdir: typeof disk.rmdir = (path) => {
    alone.move("item", `${path}/item`);
    alone.root.syncFolder(path);
    alone.move(`${path}/item`, "item");
    return disk.rmdir(path);
  };
  await alone.once({ disk: { ...disk, rmdir } });
  alone.root.crash(() => 1);
  assert.deepEqual(alone.diskPaths(), ["folder", "item"]);
  alone.close();
});

test("an executable bit that was set, refused by the server and cleared stays cleared after a power loss", async () => {
  const alone = new Alone({ isVolatile: true });
  alone.write("a", "a");
  await alone.once();
  const setBit = (executable: boolean): void => alone.root.write(alone.root.mustBeAt("a"), { executable }, true);
  setBit(true);
  const server = alone.server();
  const commit: Server["commit"] = (...request) => {
    if (alone.serverPaths().includes("a")) {
      alone.moveOnServer(alone.serverId("a"), "b");
      setBit(false);
    }
    return server.commit(...request);
  };
  await alone.once({ server: { ...server, commit } });
  alone.root.crash(() => 1);
  assert.equal(alone.root.mustBeAt("b").now.executable, false);
  alone.close();
});

/** Returns a disk that loses unsynced data. The removal of `folder/deleted` is durable and unseen by the engine. */
async function withDeletedFolder(): Promise<Alone> {
  const alone = new Alone({ isVolatile: true });
  for (const path of ["folder", "folder/deleted"]) alone.mkdir(path);
  await alone.once();
  alone.remove("folder/deleted");
  alone.root.syncFolder("folder");
  return alone;
}

async function afterPowerCut(alone: Alone): Promise<void> {
  alone.root.crash(() => 1);
  assert.deepEqual(alone.diskPaths(), ["folder"]);
  await alone.once({ boot: String(alone.root.boots) });
}

/**
 * Reads a file that the disk has not synced. A power failure leaves half of it with the same times. Meanwhile the
 * server has a file of that name with the bytes read before.
 * @returns content here and on the server after the device runs again
 */
async function afterTornFile(alone: Alone): Promise<{ here: string; server: string | undefined }> {
  await alone.once();
  alone.write("a", "one and the other");
  // All reads are old enough to be certain.
  alone.world.scheduler.nowMicros += 60_000_000;
  await alone.once({ disk: withoutSyncAll(failingAt(alone.disk(), "a")), boot: String(alone.root.boots) });
  assert.deepEqual(alone.serverPaths(), []);
  alone.putOnServer("one and the other", { parent_id: alone.world.model.rootId, name: "a" });
  alone.root.crash(() => 0.5);
  assert.notEqual(alone.read("a"), "one and the other");
  await alone.once({ boot: String(alone.root.boots) });
  const answer = { here: alone.read("a"), server: alone.serverContents().get("a") };
  alone.close();
  return answer;
}

test("a file read but not durable is read again after a power loss before it counts as equal to the server's", async () => {
  const planted = await plantedIn<{ readonly Alone: typeof Alone }>(
    "what was read is believed after a power cut",
    "alone.ts",
  );
  const believed = await afterTornFile(new planted.Alone({ isVolatile: true }));
  assert.notEqual(believed.here, believed.server, "the planted bug shows");
  const read = await afterTornFile(new Alone({ isVolatile: true }));
  assert.equal(read.here, read.server);
});

test("a file without durability at the start is sent soon after, even if a folder beside it is unreadable", async () => {
  const alone = new Alone();
  for (const folder of ["folder", "locked"]) {
    alone.mkdir(folder);
    alone.write(`${folder}/a`, folder);
  }
  await alone.once();
  alone.write("folder/new", "new");
  alone.fails("locked");
  const { scheduler } = alone.world;
  // It is not read again for being new.
  scheduler.nowMicros += 60_000_000;
  const disk = alone.disk();
  let left = 1;
  const failOnce: typeof disk.syncFolder = (path) => {
    if (path !== "folder" || left === 0) return disk.syncFolder(path);
    left -= 1;
    return Promise.reject(new HoldfastError("unavailable", "EIO"));
  };
  const engine = alone.make({ disk: { ...disk, syncFolder: failOnce } });
  const run = engine.run();
  await scheduler.runUntil(scheduler.nowMicros + 60_000_000, () => alone.serverPaths().includes("folder/new"));
  assert.ok(alone.serverPaths().includes("folder/new"));
  engine.stop();
  await alone.pass(run);
  alone.close();
});
