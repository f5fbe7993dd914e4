import assert from "node:assert/strict";
import { test } from "node:test";
import { full, Shared, withInner } from "./shared.ts";

const first = { docs: "/", "docs/a.txt": "first", "docs/inner": "/", "docs/inner/deep.txt": "deep" };

test("a moved folder takes a read-only folder in it along", async () => {
  const world = new Shared("editor");
  world.ownerMakes("outer");
  world.ownerMakes("inner", "outer");
  world.ownerPuts("deep.txt", "deep", "inner");
  world.grant("viewer", "inner");
  await world.once();
  world.move("docs/outer", "docs/renamed");
  assert.equal((await world.once()).inSync, true);
  assert.equal(world.space("ada")["docs/renamed/inner/deep.txt"], "deep");
  world.write("docs/renamed/inner/deep.txt", "deeper");
  assert.deepEqual(await world.problems(), ["read_only docs/renamed/inner/deep.txt"]);
  world.close();
});

test("a move into a read-only folder of the same share becomes a waiting copy, and the source comes back", async () => {
  const world = await withInner("editor", "viewer");
  world.ownerMakes("outer");
  world.ownerPuts("moved.txt", "moved", "outer");
  await world.once();
  const before = world.space("ada");
  world.move("docs/a.txt", "docs/inner/a.txt");
  world.move("docs/outer", "docs/inner/outer");
  assert.deepEqual((await world.problems()).toSorted(), [
    "read_only docs/inner/a.txt",
    "read_only docs/inner/outer",
    "read_only docs/inner/outer/moved.txt",
  ]);
  const copies = { "docs/inner/a.txt": "first", "docs/inner/outer": "/", "docs/inner/outer/moved.txt": "moved" };
  assert.deepEqual(world.space("ada"), before);
  assert.deepEqual(world.onDisk(), { ...before, ...copies });
  world.grant("editor", "inner");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual([world.space("ada"), world.onDisk()], [world.onDisk(), { ...before, ...copies }]);
  world.close();
});

test("a move out of a read-only folder of the same share is a copy, and the source comes back", async () => {
  const world = await withInner("editor", "viewer");
  world.ownerMakes("below", "inner");
  world.ownerPuts("moved.txt", "moved", "below");
  await world.once();
  const before = world.space("ada");
  world.move("docs/inner/deep.txt", "docs/deep.txt");
  world.move("docs/inner/below", "docs/below");
  assert.equal((await world.once()).inSync, true);
  const copies = { "docs/deep.txt": "deep", "docs/below": "/", "docs/below/moved.txt": "moved" };
  assert.deepEqual(
    [world.space("ada"), world.onDisk()],
    [
      { ...before, ...copies },
      { ...before, ...copies },
    ],
  );
  world.close();
});

test("a move not sent before its folder became read-only becomes a copy, and the source comes back", async () => {
  const world = await withInner("editor", "editor");
  world.move("docs/a.txt", "docs/inner/a.txt");
  await world.pass(world.make({ server: { ...world.server(), commit: full } }).runOnce());
  world.grant("viewer", "inner");
  assert.deepEqual(await world.problems(), ["read_only docs/inner/a.txt"]);
  assert.deepEqual(world.space("ada"), first);
  assert.deepEqual(world.onDisk(), { ...first, "docs/inner/a.txt": "first" });
  world.close();
});

test("a folder that the owner moves between folders of different roles follows, and an edit of it is kept", async () => {
  const world = await withInner("editor", "viewer");
  world.ownerMakes("outer");
  world.ownerPuts("moved.txt", "moved", "outer");
  await world.once();
  world.write("docs/outer/moved.txt", "mine");
  world.owner({ op: "move", file_id: "outer", parent_id: "inner", name: "outer" });
  assert.deepEqual(await world.problems(), ["read_only docs/inner/outer/moved.txt"]);
  const moved = { ...first, "docs/inner/outer": "/", "docs/inner/outer/moved.txt": "moved" };
  assert.deepEqual(world.space("ada"), moved);
  assert.deepEqual(world.onDisk(), { ...moved, "docs/inner/outer/moved.txt": "mine" });
  world.owner({ op: "move", file_id: "outer", parent_id: "docs", name: "outer" });
  assert.equal((await world.once()).inSync, true);
  assert.equal(world.space("ada")["docs/outer/moved.txt"], "mine");
  world.close();
});

test("an item created in a read-only folder is sent once the owner moves the folder to an editable one", async () => {
  const world = await withInner("editor", "viewer");
  world.ownerMakes("below", "inner");
  await world.once();
  world.mkdir("docs/inner/below/new");
  world.write("docs/inner/below/new/mine.txt", "mine");
  assert.deepEqual((await world.problems()).toSorted(), [
    "read_only docs/inner/below/new",
    "read_only docs/inner/below/new/mine.txt",
  ]);
  world.owner({ op: "move", file_id: "below", parent_id: "docs", name: "below" });
  assert.equal((await world.once()).inSync, true);
  assert.equal(world.space("ada")["docs/below/new/mine.txt"], "mine");
  assert.deepEqual(world.onDisk(), world.space("ada"));
  world.close();
});

test("a move out of the share takes editable items along, and read-only ones come back beside their copies", async () => {
  const world = new Shared("editor");
  world.ownerMakes("outer");
  world.ownerPuts("beside.txt", "beside", "outer");
  world.ownerMakes("inner", "outer");
  world.ownerPuts("deep.txt", "deep", "inner");
  world.grant("viewer", "inner");
  await world.once();
  world.move("docs/outer", "mine");
  assert.equal((await world.once()).inSync, true);
  const mine = { mine: "/", "mine/beside.txt": "beside", "mine/inner": "/", "mine/inner/deep.txt": "deep" };
  assert.deepEqual(world.space("bob"), mine);
  const left = {
    docs: "/",
    "docs/a.txt": "first",
    "docs/outer": "/",
    "docs/outer/inner": "/",
    "docs/outer/inner/deep.txt": "deep",
  };
  assert.deepEqual(world.space("ada"), left);
  assert.deepEqual(world.onDisk(), { ...left, ...mine });
  world.close();
});

test("a local change in a read-only place, whose node the server moved and trashed, is reported as waiting", async () => {
  const world = new Shared("viewer");
  world.ownerMakes("inner");
  world.grant("editor", "inner");
  await world.once();
  world.mkdir("docs/new");
  world.move("docs/a.txt", "docs/new/a.txt");
  world.root.write(world.root.mustBeAt("docs/new/a.txt"), { executable: true }, true);
  world.owner({ op: "move", file_id: "node a.txt", parent_id: "inner", name: "a.txt" });
  world.fails("docs/inner/a.txt");
  await world.once();
  world.fails(undefined);
  world.owner({ op: "delete", file_id: "inner" });
  assert.deepEqual((await world.problems()).toSorted(), [
    "quarantined .holdfast/quarantine/DAY/docs/inner/a.txt",
    "read_only docs/inner",
    "read_only docs/new",
  ]);
  assert.deepEqual(world.aside("quarantine"), { "docs/inner/a.txt": "first" });
  world.close();
});
