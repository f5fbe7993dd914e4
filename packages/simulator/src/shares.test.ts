import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { Server } from "@holdfast/sync-ports/ports";
import { homeOf } from "./model-shares.ts";
import { full, Shared } from "./shared.ts";

const first = { docs: "/", "docs/a.txt": "first" };

test("a mounted share is a folder on the disk, with its content", async () => {
  const world = new Shared("viewer");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.onDisk(), first);
  world.ownerPuts("b.txt", "second");
  world.ownerPuts("a.txt", "changed");
  await world.once();
  assert.deepEqual(world.onDisk(), { docs: "/", "docs/a.txt": "changed", "docs/b.txt": "second" });
  world.close();
});

test("an editor's changes in a share reach the owner", async () => {
  const world = new Shared("editor");
  await world.once();
  world.write("docs/new.txt", "of bob");
  world.write("docs/a.txt", "first, and more");
  world.mkdir("docs/folder");
  world.write("docs/folder/deep.txt", "deep");
  await world.once();
  assert.deepEqual(world.space("ada"), {
    docs: "/",
    "docs/a.txt": "first, and more",
    "docs/new.txt": "of bob",
    "docs/folder": "/",
    "docs/folder/deep.txt": "deep",
  });
  world.remove("docs/folder/deep.txt");
  world.remove("docs/folder");
  world.remove("docs/a.txt");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.space("ada"), { docs: "/", "docs/new.txt": "of bob" });
  assert.deepEqual(world.space("bob"), {});
  world.close();
});

/** Moves a file of bob into the share after its upload was interrupted. @returns the pending request */
async function movedUnanswered(): Promise<{ readonly world: Shared; readonly sent: Parameters<Server["commit"]> }> {
  const world = new Shared("editor");
  await world.once();
  world.write("mine.txt", "mine");
  const sent = Promise.withResolvers<Parameters<Server["commit"]>>();
  const commit: Server["commit"] = (...request) => {
    sent.resolve(request);
    throw new HoldfastError("unreachable", "It was cut.");
  };
  await assert.rejects(world.once({ server: { ...world.server(), commit } }), { code: "unreachable" });
  world.move("mine.txt", "docs/mine.txt");
  return { world, sent: await sent.promise };
}

const withMine = { ...first, "docs/mine.txt": "mine" };

test("a file moved into a share after its upload was interrupted arrives there", async () => {
  const { world } = await movedUnanswered();
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual([world.onDisk(), world.space("ada"), world.space("bob")], [withMine, withMine, {}]);
  world.close();
});

test("a file moved into a share is in no other place, even if its upload arrives later", async () => {
  const { world, sent } = await movedUnanswered();
  await world.once();
  await world.pass(world.server().commit(...sent));
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual([world.onDisk(), world.space("ada"), world.space("bob")], [withMine, withMine, {}]);
  world.close();
});

test("in a read-only share an edit waits in place and is listed, and nothing is sent", async () => {
  const world = new Shared("viewer");
  await world.once();
  world.write("docs/a.txt", "mine");
  world.write("docs/new.txt", "mine too");
  world.mkdir("docs/folder");
  const before = world.world.model.position;
  const problems = await world.problems();
  assert.deepEqual(problems.toSorted(), ["read_only docs/a.txt", "read_only docs/folder", "read_only docs/new.txt"]);
  assert.equal(world.world.model.position, before);
  assert.deepEqual(world.onDisk(), { docs: "/", "docs/a.txt": "mine", "docs/new.txt": "mine too", "docs/folder": "/" });
  world.close();
});

test("when the server has a newer version of a waiting file, the local bytes go to quarantine", async () => {
  const world = new Shared("viewer");
  await world.once();
  world.write("docs/a.txt", "mine");
  await world.once();
  world.ownerPuts("a.txt", "newer");
  assert.deepEqual(await world.problems(), ["quarantined .holdfast/quarantine/DAY/docs/a.txt"]);
  assert.deepEqual(world.onDisk(), { docs: "/", "docs/a.txt": "newer" });
  assert.deepEqual(world.aside("quarantine"), { "docs/a.txt": "mine" });
  assert.equal((await world.once()).inSync, true);
  world.close();
});

