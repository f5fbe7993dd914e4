import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "@holdfast/sync/loop/engine/engine";
import { Alone } from "./alone.ts";
import { Shared } from "./shared.ts";

const minute = 60_000_000;

/** Creates a synced folder of files, some of which links replace, as after a move to another disk. */
async function begin(count: number): Promise<{ alone: Alone; paths: readonly string[]; ids: readonly string[] }> {
  const alone = new Alone();
  alone.mkdir("photos");
  const paths = Array.from({ length: count }, (_, index) => `photos/${index}`);
  for (const path of paths) alone.write(path, `content of ${path}`);
  assert.ok((await alone.once()).inSync);
  return { alone, paths, ids: idsOf(alone, paths) };
}

function idsOf(alone: Alone, paths: readonly string[]): string[] {
  return paths.map((path) => alone.serverId(path));
}

function replace(alone: Alone, paths: readonly string[]): void {
  for (const path of paths) {
    alone.remove(path);
    alone.root.create(path, "symlink", true, `/mnt/big/${path}`);
  }
}

const all = (engine: Engine): string[] => engine.waitingDeletions().map(({ id }) => id);
const still = { inSync: true, problems: [], deletionsWaiting: 0 };

test("five files replaced by links wait, are reported once, and an undo restores the same nodes", async () => {
  const { alone, paths, ids } = await begin(6);
  const [kept = "", ...replaced] = paths;
  replace(alone, replaced);
  const engine = alone.make({ brake: undefined });
  const { deletionsWaiting, problems } = await alone.pass(engine.runOnce());
  assert.deepEqual([deletionsWaiting, problems.map(({ path, code }) => `${code} ${path}`)], [5, ["replaced photos"]]);
  assert.match(problems[0]?.message ?? "", /links: 5 files in this folder/u);
  assert.deepEqual(
    new Set(engine.waitingDeletions().map(({ why, side }) => `${why} ${side}`)),
    new Set(["replaced server"]),
  );
  assert.deepEqual(alone.serverPaths(), ["photos", ...paths]);
  engine.undoDeletions(all(engine));
  assert.deepEqual(await alone.pass(engine.runOnce()), still);
  assert.deepEqual(idsOf(alone, paths), ids);
  for (const path of paths) assert.equal(alone.read(path), `content of ${path}`);
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  const renamed = alone.serverPaths().filter((path) => / \(.*conflicted copy/u.test(path));
  assert.deepEqual([renamed.length, alone.serverId(kept)], [5, ids[0]]);
  alone.close();
});

test("five files replaced by links are deleted on the server after approval, and the links uploaded", async () => {
  const { alone, paths, ids } = await begin(5);
  replace(alone, paths);
  const engine = alone.make({ brake: undefined });
  assert.equal((await alone.pass(engine.runOnce())).deletionsWaiting, 5);
  engine.approveDeletions(all(engine));
  assert.deepEqual(await alone.pass(engine.runOnce()), still);
  const { nodes } = alone.world.model;
  assert.deepEqual(
    idsOf(alone, paths).map((id) => nodes.get(id)?.target),
    paths.map((path) => `/mnt/big/${path}`),
  );
  assert.ok(ids.every((id) => nodes.get(id)?.trashed));
  alone.close();
});

test("files that return in place of the links are the same nodes, and the rest waits", async () => {
  const { alone, paths, ids } = await begin(5);
  replace(alone, paths);
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 5);
  for (const [index, path] of paths.entries()) {
    alone.remove(path);
    alone.write(path, index === 0 ? "edited" : `content of ${path}`);
    assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 4 - index);
  }
  assert.deepEqual([idsOf(alone, paths), alone.serverContents().get("photos/0")], [ids, "edited"]);
  alone.close();
});

test("files replaced one after the other wait from the fifth within ten minutes, and a single one is an edit", async () => {
  const { alone, paths } = await begin(7);
  const { scheduler } = alone.world;
  const waitingAfter = async (some: readonly string[], pauseMinutes: number): Promise<number> => {
    await scheduler.runUntil(scheduler.nowMicros + pauseMinutes * minute, () => false);
    replace(alone, some);
    return (await alone.once({ brake: undefined })).deletionsWaiting;
  };
  assert.equal(await waitingAfter(paths.slice(0, 1), 0), 0);
  assert.equal(await waitingAfter(paths.slice(1, 3), 5), 0);
  assert.equal(await waitingAfter(paths.slice(3, 5), 6), 0, "the first one was too long ago");
  assert.equal(await waitingAfter(paths.slice(5, 6), 1), 1);
  assert.equal(await waitingAfter(paths.slice(6), 1), 2);
  alone.close();
});

test("files moved here with links in their places, and files replaced by folders, do not wait", async () => {
  const { alone, paths, ids } = await begin(6);
  alone.mkdir("archive");
  const there = paths.map((path) => path.replace("photos", "archive"));
  for (const [index, path] of paths.entries()) {
    alone.move(path, there[index] ?? "");
    alone.root.create(path, "symlink", true, `../archive/${index}`);
  }
  assert.deepEqual(await alone.once({ brake: undefined }), still);
  assert.deepEqual(idsOf(alone, there), ids);
  for (const path of there) {
    alone.remove(path);
    alone.mkdir(path);
  }
  assert.deepEqual(await alone.once({ brake: undefined }), still);
  alone.close();
});

test("links that replace files wait at a lower custom brake, and not with the brake off", async () => {
  for (const [brake, count] of [
    [2, 2],
    ["off", 0],
  ] as const) {
    const { alone, paths } = await begin(8);
    replace(alone, brake === "off" ? paths : paths.slice(0, 2));
    assert.equal((await alone.once({ brake })).deletionsWaiting, count);
    alone.close();
  }
});

test("links that replace files in a mount wait for the guest, and not in a read-only one", async () => {
  for (const role of ["editor", "viewer"] as const) {
    const world = new Shared(role);
    for (const name of ["b", "c", "d", "e"]) world.ownerPuts(name, name);
    await world.once();
    const paths = ["docs/a.txt", "docs/b", "docs/c", "docs/d", "docs/e"];
    const before = world.space("ada");
    replace(world, paths);
    const { deletionsWaiting } = await world.once({ brake: undefined });
    assert.deepEqual([deletionsWaiting, world.space("ada")], [role === "editor" ? 5 : 0, before], role);
    world.close();
  }
});
