import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

test("nothing is synced or deleted in a mounted filesystem, then and after it is unmounted", async () => {
  const alone = new Alone();
  alone.mkdir("usb");
  alone.write("usb/a", "a");
  alone.write("b", "b");
  assert.ok((await alone.once()).inSync);
  // The mount hides the former content and shows its own.
  const folder = alone.root.mustBeAt("usb");
  alone.root.mounts.set(folder.number, 2n);
  alone.root.remove("usb/a", true);
  alone.root.create("usb/other", "file", true);
  const mounted = await alone.once();
  assert.deepEqual(
    [mounted.inSync, mounted.problems.map(({ path, code }) => [path, code])],
    [true, [["usb", "boundary"]]],
  );
  assert.deepEqual(alone.serverPaths(), ["b", "usb", "usb/a"]);
  alone.root.mounts.clear();
  alone.root.remove("usb/other", true);
  alone.write("c", "c");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.serverPaths(), ["b", "c", "usb", "usb/a"]);
  const engine = alone.make();
  engine.include(["usb"]);
  const included = await alone.pass(engine.runOnce());
  assert.deepEqual([included.inSync, included.problems], [true, []]);
  assert.deepEqual(
    [alone.diskPaths(), alone.serverPaths()],
    [
      ["b", "c", "usb", "usb/a"],
      ["b", "c", "usb", "usb/a"],
    ],
  );
  alone.close();
});

for (const changed of ["usb/deep", "usb"]) {
  test(`a mount right after a change in ${changed} hides the content there, and deletes nothing`, async () => {
    const alone = new Alone();
    for (const folder of ["usb", "usb/deep"]) alone.mkdir(folder);
    for (const path of ["usb/a", "usb/deep/b"]) alone.write(path, path);
    const engine = alone.make();
    const run = engine.run();
    const { scheduler } = alone.world;
    const pass = (seconds: number) => scheduler.runUntil(scheduler.nowMicros + seconds * 1_000_000, () => false);
    await pass(30);
    alone.root.mounts.set(alone.root.mustBeAt("usb").number, 2n);
    for (const path of ["usb/deep/b", "usb/deep", "usb/a"]) alone.root.remove(path, true);
    alone.root.create("usb/other", "file", true);
    if (changed === "usb/deep") alone.mkdir("usb/deep");
    engine.hint([changed]);
    await pass(7200);
    assert.deepEqual(alone.serverPaths(), ["usb", "usb/a", "usb/deep", "usb/deep/b"]);
    engine.stop();
    await alone.pass(run);
    alone.close();
  });
}

/** Returns the disk with an action right after the second check of the marker, when everything is planned and nothing done. */
function atLastMoment(alone: Alone, act: () => void): LocalDisk {
  const disk = alone.disk();
  let looks = 0;
  return {
    ...disk,
    readAt: async (path, ...rest) => {
      if (path === ".holdfast/root.json") looks += 1;
      const bytes = await disk.readAt(path, ...rest);
      // Two checks at the start, two in each cycle.
      if (path === ".holdfast/root.json" && looks === 4) act();
      return bytes;
    },
  };
}

const changes = {
  "deletes a file": (alone: Alone) =>
    alone.onServer({ op: "delete", operation_id: "1", file_id: alone.serverId("usb/a") }),
  "replaces a file": (alone: Alone) => alone.writeOnServer("usb/a", "by another"),
  "renames a file": (alone: Alone) => {
    const [file_id, parent_id] = [alone.serverId("usb/a"), alone.serverId("usb")];
    alone.onServer({ op: "move", operation_id: "1", file_id, parent_id, name: "moved" });
  },
  "makes a file": (alone: Alone) =>
    alone.onServer({ op: "mkdir", operation_id: "1", parent_id: alone.serverId("usb"), name: "new" }),
};

for (const [what, change] of Object.entries(changes)) {
  test(`a change that ${what} on the server is not applied in a filesystem mounted since the scan`, async () => {
    const alone = new Alone();
    alone.mkdir("usb");
    alone.write("usb/a", "a");
    await alone.once();
    change(alone);
    const { number } = alone.root.mustBeAt("usb");
    const disk = atLastMoment(alone, () => alone.root.mounts.set(number, 2n));
    await alone.once({ disk });
    assert.deepEqual([alone.diskPaths(), alone.read("usb/a")], [["usb", "usb/a"], "a"]);
    alone.close();
  });
}

test("a file on another filesystem since the scan, with equal inode numbers, is not touched", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  await alone.once();
  alone.writeOnServer("a", "by another");
  const { number } = alone.root.mustBeAt("a");
  let isTouched = false;
  const disk = atLastMoment(alone, () => alone.root.mounts.set(number, 2n));
  const exchange: LocalDisk["exchange"] = (one, other) => {
    isTouched ||= alone.root.mounts.has(number);
    return disk.exchange(one, other);
  };
  const engine = alone.make({ disk: { ...disk, exchange } });
  const run = engine.run();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 5_000_000, () => false);
  assert.deepEqual([isTouched, alone.read("a")], [false, "a"]);
  alone.root.mounts.clear();
  await scheduler.runUntil(scheduler.nowMicros + 60_000_000, () => alone.read("a") !== "a");
  assert.equal(alone.read("a"), "by another");
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("a folder on which a disk is mounted during its scan is scanned again", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  await alone.once();
  alone.writeOnServer("a", "by another");
  const disk = alone.disk();
  let [device, isChanged] = [1n, false];
  const engine = alone.make({
    disk: {
      ...disk,
      stat: async (path) => {
        const stat = await disk.stat(path);
        return stat === undefined ? undefined : { ...stat, device };
      },
      now: async (path) => {
        if (!isChanged) [device, isChanged] = [7n, true];
        return disk.now(path);
      },
    },
  });
  const failures: string[] = [];
  engine.onChange(() => failures.push(...engine.status().problems.map(({ message }) => message)));
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  assert.ok(failures.some((message) => message.startsWith("The filesystem of the folder has changed")));
  assert.equal(alone.read("a"), "by another");
  alone.close();
});

for (const what of ["boundary", "other_sync"]) {
  test(`an excluded item found by the scan (${what}) is reported only as such, also at first sight`, async () => {
    const alone = new Alone();
    alone.write("b", "b");
    await alone.once();
    const engine = alone.make();
    const seen = new Set<string>();
    engine.onChange(() => {
      for (const { path, code } of engine.status().problems) seen.add(`${code} ${path}`);
    });
    const run = engine.run();
    const { scheduler } = alone.world;
    const pass = (seconds: number) => scheduler.runUntil(scheduler.nowMicros + seconds * 1_000_000, () => false);
    await pass(30);
    alone.mkdir("usb");
    if (what === "boundary") alone.root.mounts.set(alone.root.mustBeAt("usb").number, 2n);
    else {
      alone.mkdir("usb/.holdfast");
      alone.write("usb/.holdfast/root.json", "{}");
    }
    engine.hint();
    await pass(300);
    assert.deepEqual([...seen], [`${what} usb`]);
    engine.stop();
    await alone.pass(run);
    alone.close();
  });
}
