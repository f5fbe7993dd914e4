import assert from "node:assert/strict";
import { test } from "node:test";
import { homeOf, type ModelRole } from "./model-shares.ts";
import { Shared } from "./shared.ts";

const apart = { docs: "/", "docs/a.txt": "first", side: "/", "side/x.txt": "x" };

/** Of one owner's folders `docs` and `side` the guest has mounted both; then the owner moves `side` into `docs`. */
async function withOneInOther(role: ModelRole = "editor"): Promise<{ world: Shared; mountId: string }> {
  const world = new Shared(role);
  const { model } = world.world;
  world.ownerMakes("side", homeOf("ada"));
  world.ownerPuts("x.txt", "x", "side");
  world.grant(role, "side");
  const mountId = model.mount({ device: "bob's other", account: "bob" }, "side", {
    parentId: homeOf("bob"),
    name: "side",
  });
  assert.ok((await world.once()).inSync);
  assert.deepEqual(world.onDisk(), apart);
  world.owner({ op: "move", file_id: "side", parent_id: "docs", name: "inner" });
  return { world, mountId };
}

test("what is mounted twice, since its owner moved one folder into the other, is shown once, where its own mount is", async () => {
  const { world } = await withOneInOther();
  assert.ok((await world.once()).inSync);
  assert.deepEqual(world.onDisk(), apart);
  world.write("side/y.txt", "y");
  assert.ok((await world.once()).inSync);
  assert.equal(world.space("ada")["docs/inner/y.txt"], "y");
  world.close();
});

test("a listing anew, and a state that knows nothing, show it once too", async () => {
  const { world } = await withOneInOther();
  world.world.model.forgetJournal();
  assert.ok((await world.once()).inSync);
  assert.deepEqual(world.onDisk(), apart);
  world.world.model.restore(world.world.model.backUp());
  assert.ok((await world.once()).inSync);
  assert.deepEqual(world.onDisk(), apart);
  world.close();
});

test("what is made here under the name of what stands elsewhere waits, is told of, and goes under another name", async () => {
  const { world } = await withOneInOther();
  assert.ok((await world.once()).inSync);
  world.mkdir("docs/inner");
  world.write("docs/inner/x.txt", "mine");
  assert.ok((await world.problems()).includes("exists docs/inner"));
  world.move("docs/inner", "docs/other");
  assert.ok((await world.once()).inSync);
  const { "docs/inner/x.txt": theirs, "docs/other/x.txt": mine } = world.space("ada");
  assert.deepEqual([theirs, mine], ["x", "mine"]);
  world.close();
});

for (const how of ["leaves", "is out of"] as const) {
  test(`who ${how} the mount of its own finds it in the other one`, async () => {
    const { world, mountId } = await withOneInOther();
    await world.once();
    if (how === "leaves") for (const path of ["side/x.txt", "side"]) world.remove(path);
    else world.onServer({ op: "delete", operation_id: "leaves", file_id: mountId }, "bob");
    await world.once();
    const inOther = { docs: "/", "docs/a.txt": "first", "docs/inner": "/", "docs/inner/x.txt": "x" };
    assert.deepEqual([world.onDisk(), world.space("ada")], [inOther, inOther]);
    const told = how === "leaves" ? [] : ["share_ended side"];
    assert.deepEqual([await world.problems(), world.aside("quarantine")], [told, {}]);
    world.close();
  });
}

test("what is moved out again stays where its mount is", async () => {
  const { world } = await withOneInOther();
  await world.once();
  world.owner({ op: "move", file_id: "side", parent_id: homeOf("ada"), name: "side" });
  assert.ok((await world.once()).inSync);
  assert.deepEqual([world.onDisk(), world.space("ada")], [apart, apart]);
  world.close();
});

