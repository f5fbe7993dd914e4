import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { Server } from "@holdfast/sync-ports/ports";
import { narrowToSubtree } from "@holdfast/sync/remote/subtree";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { isLive } from "@holdfast/sync/model/trees";
import { Alone } from "./alone.ts";
import { homeOf } from "./model-shares.ts";
import { Shared } from "./shared.ts";

const paths = ["folder", "folder/a", "folder/inner", "folder/inner/b", "other"];

async function synced(): Promise<{ readonly alone: Alone; readonly state: SyncState }> {
  const alone = new Alone();
  for (const path of ["folder", "folder/inner"]) alone.mkdir(path);
  for (const path of ["folder/a", "folder/inner/b", "other"]) alone.write(path, path);
  const state = new SyncState(new DatabaseSync(":memory:"), alone.world.model.rootId as NodeId);
  assert.equal((await alone.once({ state })).inSync, true);
  assert.deepEqual(alone.serverPaths(), paths);
  return { alone, state };
}

function unsyncedCountOf({ unsynced }: SyncState): number {
  return unsynced.size + unsynced.fresh.size;
}

const deletions: Readonly<Record<string, (alone: Alone) => void>> = {
  "by a person here": (alone) => {
    for (const path of ["folder/inner/b", "folder/inner", "folder/a", "folder"]) alone.remove(path);
  },
  "by another device": (alone) =>
    alone.onServer({ op: "delete", operation_id: "delete", file_id: alone.serverId("folder") }),
};

for (const [by, remove] of Object.entries(deletions)) {
  test(`the content of a folder deleted ${by} is forgotten, so that later plans skip it`, async () => {
    const { alone, state } = await synced();
    const below = ["folder/inner", "folder/inner/b"].map((path) => alone.serverId(path) as NodeId);
    remove(alone);
    await alone.once({ state });
    assert.deepEqual([alone.serverPaths(), alone.diskPaths()], [["other"], ["other"]]);
    await alone.once({ state });
    assert.equal(unsyncedCountOf(state), 0);
    assert.deepEqual(
      below.map((id) => [state.remote.has(id), state.synced.has(id)]),
      below.map(() => [false, false]),
    );
    alone.close();
  });
}

test("a file deleted only here stays known as deleted while its folder is here and in the server's trash", async () => {
  const { alone, state } = await synced();
  const folder = alone.serverId("folder");
  // The folder that the other device deletes has a local edit.
  alone.remove("folder/a");
  alone.write("folder/inner/b", "edited");
  alone.onServer({ op: "delete", operation_id: "delete", file_id: folder });
  await alone.once({ state });
  await alone.once({ state });
  assert.deepEqual(alone.diskPaths(), ["folder", "folder/inner", "folder/inner/b", "other"]);
  assert.deepEqual(alone.serverPaths(), alone.diskPaths());
  assert.equal(unsyncedCountOf(state), 0);
  alone.close();
});

test("a folder kept here for a hidden file and swapped with a file is synced without waiting for old names in it", async () => {
  const { alone, state } = await synced();
  alone.write("folder/.~lock.a#", "hidden");
  alone.onServer({ op: "delete", operation_id: "delete", file_id: alone.serverId("folder") });
  await alone.once({ state });
  await alone.once({ state });
  assert.deepEqual(alone.diskPaths(), ["folder", "folder/.~lock.a#", "other"]);
  alone.move("other", "folder/a");
  alone.move("folder", "other");
  assert.equal((await alone.once({ state })).inSync, true);
  assert.deepEqual(alone.serverPaths(), ["other", "other/a"]);
  assert.deepEqual(alone.diskPaths(), ["other", "other/.~lock.a#", "other/a"]);
  alone.close();
});

test("a folder moved out of one just restored from the trash is complete", async () => {
  const { alone, state } = await synced();
  const [folder, inner] = [alone.serverId("folder"), alone.serverId("folder/inner")];
  alone.onServer({ op: "delete", operation_id: "delete", file_id: folder });
  await alone.once({ state });
  await alone.once({ state });
  const back = { parent_id: alone.world.model.rootId, name: "back" };
  alone.onServer({ op: "move", operation_id: "back", file_id: folder, revive: true, ...back });
  alone.moveOnServer(inner, "moved");
  await alone.once({ state });
  assert.deepEqual(alone.diskPaths(), ["back", "back/a", "moved", "moved/b", "other"]);
  assert.deepEqual(alone.serverPaths(), alone.diskPaths());
  alone.close();
});

