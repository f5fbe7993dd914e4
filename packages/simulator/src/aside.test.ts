import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { Alone } from "./alone.ts";

function holdingBack(alone: Alone): { readonly disk: LocalDisk; readonly tried: Set<string> } {
  const disk = alone.disk();
  const tried = new Set<string>();
  const rename: LocalDisk["rename"] = async (from, to) => {
    if (!from.startsWith(".holdfast/parked/")) return disk.rename(from, to);
    tried.add(from);
    throw new HoldfastError("failed", `${from} cannot be renamed to ${to} (EPERM).`);
  };
  const held = new Proxy(disk, {
    get: (target, name) => (name === "rename" ? rename : (Reflect.get(target, name) as unknown)),
  });
  return { disk: held, tried };
}

async function exchanged(kind: "file" | "folder"): Promise<Alone> {
  return exchangedBy(new Alone(), kind);
}

async function exchangedBy(alone: Alone, kind: "file" | "folder", state?: SyncState): Promise<Alone> {
  for (const name of ["a", "b"]) {
    if (kind === "folder") alone.mkdir(name);
    alone.write(kind === "folder" ? `${name}/in ${name}` : name, name);
  }
  await alone.once(state && { state });
  const [first, second] = [alone.serverId("a"), alone.serverId("b")];
  alone.moveOnServer(first, "aside");
  alone.moveOnServer(second, "a");
  alone.moveOnServer(first, "b");
  return alone;
}

for (const kind of ["file", "folder"] as const) {
  test(`a parked ${kind} that cannot get its name back is reported with its path, and the rest is synced`, async () => {
    const alone = await exchanged(kind);
    const before = alone.serverPaths();
    const { disk, tried } = holdingBack(alone);
    const { inSync, problems } = await alone.once({ disk });
    assert.equal(inSync, false);
    const told = problems.filter(({ code }) => code === "aside");
    assert.equal(told.length, 1);
    assert.match(told[0]?.path ?? "", /^[ab]$/u);
    assert.ok([...tried].some((path) => told[0]?.message.includes(path)));
    alone.write("new", "new");
    alone.putOnServer("other", { parent_id: alone.world.model.rootId, name: "other" });
    await alone.once({ disk });
    assert.equal(alone.serverContents().get("new"), "new");
    assert.equal(alone.read("other"), "other");
    assert.deepEqual(alone.serverPaths(), [...before, "new", "other"].toSorted());
    const after = await alone.once();
    assert.deepEqual([after.inSync, after.problems], [true, []]);
    assert.deepEqual(alone.diskPaths(), alone.serverPaths());
    assert.deepEqual(alone.serverPaths(), [...before, "new", "other"].toSorted());
    alone.close();
  });
}

test("the name of a parked item may be taken, and the item later gets one beside it", async () => {
  const alone = await exchanged("file");
  const { disk } = holdingBack(alone);
  const [told] = (await alone.once({ disk })).problems;
  assert.ok(told !== undefined);
  const free = ["a", "b"].filter((path) => !alone.diskPaths().includes(path));
  for (const path of free) alone.write(path, "a person's");
  await alone.once({ disk });
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  const contents = [...alone.serverContents().values()].toSorted();
  assert.deepEqual(contents, ["a", ...free.map(() => "a person's"), "b"].toSorted());
  alone.close();
});

test("an item parked on a disk without exchange and links, without its name, survives the expiry of temporary files", async () => {
  const alone = new Alone({ missingFeatures: ["exchange", "hard links"], devices: 1, isLastWhole: false });
  alone.write("a", "before");
  await alone.once();
  alone.writeOnServer("a", "after");
  const disk = alone.disk();
  let isHeld = true;
  const rename: LocalDisk["rename"] = async (from, to) => {
    if (isHeld && to === "a") throw new HoldfastError("failed", `${from} cannot be renamed to ${to} (EPERM).`);
    return disk.rename(from, to);
  };
  const held = new Proxy(disk, {
    get: (target, name) => (name === "rename" ? rename : (Reflect.get(target, name) as unknown)),
  });
  const { problems } = await alone.once({ disk: held });
  assert.ok(problems.some(({ path, code }) => path === "a" && code === "aside"));
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 60_000_000, () => false);
  await alone.once({ disk: held });
  assert.deepEqual(alone.serverPaths(), ["a"]);
  isHeld = false;
  assert.ok((await alone.once({ disk: held })).inSync);
  assert.equal(alone.read("a"), "after");
  assert.deepEqual(alone.diskPaths(), ["a"]);
  alone.close();
});

test("a parked item is not forgotten while the disk is unmounted", async () => {
  const alone = await exchanged("file");
  const disk = alone.disk();
  let isAway = false;
  const rename: LocalDisk["rename"] = async (from, to) => {
    if (!from.startsWith(".holdfast/parked/") || isAway) return disk.rename(from, to);
    isAway = true;
    throw new HoldfastError("unavailable", "EIO");
  };
  const stat: LocalDisk["stat"] = async (path) => {
    if (path.startsWith(".holdfast/parked") && isAway) return undefined;
    return disk.stat(path);
  };
  const own: Partial<LocalDisk> = { rename, stat };
  const leaving = new Proxy(disk, {
    get: (target, name) => (Reflect.get(own, name) ?? Reflect.get(target, name)) as unknown,
  });
  await alone.once({ disk: leaving });
  assert.deepEqual(alone.serverPaths(), ["a", "b"]);
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(Object.fromEntries(alone.serverContents()), { a: "b", b: "a" });
  assert.deepEqual(alone.diskPaths(), ["a", "b"]);
  alone.close();
});

test("a parked item gets its name back even if its ID has changed", async () => {
  const empty = new Alone().world.model.backUp();
  const alone = await exchanged("file");
  const { disk } = holdingBack(alone);
  await alone.once({ disk });
  alone.world.model.restore(empty);
  await alone.once({ disk });
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.diskPaths().length, 2);
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  assert.deepEqual([...alone.serverContents().values()].toSorted(), ["a", "b"]);
  assert.ok(!alone.diskPaths().some((path) => path.includes("recovered")));
  alone.close();
});

test("a parked item that is no longer known becomes visible in the same run", async () => {
  const alone = new Alone();
  const state = new SyncState(new DatabaseSync(":memory:"), alone.world.model.rootId as NodeId);
  await exchangedBy(alone, "file", state);
  const held = holdingBack(alone).disk;
  await alone.once({ disk: held, state });
  const [waiting] = state.parked.keys();
  assert.ok(waiting !== undefined);
  // Called right after the recovery at the start.
  let isForgotten = false;
  const list: LocalDisk["list"] = async (path) => {
    if (path === ".holdfast/tmp") state.commit({ local: [[waiting, undefined]] });
    isForgotten ||= path === ".holdfast/tmp";
    return alone.disk().list(path);
  };
  const disk = new Proxy(alone.disk(), {
    get: (target, name) => (name === "list" ? list : (Reflect.get(isForgotten ? target : held, name) as unknown)),
  });
  assert.ok((await alone.once({ disk, state })).inSync);
  assert.equal(alone.diskPaths().filter((path) => path.startsWith("recovered ")).length, 1);
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  alone.close();
});
