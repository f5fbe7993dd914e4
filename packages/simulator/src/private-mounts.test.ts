import assert from "node:assert/strict";
import { test } from "node:test";
import { homeOf } from "./model-shares.ts";
import { Shared } from "./shared.ts";
import { actsOf, chmod } from "./testing-privacy.ts";

function closedIn({ root }: Shared): string[] {
  return [...root.visible()].flatMap(([path, { now }]) => (now.isPrivate ? [path] : []));
}

for (const role of ["viewer", "editor"] as const) {
  test(`a new mount's folder is immediately private for a guest who is ${role}, and its content as its owner set it`, async () => {
    const world = new Shared(role);
    world.ownerMakes("inner");
    const made: boolean[] = [];
    const disk = world.disk();
    const mkdir: typeof disk.mkdir = async (path, attributes) => {
      await disk.mkdir(path, attributes);
      if (path === "docs") made.push(world.root.mustBeAt(path).now.isPrivate);
    };
    assert.ok((await world.once({ disk: { ...disk, mkdir } })).inSync);
    assert.deepEqual([made, closedIn(world)], [[true], ["docs"]]);
    world.owner({ op: "set", file_id: "inner", private: true });
    assert.deepEqual(await actsOf(world), ["docs/inner closed"]);
    world.close();
  });
}

test("a guest's change of a mount's folder to public stays, and is reported to no one else", async () => {
  const world = new Shared("editor");
  await world.once();
  chmod(world, false, ["docs"]);
  assert.deepEqual(await actsOf(world), []);
  world.owner({ op: "set", file_id: "docs", private: true });
  world.ownerPuts("b.txt", "second");
  world.move("docs", "moved");
  assert.deepEqual([await actsOf(world), closedIn(world)], [["sent move"], []]);
  chmod(world, true, ["moved"]);
  world.owner({ op: "set", file_id: "docs", private: false });
  assert.deepEqual([await actsOf(world), closedIn(world)], [[], ["moved"]]);
  assert.equal(world.world.model.nodes.get("docs")?.isPrivate, false);
  world.close();
});

test("a mount merged with a guest's folder of its name keeps that folder's mode", async () => {
  const world = new Shared("editor");
  world.mkdir("docs");
  world.write("docs/mine.txt", "mine");
  assert.ok((await world.once()).inSync);
  assert.deepEqual([closedIn(world), world.space("ada")["docs/mine.txt"]], [[], "mine"]);
  world.close();
});

test("a mount that ended and returned is private again, even if its folder was public before", async () => {
  const world = new Shared("viewer");
  await world.once();
  chmod(world, false, ["docs"]);
  await world.once();
  world.grant(undefined);
  await world.once();
  assert.deepEqual(world.onDisk(), {});
  world.grant("viewer");
  world.mount(homeOf("bob"));
  assert.ok((await world.once()).inSync);
  assert.deepEqual(closedIn(world), ["docs"]);
  world.close();
});

test("disks without modes, and those on which everything looks private, send no modes of mounts", async () => {
  for (const lack of ["private modes", "open modes"] as const) {
    const world = new Shared("editor");
    const options = { missingFeatures: new Set([lack]) };
    assert.ok((await world.once(options)).inSync);
    world.write("docs/new.txt", "mine");
    world.mkdir("docs/folder");
    assert.deepEqual((await actsOf(world, options)).toSorted(), ["sent mkdir", "sent put"], lack);
    assert.deepEqual(await actsOf(world, options), [], lack);
    const { nodes } = world.world.model;
    assert.deepEqual(
      [...nodes.values()].filter(({ isPrivate }) => isPrivate),
      [],
      lack,
    );
    world.close();
  }
});

test("a folder kept after its mount ended is private on the server too, once the guest uses it", async () => {
  const world = new Shared("editor");
  world.write(".holdfastignore", "hidden\n");
  await world.once();
  world.write("docs/hidden", "not synced");
  await world.once();
  world.grant(undefined);
  await world.once();
  assert.deepEqual(world.onDisk(), { ".holdfastignore": "hidden\n", docs: "/", "docs/hidden": "not synced" });
  world.write("docs/mine.txt", "mine");
  assert.ok((await world.once()).inSync);
  const own = world.world.model.nodes.get(world.serverId("docs", "bob"));
  assert.deepEqual([own?.kind, own?.isPrivate, closedIn(world)], ["folder", true, ["docs"]]);
  world.close();
});
