import assert from "node:assert/strict";
import { test } from "node:test";
import type { Alone } from "./alone.ts";
import { Shared } from "./shared.ts";
import { chmod, file, withFile } from "./testing-privacy.ts";

/** A program has the file open and writes to it after the next run of the engine. */
function openToWrite(alone: Alone, path: string): (text: string) => void {
  const inode = alone.root.mustBeAt(path);
  alone.root.writers.add(inode);
  return (text) => alone.world.ledger.write(alone.root, inode, Buffer.from(text));
}

/** Runs until the files that were moved aside have been read again. */
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

test("late bytes of an open file in a private folder that was deleted elsewhere come back private", async () => {
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

for (const role of ["editor", "viewer"] as const) {
  test(`late bytes of an open file of a share that ended go to the quarantine, and to nobody else (${role})`, async () => {
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

test("late bytes of a file that was replaced in a share that ended since go to the quarantine, and to nobody else", async () => {
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
