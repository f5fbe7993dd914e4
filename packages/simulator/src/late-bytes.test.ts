import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";
import { Shared } from "./shared.ts";
import { both, chmod, file, setOnServer, withFile } from "./testing-privacy.ts";

function openToWrite(alone: Alone, path: string): (text: string) => void {
  const inode = alone.root.mustBeAt(path);
  alone.root.writers.add(inode);
  return (text) => alone.world.ledger.write(alone.root, inode, Buffer.from(text));
}

/** Runs until moved files have been checked again. */
async function runFor(alone: Alone, seconds: number): Promise<void> {
  const engine = alone.make();
  const run = engine.run();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + seconds * 1_000_000, () => false);
  engine.stop();
  await alone.pass(run);
}

function removeOnServer(alone: Alone, path: string): void {
  alone.onServer({ op: "delete", operation_id: "another's", file_id: alone.serverId(path) });
}

test("late writes to an open file in a private folder deleted elsewhere return as a private file", async () => {
  const alone = await withFile();
  chmod(alone, true, ["keys"]);
  await alone.once();
  const write = openToWrite(alone, file);
  removeOnServer(alone, "keys");
  await alone.once();
  assert.deepEqual(alone.diskPaths(), []);
  write("old, and late");
  await runFor(alone, 120);
  assert.equal(alone.read("id.txt"), "old, and late");
  assert.equal(alone.root.mustBeAt("id.txt").now.isPrivate, true);
  assert.equal(alone.world.model.nodes.get(alone.serverId("id.txt"))?.isPrivate, true);
  alone.close();
});

test("late writes to a replaced file become a copy beside it, in its present folder and as private as it is now", async () => {
  const alone = new Alone();
  alone.mkdir("keys");
  for (const path of ["closed.txt", "moved.txt"]) alone.write(path, "old");
  await alone.once();
  const writes = ["closed.txt", "moved.txt"].map((path) => openToWrite(alone, path));
  setOnServer(alone, true, ["keys", "closed.txt"]);
  const file_id = alone.serverId("moved.txt");
  alone.onServer({
    op: "move",
    operation_id: "another's move",
    file_id,
    parent_id: alone.serverId("keys"),
    name: "moved.txt",
  });
  for (const path of ["closed.txt", "keys/moved.txt"]) alone.writeOnServer(path, "new");
  await alone.once();
  for (const write of writes) write("old, and late");
  await runFor(alone, 120);
  const late = alone.diskPaths().filter((path) => alone.read(path) === "old, and late");
  assert.deepEqual(
    late.map((path) => path.replace(/ \(.*\)/, "")),
    ["closed.txt", "keys/moved.txt"],
  );
  const [closed = "", moved = ""] = late;
  assert.deepEqual(both(alone, [closed]), [[true, true]]);
  assert.ok(moved.startsWith("keys/"));
  alone.close();
});

test("late writes to a replaced file that became private and was deleted return as a private file", async () => {
  const alone = await withFile();
  const write = openToWrite(alone, file);
  alone.writeOnServer(file, "new");
  await alone.once();
  setOnServer(alone, true, [file]);
  await alone.once();
  removeOnServer(alone, file);
  await alone.once();
  write("old, and late");
  await runFor(alone, 120);
  assert.equal(alone.read(file), "old, and late");
  assert.deepEqual(both(alone, [file]), [[true, true]]);
  alone.close();
});

test("late writes to a replaced file with another name outside the folder become a copy beside the new version", async () => {
  const alone = new Alone();
  alone.write("log.txt", "old");
  await alone.once();
  const write = openToWrite(alone, "log.txt");
  const { root } = alone;
  const [inode, linksOf] = [root.mustBeAt("log.txt"), root.linksOf.bind(root)];
  root.linksOf = (each) => linksOf(each) + (each === inode ? 1 : 0);
  alone.writeOnServer("log.txt", "new");
  await runFor(alone, 60);
  write("old, and late");
  await runFor(alone, 120);
  const texts = alone.diskPaths().map((path) => alone.read(path));
  assert.deepEqual(texts.toSorted(), ["new", "old, and late"]);
  alone.close();
});

for (const missingFeatures of [[], ["exchange"], ["exchange", "hard links"]] as const) {
  test(`writes through another hard link of a replaced file make no conflicted copy (lacks: ${missingFeatures.join()})`, async () => {
    const alone = new Alone({ missingFeatures });
    alone.write("a", "old");
    alone.root.link("a", "b", true);
    await alone.once();
    alone.writeOnServer("a", "new");
    await alone.once();
    alone.write("b", "mine");
    await runFor(alone, 120);
    assert.deepEqual(
      alone.diskPaths().map((path) => [path, alone.read(path)]),
      [
        ["a", "new"],
        ["b", "mine"],
      ],
    );
    assert.deepEqual([...alone.serverContents().values()], ["new", "mine"]);
    alone.close();
  });
}

for (const role of ["editor", "viewer"] as const) {
  test(`late writes to an open file of an ended share go to quarantine, and to no account (${role})`, async () => {
    const world = new Shared(role);
    await world.once();
    const write = openToWrite(world, "docs/a.txt");
    world.grant(undefined);
    await world.once();
    assert.deepEqual([world.onDisk(), world.aside("trash")], [{}, { "docs/a.txt": "first" }]);
    write("first, and late");
    await runFor(world, 120);
    assert.deepEqual([world.onDisk(), world.space("bob")], [{}, {}]);
    assert.deepEqual(world.aside("quarantine"), { "docs/a.txt": "first, and late" });
    world.close();
  });
}

test("late writes that arrive in an empty quarantine are reported while the same engine runs", async () => {
  const world = new Shared("viewer");
  await world.once();
  world.write("docs/a.txt", "mine");
  world.ownerPuts("a.txt", "second");
  await world.once();
  const [day] = world.root.list(".holdfast/quarantine");
  world.remove(`.holdfast/quarantine/${day?.name}/docs/a.txt`);
  const write = openToWrite(world, "docs/a.txt");
  const engine = world.make();
  const run = engine.run();
  const { scheduler } = world.world;
  const second = 1_000_000;
  const problems = (): string[] => engine.status().problems.map(({ code }) => code);
  await scheduler.runUntil(scheduler.nowMicros + 30 * second, () => false);
  world.grant(undefined);
  await scheduler.runUntil(scheduler.nowMicros + 600 * second, () => problems().includes("share_ended"));
  assert.deepEqual([problems(), world.aside("trash")], [["share_ended"], { "docs/a.txt": "second" }]);
  write("second, and late");
  await scheduler.runUntil(scheduler.nowMicros + 600 * second, () => problems().includes("quarantined"));
  assert.deepEqual(problems(), ["quarantined", "share_ended"]);
  engine.stop();
  await world.pass(run);
  world.close();
});

test("late writes to a replaced file of a share that ended since go to quarantine, and to no account", async () => {
  const world = new Shared("editor");
  await world.once();
  const write = openToWrite(world, "docs/a.txt");
  world.ownerPuts("a.txt", "second");
  await world.once();
  world.grant(undefined);
  await world.once();
  write("first, and late");
  await runFor(world, 120);
  assert.deepEqual([world.onDisk(), world.space("bob")], [{}, {}]);
  assert.deepEqual(world.aside("quarantine"), { "a.txt": "first, and late" });
  world.close();
});