test("a mount that comes back with its folder shows alone what the other one showed meanwhile", async () => {
  const { world, mountId } = await withOneInOther();
  world.onServer({ op: "mkdir", operation_id: "folder", id: "mine", parent_id: homeOf("bob"), name: "mine" }, "bob");
  const place = { op: "move", file_id: mountId, parent_id: "mine", name: "side" } as const;
  world.onServer({ ...place, operation_id: "into it" }, "bob");
  assert.deepEqual(await world.problems(), []);
  const there = { docs: "/", "docs/a.txt": "first", mine: "/", "mine/side": "/", "mine/side/x.txt": "x" };
  assert.deepEqual(world.onDisk(), there);
  world.onServer({ op: "delete", operation_id: "deletes", file_id: "mine" }, "bob");
  assert.deepEqual(await world.problems(), ["share_ended mine/side"]);
  assert.deepEqual(world.onDisk(), world.space("ada"));
  const back = { op: "move", file_id: "mine", parent_id: homeOf("bob"), name: "mine", revive: true } as const;
  world.onServer({ ...back, operation_id: "back" }, "bob");
  assert.deepEqual(await world.problems(), []);
  assert.deepEqual(world.onDisk(), there);
  world.onServer({ op: "delete", operation_id: "leaves", file_id: mountId }, "bob");
  assert.deepEqual(await world.problems(), ["share_ended mine/side"]);
  assert.deepEqual(world.onDisk(), { ...world.space("ada"), mine: "/" });
  world.close();
});

for (const how of ["deleted", "moved out of the share", "moved into another folder and that deleted"] as const) {
  test(`a folder that contains one with a mount of its own comes back when it is ${how}`, async () => {
    const world = new Shared("editor");
    world.ownerMakes("projects");
    world.ownerMakes("alpha", homeOf("ada"));
    world.ownerPuts("x.txt", "x", "alpha");
    for (const name of ["plan.txt", "notes.txt"]) world.ownerPuts(name, name, "projects");
    world.grant("editor", "alpha");
    const place = { parentId: homeOf("bob"), name: "alpha" };
    const mountId = world.world.model.mount({ device: "bob's other", account: "bob" }, "alpha", place);
    world.owner({ op: "move", file_id: "alpha", parent_id: "projects", name: "alpha" });
    await world.once();
    world.move("docs/projects/plan.txt", "alpha/plan.txt");
    await world.once();
    const before = world.space("ada");
    if (how === "deleted") for (const path of ["docs/projects/notes.txt", "docs/projects"]) world.remove(path);
    else if (how === "moved out of the share") world.move("docs/projects", "mine");
    else {
      world.mkdir("docs/old");
      await world.once();
      world.move("docs/projects", "docs/old/projects");
      await world.once();
      world.remove("docs/old/projects/notes.txt");
      world.remove("docs/old/projects");
      world.remove("docs/old");
    }
    const top = how.startsWith("moved into") ? "docs/old/" : "docs/";
    const told = `not_deleted ${top === "docs/" ? "docs/projects" : "docs/old"}`;
    assert.deepEqual(await world.problems(), ["new_owner alpha/plan.txt", told]);
    const owners = world.space("ada");
    for (const name of ["alpha/x.txt", "alpha/plan.txt", "notes.txt"])
      assert.ok(`${top}projects/${name}` in owners, name);
    if (top === "docs/") assert.deepEqual(owners, before);
    for (const path of [`${top}projects/notes.txt`, "alpha/x.txt", "alpha/plan.txt"])
      assert.ok(path in world.onDisk(), path);
    assert.equal("mine/notes.txt" in world.space("bob"), how === "moved out of the share");
    assert.ok((await world.once()).inSync);
    // Once alpha is unmounted the folder can be deleted, and nothing says any more that it is back.
    world.onServer({ op: "delete", operation_id: "unmounts", file_id: mountId }, "bob");
    await world.once();
    for (const path of Object.keys(world.onDisk())
      .filter((each) => each.startsWith(`${top}projects`))
      .toSorted()
      .toReversed())
      world.remove(path);
    if (top !== "docs/") world.remove("docs/old");
    assert.deepEqual(
      (await world.problems()).filter((each) => each.startsWith("not_deleted")),
      [],
    );
    assert.ok(!Object.keys(world.space("ada")).some((path) => path.startsWith(`${top}projects`)));
    world.close();
  });
}