for (const then of ["", ", right before that one is listed", ", and that one is deleted again"]) {
  test(`a folder unknown here is complete after moving out of the restored one around it${then}`, async () => {
    const alone = new Alone();
    const { rootId } = alone.world.model;
    for (const [id, parent_id] of [
      ["folder", rootId],
      ["inner", "folder"],
    ] as const)
      alone.onServer({ op: "mkdir", operation_id: id, id, parent_id, name: id });
    alone.putOnServer("b", { parent_id: "inner", name: "b" });
    alone.onServer({ op: "delete", operation_id: "delete", file_id: "folder" });
    await alone.once();
    const back = { parent_id: rootId, name: "back" };
    alone.onServer({ op: "move", operation_id: "back", file_id: "folder", revive: true, ...back });
    let isMoved = false;
    const move = (): void => {
      if (!isMoved) alone.moveOnServer("inner", "moved");
      isMoved = true;
    };
    if (!then.includes("listed")) move();
    const isGone = then.includes("deleted");
    if (isGone) alone.onServer({ op: "delete", operation_id: "delete again", file_id: "folder" });
    const server = alone.server();
    const listBelow: Server["listBelow"] = (id) => {
      move();
      return server.listBelow(id);
    };
    assert.ok((await alone.once({ server: { ...server, listBelow } })).inSync);
    assert.deepEqual(alone.diskPaths(), [...(isGone ? [] : ["back"]), "moved", "moved/b"]);
    assert.deepEqual(alone.serverPaths(), alone.diskPaths());
    alone.close();
  });
}

test("a folder that is back in the share when it is listed stays, though the page before reports that it left", async () => {
  const shared = new Shared();
  const home = homeOf("ada");
  for (const [id, parent] of [
    ["inner", "docs"],
    ["fresh", home],
    ["outer", home],
    ["way", "outer"],
  ] as const)
    shared.ownerMakes(id, parent);
  shared.ownerPuts("f.txt", "f", "inner");
  assert.ok((await shared.once()).inSync);
  const move = (id: string, parent_id: string): void => shared.owner({ op: "move", file_id: id, parent_id, name: id });
  move("fresh", "docs");
  move("inner", "way");
  const server = shared.server();
  let pages = 0;
  const listChanges: Server["listChanges"] = async (token) => {
    const page = await server.listChanges(token);
    pages += 1;
    if (pages > 1) return page;
    assert.deepEqual(
      page.changes.map(({ id, kind }) => [id, kind]),
      [
        ["fresh", "appeared"],
        ["inner", "gone"],
      ],
    );
    // They come into view through another folder, whose listing lacks them.
    move("outer", "docs");
    move("way", "fresh");
    return page;
  };
  assert.ok((await shared.once({ server: { ...server, listChanges } })).inSync);
  const inner = { "docs/fresh/way/inner": "/", "docs/fresh/way/inner/f.txt": "f" };
  const around = { docs: "/", "docs/a.txt": "first", "docs/fresh": "/", "docs/fresh/way": "/", "docs/outer": "/" };
  assert.deepEqual(shared.onDisk(), { ...around, ...inner });
  assert.deepEqual(shared.space("ada"), shared.onDisk());
  shared.close();
});

test("a folder that left a share and returns in another one is complete for the guest", async () => {
  const shared = new Shared();
  const home = homeOf("ada");
  shared.owner({ op: "mkdir", id: "inner", parent_id: "docs", name: "inner" });
  shared.ownerPuts("b", "b", "inner");
  await shared.once();
  shared.owner({ op: "move", file_id: "inner", parent_id: home, name: "inner" });
  await shared.once();
  await shared.once();
  assert.deepEqual(shared.onDisk(), { docs: "/", "docs/a.txt": "first" });
  shared.owner({ op: "mkdir", id: "outer", parent_id: home, name: "outer" });
  shared.owner({ op: "move", file_id: "inner", parent_id: "outer", name: "inner" });
  shared.owner({ op: "move", file_id: "outer", parent_id: "docs", name: "outer" });
  shared.owner({ op: "move", file_id: "inner", parent_id: "docs", name: "inner" });
  await shared.once();
  const before = { docs: "/", "docs/a.txt": "first", "docs/inner": "/", "docs/inner/b": "b" };
  assert.deepEqual(shared.onDisk(), { ...before, "docs/outer": "/" });
  shared.close();
});

