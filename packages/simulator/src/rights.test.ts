import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import type { Server } from "@holdfast/sync-ports/ports";
import { narrowToSubtree } from "@holdfast/sync/remote/subtree";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { isLive } from "@holdfast/sync/model/trees";
import { homeOf } from "./model-shares.ts";
import { full, Shared, withInner } from "./shared.ts";

const first = { docs: "/", "docs/a.txt": "first", "docs/inner": "/", "docs/inner/deep.txt": "deep" };

test("in an editable folder below a read-only one, an edit is sent", async () => {
  const world = await withInner("viewer", "editor");
  world.write("docs/a.txt", "mine");
  world.write("docs/inner/deep.txt", "deeper");
  world.mkdir("docs/inner/new");
  world.write("docs/inner/new/file.txt", "new");
  assert.deepEqual(await world.problems(), ["read_only docs/a.txt"]);
  const inner = { "docs/inner/deep.txt": "deeper", "docs/inner/new": "/", "docs/inner/new/file.txt": "new" };
  assert.deepEqual(world.space("ada"), { ...first, ...inner });
  world.close();
});

test("in a read-only folder below an editable one, an edit waits and is listed", async () => {
  const world = await withInner("editor", "commenter");
  world.write("docs/a.txt", "mine");
  world.write("docs/inner/deep.txt", "deeper");
  world.mkdir("docs/inner/new");
  world.write("docs/inner/new/file.txt", "new");
  assert.deepEqual((await world.problems()).toSorted(), [
    "read_only docs/inner/deep.txt",
    "read_only docs/inner/new",
    "read_only docs/inner/new/file.txt",
  ]);
  assert.deepEqual(world.space("ada"), { ...first, "docs/a.txt": "mine" });
  assert.equal(world.onDisk()["docs/inner/deep.txt"], "deeper");
  world.close();
});

test("a read-only folder comes back completely when it, or a folder above it, is renamed, moved or deleted", async () => {
  const world = new Shared("editor");
  world.ownerMakes("outer");
  world.ownerPuts("beside.txt", "beside", "outer");
  world.ownerMakes("inner", "outer");
  world.ownerPuts("deep.txt", "deep", "inner");
  world.grant("viewer", "inner");
  await world.once();
  const before = world.space("ada");
  world.move("docs/outer/inner", "docs/elsewhere");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual([world.onDisk(), world.space("ada")], [before, before]);
  for (const path of ["inner/deep.txt", "inner", "beside.txt", ""])
    world.remove(`docs/outer/${path}`.replace(/\/$/, ""));
  assert.equal((await world.once()).inSync, true);
  const { "docs/outer/beside.txt": beside, ...left } = before;
  assert.equal(beside, "beside");
  assert.deepEqual([world.onDisk(), world.space("ada")], [left, left]);
  world.close();
});

for (const target of ["docs", "inner"]) {
  test(`raising the role at ${target} sends the changes that wait below it, and lowering it keeps unsent ones in place`, async () => {
    const world = new Shared("viewer");
    world.ownerMakes("inner");
    world.ownerPuts("deep.txt", "deep", "inner");
    await world.once();
    world.write("docs/inner/deep.txt", "deeper");
    world.write("docs/inner/new.txt", "new");
    assert.equal((await world.problems()).length, 2);
    world.grant("editor", target);
    assert.equal((await world.once()).inSync, true);
    const sent = { ...first, "docs/inner/deep.txt": "deeper", "docs/inner/new.txt": "new" };
    assert.deepEqual(world.space("ada"), sent);
    world.write("docs/inner/new.txt", "newer");
    world.write("docs/inner/newest.txt", "newest");
    world.grant("viewer", target);
    assert.deepEqual((await world.problems()).toSorted(), [
      "read_only docs/inner/new.txt",
      "read_only docs/inner/newest.txt",
    ]);
    assert.deepEqual(world.space("ada"), sent);
    assert.deepEqual(world.onDisk(), { ...sent, "docs/inner/new.txt": "newer", "docs/inner/newest.txt": "newest" });
    world.ownerPuts("new.txt", "of ada", "inner");
    await world.once();
    assert.deepEqual(world.aside("quarantine"), { "docs/inner/new.txt": "newer" });
    world.close();
  });
}

test("lowering a role during an upload stops it, and keeps the bytes", async () => {
  const world = await withInner("editor", "editor");
  world.write("docs/inner/deep.txt", "deeper");
  const server = world.server();
  const commit: Server["commit"] = async (...given) => {
    world.grant("viewer", "inner");
    return server.commit(...given);
  };
  await world.pass(world.make({ server: { ...server, commit } }).runOnce());
  assert.deepEqual(await world.problems(), ["read_only docs/inner/deep.txt"]);
  assert.deepEqual(world.space("ada"), first);
  assert.equal(world.onDisk()["docs/inner/deep.txt"], "deeper");
  world.close();
});

