import assert from "node:assert/strict";
import { test } from "node:test";
import { Shared } from "./shared.ts";

async function withOwnRight(): Promise<Shared> {
  const world = new Shared("viewer");
  world.ownerPuts("b.txt", "second");
  world.grant("editor", "node a.txt");
  assert.equal((await world.once()).inSync, true);
  return world;
}

const docs = { docs: "/", "docs/a.txt": "first", "docs/b.txt": "second" };

test("a file with its own edit permission in a read-only folder is synced, and nothing else is", async () => {
  const world = await withOwnRight();
  world.write("docs/a.txt", "of bob");
  world.write("docs/b.txt", "of bob too");
  assert.deepEqual(await world.problems(), ["read_only docs/b.txt"]);
  assert.deepEqual(world.space("ada"), { ...docs, "docs/a.txt": "of bob" });
  world.close();
});

test("the executable bit of an editable file in a read-only folder is synced", async () => {
  const world = await withOwnRight();
  world.root.write(world.root.mustBeAt("docs/a.txt"), { executable: true }, true);
  assert.equal((await world.once()).inSync, true);
  assert.equal(world.world.model.nodes.get("node a.txt")?.executable, true);
  world.close();
});

test("a save by renaming over an editable file in a read-only folder is synced", async () => {
  const world = await withOwnRight();
  world.write("docs/a.txt.new", "saved");
  world.root.rename("docs/a.txt.new", "docs/a.txt", { over: true, isPersons: true });
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.space("ada"), { ...docs, "docs/a.txt": "saved" });
  world.close();
});

test("the blocks of a large editable file are sent to the node with its permission", async () => {
  const world = await withOwnRight();
  const text = Array.from({ length: 40_000 }, (_, line) => `line ${line}`).join("\n");
  world.write("docs/a.txt", text);
  assert.equal((await world.once()).inSync, true);
  assert.equal(world.space("ada")["docs/a.txt"], text);
  world.close();
});

test("an editable file in a read-only folder comes back after a move or deletion here", async () => {
  const world = await withOwnRight();
  world.move("docs/a.txt", "docs/moved.txt");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual([world.onDisk(), world.space("ada")], [docs, docs]);
  world.remove("docs/a.txt");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual([world.onDisk(), world.space("ada")], [docs, docs]);
  world.close();
});

test("on a conflict in a read-only folder the server's version stays, and the other bytes go to quarantine", async () => {
  const world = await withOwnRight();
  world.write("docs/a.txt", "of bob");
  world.ownerPuts("a.txt", "of ada");
  assert.deepEqual(await world.problems(), ["quarantined .holdfast/quarantine/DAY/docs/a.txt"]);
  assert.deepEqual([world.onDisk(), world.space("ada")], [{ ...docs, "docs/a.txt": "of ada" }, world.onDisk()]);
  assert.deepEqual(world.aside("quarantine"), { "docs/a.txt": "of bob" });
  world.close();
});

test("edits wait once the file's own permission ends, and are sent when it is granted again", async () => {
  const world = await withOwnRight();
  world.grant(undefined, "node a.txt");
  world.write("docs/a.txt", "of bob");
  assert.deepEqual(await world.problems(), ["read_only docs/a.txt"]);
  assert.deepEqual(world.space("ada"), docs);
  world.grant("editor", "node a.txt");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.space("ada"), { ...docs, "docs/a.txt": "of bob" });
  world.close();
});

test("a read-only file in an editable folder is the only one to wait", async () => {
  const world = new Shared("editor");
  world.ownerPuts("b.txt", "second");
  world.grant("viewer", "node a.txt");
  await world.once();
  for (const name of ["a.txt", "b.txt"]) world.write(`docs/${name}`, "of bob");
  assert.deepEqual(await world.problems(), ["read_only docs/a.txt"]);
  assert.deepEqual(world.space("ada"), { ...docs, "docs/b.txt": "of bob" });
  world.close();
});

test("a read-only file keeps its name against a folder in its place, which becomes a conflicted copy", async () => {
  const world = new Shared("editor");
  world.grant("viewer", "node a.txt");
  await world.once();
  world.remove("docs/a.txt");
  world.mkdir("docs/a.txt");
  world.write("docs/a.txt/inside.txt", "of bob");
  assert.deepEqual(await world.problems(), []);
  const copy = "docs/a (ada's conflicted copy 2027-01-15).txt";
  const expected = { docs: "/", "docs/a.txt": "first", [copy]: "/", [`${copy}/inside.txt`]: "of bob" };
  assert.deepEqual([world.onDisk(), world.space("ada")], [expected, expected]);
  world.close();
});
