import assert from "node:assert/strict";
import { test } from "node:test";
import type { Server } from "@holdfast/sync-ports/ports";
import { homeOf } from "./model-shares.ts";
import { Shared } from "./shared.ts";

/** Mounts `alpha` for the guest, then moves it into `docs/projects`, which the guest can therefore not delete. */
async function withMountInside(): Promise<{ world: Shared; mountId: string }> {
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
  return { world, mountId };
}

function removeProjects(world: Shared): void {
  for (const path of ["docs/projects/notes.txt", "docs/projects"]) world.remove(path);
}

test("files of a folder that comes back are not deleted if the device stops before downloading them", async () => {
  const { world } = await withMountInside();
  const before = world.space("ada");
  world.remove("docs/projects/plan.txt");
  removeProjects(world);
  const server = world.server();
  await world.pass(
    new Promise<void>((resolve) => {
      const fetchBlocks: Server["fetchBlocks"] = async function* () {
        resolve();
        yield await new Promise<never>(() => undefined);
      };
      void world.make({ server: { ...server, fetchBlocks } }).runOnce();
    }),
  );
  assert.equal(world.onDisk()["docs/projects"], "/");
  assert.deepEqual(await world.problems(), ["not_deleted docs/projects"]);
  assert.deepEqual(world.space("ada"), before);
  for (const path of ["docs/projects/plan.txt", "docs/projects/notes.txt"]) assert.ok(path in world.onDisk(), path);
  world.close();
});

test("a folder renamed to its parent's name, when the parent comes back, is merged with it", async () => {
  const { world } = await withMountInside();
  world.ownerMakes("inner", "projects");
  world.ownerPuts("deep.txt", "deep", "inner");
  await world.once();
  const before = world.space("ada");
  world.move("docs/projects/inner", "docs/moved");
  world.remove("docs/projects/plan.txt");
  removeProjects(world);
  world.move("docs/moved", "docs/projects");
  assert.deepEqual(await world.problems(), ["not_deleted docs/projects"]);
  const { "docs/projects/inner": _inner, "docs/projects/inner/deep.txt": deep, ...rest } = before;
  assert.deepEqual(world.space("ada"), { ...rest, "docs/projects/deep.txt": deep });
  world.close();
});

for (const how of ["deleted", "moved out of the share"] as const) {
  test(`a folder that contains a hidden one comes back when it is ${how}`, async () => {
    const world = new Shared("editor");
    world.ownerMakes("projects");
    world.ownerPuts("plan.txt", "plan", "projects");
    world.ownerMakes("inbox", "projects");
    world.ownerPuts("letter.txt", "letter", "inbox");
    world.grant("uploader", "inbox");
    await world.once();
    const before = [world.onDisk(), world.space("ada")] as const;
    if (how === "deleted") for (const path of ["docs/projects/plan.txt", "docs/projects"]) world.remove(path);
    else world.move("docs/projects", "mine");
    assert.deepEqual(await world.problems(), ["not_deleted docs/projects"]);
    const copy = how === "deleted" ? {} : { mine: "/", "mine/plan.txt": "plan" };
    assert.deepEqual([world.onDisk(), world.space("ada")], [{ ...before[0], ...copy }, before[1]]);
    assert.deepEqual(world.space("bob"), copy);
    world.remove("docs/projects/plan.txt");
    await world.once();
    assert.deepEqual(
      Object.keys(world.space("ada")).filter((path) => path.startsWith("docs/projects/")),
      ["docs/projects/inbox", "docs/projects/inbox/letter.txt"],
    );
    world.close();
  });
}

for (const how of ["deleted", "moved out of the share", "moved into another folder and that deleted"] as const) {
  test(`a folder that contains one with its own mount comes back when it is ${how}`, async () => {
    const { world, mountId } = await withMountInside();
    world.move("docs/projects/plan.txt", "alpha/plan.txt");
    await world.once();
    const before = world.space("ada");
    if (how === "deleted") removeProjects(world);
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
    // After unmounting alpha, the folder can be deleted, and its return is not reported again.
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
