import assert from "node:assert/strict";
import { test } from "node:test";
import { homeOf, type ModelRole } from "./model-shares.ts";
import { Shared } from "./shared.ts";

const apart = { docs: "/", "docs/a.txt": "first", side: "/", "side/x.txt": "x" };

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

test("a folder mounted twice, after its owner moved it into another share, is shown once at its own mount", async () => {
  const { world } = await withOneInOther();
  assert.ok((await world.once()).inSync);
  assert.deepEqual(world.onDisk(), apart);
  world.write("side/y.txt", "y");
  assert.ok((await world.once()).inSync);
  assert.equal(world.space("ada")["docs/inner/y.txt"], "y");
  world.close();
});

test("a folder mounted twice is also shown once after a new listing and with a new state", async () => {
  const { world } = await withOneInOther();
  world.world.model.forgetJournal();
  assert.ok((await world.once()).inSync);
  assert.deepEqual(world.onDisk(), apart);
  world.world.model.restore(world.world.model.backUp());
  assert.ok((await world.once()).inSync);
  assert.deepEqual(world.onDisk(), apart);
  world.close();
});

test("a local item at the hidden place of a mounted folder waits and is reported, and is uploaded when renamed", async () => {
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

test("a folder renamed here to the hidden place of a mounted folder waits with that name, and its content is synced", async () => {
  const { world } = await withOneInOther();
  world.ownerMakes("own", "docs");
  world.ownerPuts("o.txt", "o", "own");
  assert.ok((await world.once()).inSync);
  world.move("docs/own", "docs/inner");
  world.write("docs/inner/new.txt", "new");
  assert.ok((await world.problems()).includes("exists docs/inner"));
  world.ownerPuts("later.txt", "later", "own");
  assert.ok((await world.problems()).includes("exists docs/inner"));
  const content = { "o.txt": "o", "new.txt": "new", "later.txt": "later" };
  const below = (top: string) => Object.entries(content).map(([name, text]) => [`${top}/${name}`, text] as const);
  const other = { "docs/inner": "/", "docs/inner/x.txt": "x" };
  const beside = { docs: "/", "docs/a.txt": "first" };
  assert.deepEqual(world.onDisk(), { ...apart, "docs/inner": "/", ...Object.fromEntries(below("docs/inner")) });
  assert.deepEqual(world.space("ada"), {
    ...beside,
    ...other,
    "docs/own": "/",
    ...Object.fromEntries(below("docs/own")),
  });
  world.owner({ op: "move", file_id: "side", parent_id: homeOf("ada"), name: "side" });
  await world.once();
  assert.ok((await world.once()).inSync);
  assert.deepEqual(world.onDisk(), { ...apart, "docs/inner": "/", ...Object.fromEntries(below("docs/inner")) });
  assert.deepEqual(world.space("ada"), world.onDisk());
  world.close();
});

for (const how of ["leaves", "is out of"] as const) {
  test(`an account that ${how} the folder's own mount finds the folder in the other one`, async () => {
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

test("a folder moved out of the other share stays at its own mount", async () => {
  const { world } = await withOneInOther();
  await world.once();
  world.owner({ op: "move", file_id: "side", parent_id: homeOf("ada"), name: "side" });
  assert.ok((await world.once()).inSync);
  assert.deepEqual([world.onDisk(), world.space("ada")], [apart, apart]);
  world.close();
});

test("a mount that returns with its folder is again the only place of changes that the other mount showed", async () => {
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