test("an edit of a file that the owner deletes goes to quarantine, and a new file gives way to one of its name", async () => {
  const world = new Shared("viewer");
  await world.once();
  world.write("docs/a.txt", "mine");
  world.write("docs/b.txt", "mine too");
  await world.once();
  world.owner({ op: "delete", file_id: "node a.txt" });
  world.ownerPuts("b.txt", "of ada");
  await world.once();
  assert.deepEqual(world.onDisk(), { docs: "/", "docs/b.txt": "of ada" });
  assert.deepEqual(world.aside("quarantine"), { "docs/a.txt": "mine", "docs/b.txt": "mine too" });
  world.close();
});

test("items deleted or moved in a read-only share come back", async () => {
  const world = new Shared("viewer");
  world.owner({ op: "mkdir", id: "folder", parent_id: "docs", name: "folder" });
  world.ownerPuts("deep.txt", "deep", "folder");
  await world.once();
  const before = world.onDisk();
  world.remove("docs/a.txt");
  world.move("docs/folder", "docs/other");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.onDisk(), before);
  assert.deepEqual(await world.problems(), ["not_deleted docs/a.txt"]);
  world.remove("docs/folder/deep.txt");
  world.remove("docs/folder");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.onDisk(), before);
  assert.equal(world.world.model.nodes.get("folder")?.trashed, false);
  assert.deepEqual(await world.problems(), ["not_deleted docs/a.txt", "not_deleted docs/folder"]);
  world.close();
});

test("granting the editor role sends waiting edits, and revoking it makes the next edit wait", async () => {
  const world = new Shared("viewer");
  await world.once();
  world.write("docs/a.txt", "mine");
  await world.once();
  world.grant("editor");
  assert.equal((await world.once()).inSync, true);
  assert.equal(world.space("ada")["docs/a.txt"], "mine");
  world.grant("viewer");
  await world.once();
  world.write("docs/a.txt", "mine again");
  assert.deepEqual(await world.problems(), ["read_only docs/a.txt"]);
  assert.equal(world.space("ada")["docs/a.txt"], "mine");
  world.close();
});

test("a shared folder is renamed and moved only in the account's own space", async () => {
  const world = new Shared("viewer");
  await world.once();
  world.mkdir("mine");
  world.move("docs", "mine/of ada");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.onDisk(), { mine: "/", "mine/of ada": "/", "mine/of ada/a.txt": "first" });
  assert.deepEqual(world.space("ada"), first);
  assert.deepEqual(world.space("bob"), { mine: "/" });
  assert.equal(world.world.model.nodes.get(world.mountId)?.name, "of ada");
  world.close();
});

for (const role of ["viewer", "editor"] as const) {
  test(`deleting a shared folder leaves it, and deletes nothing of its owner's (${role})`, async () => {
    const world = new Shared(role);
    await world.once();
    world.remove("docs/a.txt");
    world.remove("docs");
    assert.equal((await world.once()).inSync, true);
    assert.deepEqual(world.onDisk(), {});
    assert.deepEqual(world.space("ada"), first);
    assert.equal(world.world.model.nodes.get(world.mountId)?.trashed, true);
    world.mount();
    await world.once();
    assert.deepEqual(world.onDisk(), first);
    world.close();
  });
}

test("in a revoked share, unchanged files go to the trash, and changed or new ones to quarantine", async () => {
  const world = new Shared("editor");
  world.ownerPuts("b.txt", "second");
  await world.once();
  world.write("docs/b.txt", "mine");
  world.write("docs/new.txt", "mine too");
  world.mkdir("docs/folder");
  world.grant(undefined);
  assert.deepEqual(await world.problems(), [
    "quarantined .holdfast/quarantine/DAY/docs/b.txt",
    "quarantined .holdfast/quarantine/DAY/docs/new.txt",
    "share_ended docs",
  ]);
  assert.deepEqual(world.onDisk(), {});
  assert.deepEqual(world.aside("quarantine"), { "docs/b.txt": "mine", "docs/new.txt": "mine too" });
  assert.deepEqual(world.aside("trash"), { "docs/a.txt": "first" });
  assert.deepEqual(world.space("bob"), {});
  assert.equal(world.space("ada")["docs/b.txt"], "second");
  world.close();
});