test("the role of a mount does not apply to a folder below it with its own, in any order of arrival", async () => {
  const world = await withInner("viewer", "viewer");
  world.grant("editor");
  await world.once();
  world.write("docs/a.txt", "mine");
  world.write("docs/inner/deep.txt", "deeper");
  assert.deepEqual(await world.problems(), ["read_only docs/inner/deep.txt"]);
  world.grant(undefined, "inner");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.space("ada"), { ...first, "docs/a.txt": "mine", "docs/inner/deep.txt": "deeper" });
  world.close();
});

test("a changed role is applied without a listing, also on a device that learned the role from a snapshot", async () => {
  const world = await withInner("editor", "viewer");
  const server = world.server();
  let listings = 0;
  const listBelow: Server["listBelow"] = (id) => {
    listings += 1;
    return server.listBelow(id);
  };
  world.grant("editor", "inner");
  world.grant("viewer");
  await world.pass(world.make({ server: { ...server, listBelow } }).runOnce());
  assert.equal(listings, 0);
  world.grant("viewer", "inner");
  world.grant("editor");
  world.world.model.forgetJournal();
  await world.once();
  world.write("docs/a.txt", "mine");
  world.write("docs/inner/deep.txt", "deeper");
  assert.deepEqual(await world.problems(), ["read_only docs/inner/deep.txt"]);
  assert.equal(world.space("ada")["docs/a.txt"], "mine");
  world.close();
});

test("an expired role ends at that moment, and unsent changes wait", async () => {
  const world = new Shared("viewer");
  const { model, scheduler } = world.world;
  model.shares.nowMs = () => scheduler.nowMs();
  world.ownerMakes("inner");
  world.ownerPuts("deep.txt", "deep", "inner");
  model.grant("ada 1", "inner", "bob", "editor", scheduler.nowMs() + 60_000);
  await world.once();
  world.write("docs/inner/deep.txt", "deeper");
  await world.once();
  await world.pass(scheduler.sleep(world.life, 61_000_000));
  world.write("docs/inner/deep.txt", "deepest");
  const { problems } = await world.once();
  assert.deepEqual(
    problems.map(({ code }) => code),
    ["forbidden"],
  );
  model.sweep();
  assert.deepEqual(await world.problems(), ["read_only docs/inner/deep.txt"]);
  assert.deepEqual(world.space("ada"), { ...first, "docs/inner/deep.txt": "deeper" });
  assert.equal(world.onDisk()["docs/inner/deep.txt"], "deepest");
  world.close();
});

test("a folder with the uploader role is hidden, and one that is readable again returns with everything in it", async () => {
  const world = await withInner("viewer", "uploader");
  const { "docs/inner": folder, "docs/inner/deep.txt": deep, ...seen } = first;
  assert.deepEqual([folder, deep], ["/", "deep"]);
  assert.deepEqual(world.onDisk(), seen);
  world.grant("viewer", "inner");
  await world.once();
  assert.deepEqual(world.onDisk(), first);
  world.write("docs/inner/deep.txt", "mine");
  await world.once();
  world.grant("uploader", "inner");
  await world.once();
  assert.deepEqual(world.onDisk(), seen);
  assert.deepEqual(world.aside("quarantine"), { "docs/inner/deep.txt": "mine" });
  world.close();
});

for (const isListedAnew of [false, true]) {
  test(`while the owner is suspended a share waits unchanged${isListedAnew ? ", also through a new listing" : ""}`, async () => {
    const world = await withInner("editor", "editor");
    const { model } = world.world;
    world.write("mine.txt", "mine");
    await world.once();
    model.suspend("ada", true);
    if (isListedAnew) model.forgetJournal();
    world.write("docs/a.txt", "edited");
    world.write("docs/inner/new.txt", "new");
    world.write("mine.txt", "more");
    world.remove("docs/inner/deep.txt");
    const asked: string[] = [];
    const server = world.server();
    const queryNodes: Server["queryNodes"] = (ids) => {
      asked.push(...ids);
      return server.queryNodes(ids);
    };
    await world.pass(world.make({ server: { ...server, queryNodes } }).runOnce());
    assert.deepEqual(asked, []);
    assert.deepEqual(await world.problems(), ["suspended docs"]);
    assert.deepEqual(world.onDisk(), {
      docs: "/",
      "docs/a.txt": "edited",
      "docs/inner": "/",
      "docs/inner/new.txt": "new",
      "mine.txt": "more",
    });
    assert.deepEqual(world.space("ada"), first);
    assert.equal(world.space("bob")["mine.txt"], "more");
    model.suspend("ada", false);
    assert.equal((await world.once()).inSync, true);
    const { "docs/inner/deep.txt": deleted, ...left } = first;
    assert.equal(deleted, "deep");
    assert.deepEqual(world.space("ada"), { ...left, "docs/a.txt": "edited", "docs/inner/new.txt": "new" });
    world.close();
  });
}