test("an edited file of a folder deleted elsewhere and then moved into a share is a new file there", async () => {
  const world = new Shared("editor");
  world.mkdir("folder");
  world.write("folder/deep.txt", "deep");
  await world.once();
  world.onServer({ op: "delete", operation_id: "deletes", file_id: world.serverId("folder") }, "bob");
  world.write("folder/deep.txt", "edited");
  const server = world.server();
  await world.pass(
    new Promise<void>((resolve) => {
      const commit: typeof server.commit = () => {
        resolve();
        return new Promise(() => undefined);
      };
      void world.make({ server: { ...server, commit } }).runOnce();
    }),
  );
  world.move("folder", "docs/folder");
  assert.deepEqual(await world.problems(), []);
  assert.deepEqual(world.space("ada"), {
    docs: "/",
    "docs/a.txt": "first",
    "docs/folder": "/",
    "docs/folder/deep.txt": "edited",
  });
  world.close();
});

test("a folder that was moved out of the synced one comes back complete", async () => {
  const alone = new Alone();
  const { model } = alone.world;
  const rootId = model.fresh("top ") as NodeId;
  alone.onServer({ op: "mkdir", operation_id: "top", id: rootId, parent_id: model.rootId, name: "top" });
  const state = new SyncState(new DatabaseSync(":memory:"), rootId);
  const isKnown = (id: NodeId): boolean => state.remote.has(id);
  const view = { rootId, isKnown, isLive: (id: NodeId) => isLive(state, id), shares: state.shares };
  const server = narrowToSubtree(alone.server(), view);
  for (const path of ["folder", "folder/inner"]) alone.mkdir(path);
  for (const path of ["folder/a", "folder/inner/b"]) alone.write(path, path);
  await alone.once({ state, server });
  const folder = alone.serverId("top/folder");
  alone.moveOnServer(folder, "elsewhere");
  await alone.once({ state, server });
  await alone.once({ state, server });
  assert.deepEqual(alone.diskPaths(), []);
  alone.moveOnServer(folder, "back", rootId);
  await alone.once({ state, server });
  assert.deepEqual(alone.diskPaths(), ["back", "back/a", "back/inner", "back/inner/b"]);
  alone.close();
});

for (const [when, isExpired] of [
  ["", false],
  [", and the cursor is too old", true],
] as const) {
  for (const inner of ["folder", "folder/inner"]) {
    test(`an unknown file restored with its deleted folder gives way to a needed name (${inner})${when}`, async () => {
      const alone = new Alone();
      for (const path of new Set(["folder", inner])) alone.mkdir(path);
      for (const path of [`${inner}/kept`, "other"]) alone.write(path, path);
      await alone.once();
      const [folder, deepest] = [alone.serverId("folder"), alone.serverId(inner)];
      alone.putOnServer("of another", { parent_id: deepest, name: "a" });
      alone.onServer({ op: "delete", operation_id: "delete", file_id: folder });
      // The folder and the file swap places, and one needs the other's name.
      alone.write(`${inner}/kept`, "edited");
      alone.move("other", `${inner}/a`);
      alone.move("folder", "other");
      alone.world.model.forgetsAtOnce = isExpired;
      assert.equal((await alone.once()).inSync, true);
      alone.world.model.forgetsAtOnce = false;
      assert.equal((await alone.once()).inSync, true);
      const below = inner.replace("folder", "other");
      assert.deepEqual(alone.diskPaths(), [...new Set(["other", below]), `${below}/a`, `${below}/kept`]);
      assert.deepEqual(alone.serverPaths(), alone.diskPaths());
      assert.equal(alone.read(`${below}/a`), "other");
      alone.close();
    });
  }
}