test("an ended and renewed share is downloaded again, and changed files stay in quarantine", async () => {
  const world = new Shared("viewer");
  await world.once();
  world.write("docs/a.txt", "mine");
  await world.once();
  world.grant(undefined);
  world.grant("editor");
  world.mount();
  await world.once();
  assert.deepEqual(world.onDisk(), first);
  assert.deepEqual(world.aside("quarantine"), { "docs/a.txt": "mine" });
  assert.deepEqual(world.space("ada"), first);
  world.close();
});

test("an item that its owner moved out of an unmounted share is gone when the device receives both mounts at once", async () => {
  const world = new Shared("viewer");
  world.owner({ op: "mkdir", id: "folder", parent_id: "docs", name: "folder" });
  world.owner({ op: "mkdir", id: "inner", parent_id: "folder", name: "inner" });
  world.ownerPuts("deep.txt", "deep", "inner");
  world.ownerPuts("stays.txt", "stays", "folder");
  await world.once();
  world.grant(undefined);
  world.owner({ op: "move", file_id: "inner", parent_id: homeOf("ada"), name: "inner" });
  world.grant("viewer");
  world.mount();
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.onDisk(), { ...first, "docs/folder": "/", "docs/folder/stays.txt": "stays" });
  world.close();
});

test("an unreadable folder in a share ends nothing", async () => {
  const world = new Shared("editor");
  await world.once();
  const server = world.server();
  world.ownerPuts("b.txt", "second");
  const nothing = async (): Promise<never[]> => [];
  await world.pass(world.make({ server: { ...server, listBelow: nothing, queryNodes: nothing } }).runOnce());
  assert.deepEqual(world.onDisk(), { ...first, "docs/b.txt": "second" });
  world.close();
});

test("a move into a share is a new file there, and the source is removed once that is confirmed and seen", async () => {
  const world = new Shared("editor");
  world.write("mine.txt", "of bob");
  world.mkdir("folder");
  world.write("folder/deep.txt", "deep");
  await world.once();
  world.move("mine.txt", "docs/mine.txt");
  world.move("folder", "docs/folder");
  const server = world.server();
  const sent: string[] = [];
  const heard: typeof server.commit = async (epoch, operations, blocks) => {
    sent.push(...operations.map((each) => `${each.op} ${"name" in each ? each.name : ""}`));
    return server.commit(epoch, operations, blocks);
  };
  await world.pass(world.make({ server: { ...server, commit: heard } }).runOnce());
  assert.deepEqual(sent.slice(-2).toSorted(), ["delete ", "delete "]);
  assert.equal(sent.filter((each) => each.startsWith("delete")).length, 2);
  assert.deepEqual(world.space("bob"), {});
  const moved = { "docs/mine.txt": "of bob", "docs/folder": "/", "docs/folder/deep.txt": "deep" };
  assert.deepEqual(world.space("ada"), { ...first, ...moved });
  assert.deepEqual(world.onDisk(), { ...first, ...moved });
  world.close();
});

test("the blocks of a large file are sent to its share's space, even if the own space has them", async () => {
  const world = new Shared("editor");
  const large = Array.from({ length: 8000 }, (_, index) => `Sentence ${index} of a long story goes on and on.`).join(
    " ",
  );
  world.write("large.txt", large);
  await world.once();
  world.move("large.txt", "docs/large.txt");
  assert.equal((await world.once()).inSync, true);
  assert.equal(world.space("ada")["docs/large.txt"], large);
  assert.deepEqual(world.space("bob"), {});
  world.close();
});

test("a move out of an editable share takes the file from the owner's folder to the owner's trash", async () => {
  const world = new Shared("editor");
  await world.once();
  world.move("docs/a.txt", "a.txt");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.space("ada"), { docs: "/" });
  assert.deepEqual(world.space("bob"), { "a.txt": "first" });
  assert.equal(world.world.model.nodes.get("node a.txt")?.trashed, true);
  world.close();
});