test("a mount of a folder below the shared one has the role of the nearest grant above it", async () => {
  const world = new Shared("viewer");
  const { model } = world.world;
  world.owner({ op: "mkdir", id: "more", parent_id: homeOf("ada"), name: "more" });
  world.ownerMakes("part", "more");
  world.grant("editor", "more");
  model.mount({ device: "bob's other", account: "bob" }, "part", { parentId: homeOf("bob"), name: "part" });
  await world.once();
  world.write("part/new.txt", "new");
  assert.equal((await world.once()).inSync, true);
  assert.equal(world.space("ada")["more/part/new.txt"], "new");
  world.grant("viewer", "more");
  world.write("part/new.txt", "newer");
  assert.deepEqual(await world.problems(), ["read_only part/new.txt"]);
  world.grant(undefined, "more");
  await world.once();
  assert.deepEqual(world.aside("quarantine"), { "part/new.txt": "newer" });
  world.close();
});

test("a new item in a share has an ID of the owner's space, even if it was first created elsewhere", async () => {
  const world = new Shared("editor");
  await world.once();
  world.write("docs/new.txt", "new");
  world.mkdir("folder");
  world.write("folder/deep.txt", "deep");
  await world.pass(world.make({ server: { ...world.server(), commit: full } }).runOnce());
  world.move("folder", "docs/folder");
  world.move("docs/new.txt", "new.txt");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.space("ada"), {
    docs: "/",
    "docs/a.txt": "first",
    "docs/folder": "/",
    "docs/folder/deep.txt": "deep",
  });
  assert.deepEqual(world.space("bob"), { "new.txt": "new" });
  world.close();
});

test("a device that syncs one folder has the mounts in it, with the role of each folder below them", async () => {
  const world = new Shared("viewer", { parentId: "mine" });
  world.ownerMakes("inner");
  world.ownerPuts("deep.txt", "deep", "inner");
  world.grant("editor", "inner");
  const rootId = "mine" as NodeId;
  const state = new SyncState(new DatabaseSync(":memory:"), rootId);
  const isKnown = (id: NodeId): boolean => state.remote.has(id);
  const view = { rootId, isKnown, isLive: (id: NodeId) => isLive(state, id), shares: state.shares };
  const server = narrowToSubtree(world.server(), view);
  await world.once({ state, server });
  assert.deepEqual(world.onDisk(), first);
  world.write("docs/inner/deep.txt", "deeper");
  world.write("docs/a.txt", "mine");
  world.ownerPuts("new.txt", "new", "inner");
  const { problems } = await world.once({ state, server });
  assert.deepEqual(
    problems.map(({ path, code }) => `${code} ${path}`),
    ["read_only docs/a.txt"],
  );
  assert.deepEqual(world.space("ada"), { ...first, "docs/inner/deep.txt": "deeper", "docs/inner/new.txt": "new" });
  assert.equal(world.onDisk()["docs/inner/new.txt"], "new");
  world.grant(undefined);
  world.owner({ op: "move", file_id: "node new.txt", parent_id: homeOf("ada"), name: "new.txt" });
  world.grant("viewer");
  world.mount("mine");
  await world.once({ state, server });
  assert.equal(world.onDisk()["docs/a.txt"], "first");
  assert.equal(world.onDisk()["docs/inner/new.txt"], undefined);
  assert.deepEqual(world.aside("quarantine"), { "docs/a.txt": "mine" });
  world.close();
});

test("a state of a version without roles of folders is migrated, and changes that waited for it are sent", async () => {
  const world = await withInner("viewer", "editor");
  world.write("docs/inner/deep.txt", "deeper");
  world.takeOver(readFileSync(new URL("state-before-rights.sql", import.meta.url), "utf8"));
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.space("ada"), { ...first, "docs/inner/deep.txt": "deeper" });
  world.write("docs/a.txt", "mine");
  assert.deepEqual(await world.problems(), ["read_only docs/a.txt"]);
  world.close();
});