test("a move out of a read-only share is a copy, and the source comes back", async () => {
  const world = new Shared("viewer");
  world.owner({ op: "mkdir", id: "folder", parent_id: "docs", name: "folder" });
  world.ownerPuts("deep.txt", "deep", "folder");
  await world.once();
  const before = world.onDisk();
  world.move("docs/folder", "mine");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.onDisk(), { ...before, mine: "/", "mine/deep.txt": "deep" });
  assert.deepEqual(world.space("bob"), { mine: "/", "mine/deep.txt": "deep" });
  world.close();
});

test("a move into a read-only share is a copy that waits there, and the source comes back", async () => {
  const world = new Shared("viewer");
  world.write("mine.txt", "of bob");
  await world.once();
  world.move("mine.txt", "docs/mine.txt");
  assert.deepEqual(await world.problems(), ["read_only docs/mine.txt"]);
  assert.deepEqual(world.space("bob"), { "mine.txt": "of bob" });
  assert.deepEqual(world.onDisk(), { ...first, "docs/mine.txt": "of bob", "mine.txt": "of bob" });
  world.grant("editor");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.space("bob"), { "mine.txt": "of bob" });
  assert.equal(world.space("ada")["docs/mine.txt"], "of bob");
  world.close();
});

for (const role of ["viewer", undefined] as const) {
  test(`a file not yet uploaded to a share that ends returns to its former place (${role ?? "none"})`, async () => {
    const world = new Shared("editor");
    world.write("mine.txt", "of bob");
    await world.once();
    world.move("mine.txt", "docs/mine.txt");
    await world.pass(world.make({ server: { ...world.server(), commit: full } }).runOnce());
    assert.deepEqual(world.space("bob"), { "mine.txt": "of bob" });
    assert.deepEqual(Object.keys(world.onDisk()), ["docs", "docs/a.txt", "docs/mine.txt"]);
    world.grant(role);
    await world.once();
    assert.equal(world.onDisk()["mine.txt"], "of bob");
    assert.deepEqual(world.space("bob"), { "mine.txt": "of bob" });
    world.close();
  });
}

test("a move back and forth before anything was sent is no move", async () => {
  const world = new Shared("editor");
  world.write("mine.txt", "of bob");
  await world.once();
  const id = world.serverId("mine.txt");
  world.move("mine.txt", "docs/mine.txt");
  await world.pass(world.make({ server: { ...world.server(), commit: full } }).runOnce());
  await world.pass(world.world.scheduler.sleep(world.life, 31_000_000));
  world.move("docs/mine.txt", "again.txt");
  assert.equal((await world.once()).inSync, true);
  assert.equal(world.serverId("again.txt"), id);
  world.close();
});

async function withTwoShares(): Promise<Shared> {
  const world = new Shared("editor");
  const { model } = world.world;
  world.owner({ op: "mkdir", id: "more", parent_id: homeOf("ada"), name: "more" });
  model.grant("ada 1", "more", "bob", "editor");
  model.mount({ device: "bob's other", account: "bob" }, "more", { parentId: homeOf("bob"), name: "more" });
  await world.once();
  return world;
}

test("a shared folder moved into another share comes back, and is not copied there", async () => {
  const world = await withTwoShares();
  world.move("docs", "more/docs");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.onDisk(), { ...first, more: "/" });
  assert.deepEqual(world.space("ada"), { ...first, more: "/" });
  world.close();
});

test("a move between two shares keeps the source until the new share has it", async () => {
  const world = await withTwoShares();
  world.move("docs/a.txt", "more/a.txt");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.space("ada"), { docs: "/", more: "/", "more/a.txt": "first" });
  world.close();
});

test("two items swapped between two spaces are at each other's places", async () => {
  const world = new Shared("editor");
  world.mkdir("mine");
  world.write("mine/inside.txt", "inside");
  await world.once();
  world.move("docs/a.txt", "aside");
  world.move("mine", "docs/a.txt");
  world.move("aside", "mine");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.space("ada"), { docs: "/", "docs/a.txt": "/", "docs/a.txt/inside.txt": "inside" });
  assert.deepEqual(world.space("bob"), { mine: "first" });
  world.close();
});
