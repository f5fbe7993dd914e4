import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "@holdfast/sync/loop/engine/engine";
import { homeOf } from "./model-shares.ts";
import { Shared } from "./shared.ts";

function names(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `file ${from + index}`);
}

async function withFiles(count: number, own = 0): Promise<Shared> {
  const world = new Shared("editor");
  for (const name of names(0, count)) world.ownerPuts(name, name);
  for (const name of names(0, own)) world.write(`own ${name}`, name);
  await world.once();
  return world;
}

function ownerHas(world: Shared): number {
  return Object.keys(world.space("ada")).filter((path) => path.startsWith("docs/file")).length;
}

test("deletions in a mount wait if they are a quarter of that mount, regardless of all other files", async () => {
  const world = await withFiles(140, 150);
  for (const name of names(0, 35)) world.remove(`docs/${name}`);
  assert.equal((await world.once({ brake: undefined })).deletionsWaiting, 0, "141 are known of it");
  world.remove("docs/file 35");
  assert.equal((await world.once({ brake: undefined })).deletionsWaiting, 1);
  assert.equal(ownerHas(world), 105);
  for (const name of names(0, 40)) world.remove(`own ${name}`);
  const engine = world.make({ brake: undefined });
  assert.equal((await world.pass(engine.runOnce())).deletionsWaiting, 1, "one's own files count by themselves");
  assert.ok(!Object.keys(world.space("bob")).includes("own file 39"));
  engine.approveDeletions(engine.waitingDeletions().map(({ id }) => id));
  assert.ok((await world.pass(engine.runOnce())).inSync);
  assert.equal(ownerHas(world), 104);
  world.close();
});

test("a custom number applies to a mount, and deletions of one mount do not count for another", async () => {
  const world = await withFiles(20);
  world.owner({ op: "mkdir", id: "other", parent_id: homeOf("ada"), name: "other" });
  for (const name of names(20, 40)) world.ownerPuts(name, name, "other");
  world.grant("editor", "other");
  world.world.model.mount({ device: "bob's other", account: "bob" }, "other", {
    parentId: homeOf("bob"),
    name: "other",
  });
  await world.once();
  for (const name of names(0, 9)) world.remove(`docs/${name}`);
  for (const name of names(20, 29)) world.remove(`other/${name}`);
  assert.equal((await world.once({ brake: undefined })).deletionsWaiting, 0);
  world.remove("docs/file 9");
  assert.equal((await world.once({ brake: 11 })).deletionsWaiting, 0);
  world.remove("docs/file 10");
  assert.equal((await world.once({ brake: 11 })).deletionsWaiting, 1);
  world.close();
});

async function running(
  world: Shared,
  act: (run: { readonly engine: Engine; readonly passSeconds: (seconds: number) => Promise<void> }) => Promise<void>,
): Promise<void> {
  const { scheduler } = world.world;
  const engine = world.make({ brake: undefined });
  const run = engine.run();
  const passSeconds = async (seconds: number): Promise<void> => {
    await scheduler.runUntil(scheduler.nowMicros + seconds * 1_000_000, () => false);
  };
  await passSeconds(5);
  await act({ engine, passSeconds });
  engine.stop();
  await world.pass(run);
}

test("a mount that a slow file manager removes file by file is left, and nothing in it is deleted", async () => {
  const world = await withFiles(20);
  await running(world, async ({ engine, passSeconds }) => {
    for (const name of names(0, 20)) {
      world.remove(`docs/${name}`);
      engine.hint(["", "docs"]);
      await passSeconds(8);
    }
    assert.deepEqual([ownerHas(world), engine.status().deletionsWaiting], [20, 0], "nobody is asked in between");
    world.remove("docs/a.txt");
    world.remove("docs");
    engine.hint(["", "docs"]);
    await passSeconds(30);
    assert.deepEqual([engine.status().activity, engine.status().problems], ["idle", []]);
  });
  assert.deepEqual([ownerHas(world), world.space("ada")["docs/a.txt"]], [20, "first"]);
  assert.equal(world.world.model.nodes.get(world.mountId)?.trashed, true);
  world.close();
});

test("70 of 140 files of a mount removed before a long pause wait, and are cancelled when the mount is removed", async () => {
  const world = await withFiles(140);
  await running(world, async ({ engine, passSeconds }) => {
    for (const name of names(0, 70)) world.remove(`docs/${name}`);
    engine.hint(["", "docs"]);
    await passSeconds(60);
    assert.deepEqual([ownerHas(world), engine.status().deletionsWaiting], [140, 70]);
    for (const name of [...names(70, 140), "a.txt"]) world.remove(`docs/${name}`);
    world.remove("docs");
    engine.hint(["", "docs"]);
    await passSeconds(30);
    assert.deepEqual([engine.status().activity, engine.status().deletionsWaiting], ["idle", 0]);
  });
  assert.equal(ownerHas(world), 140);
  world.close();
});

test("a file deleted in a mount is deleted for its owner after ten seconds, and a replaced one immediately", async () => {
  const world = await withFiles(3);
  await running(world, async ({ engine, passSeconds }) => {
    world.remove("docs/file 0");
    world.remove("docs/file 1");
    engine.hint(["", "docs"]);
    await passSeconds(2);
    assert.equal(world.space("ada")["docs/file 1"], "file 1");
    world.write("docs/file 1", "made again");
    engine.hint(["", "docs"]);
    await passSeconds(3);
    assert.equal(world.space("ada")["docs/file 1"], "made again");
    assert.equal(world.space("ada")["docs/file 0"], "file 0");
    assert.deepEqual([engine.status().activity, engine.status().pendingFiles], ["syncing", 1]);
    await passSeconds(7);
    assert.equal(world.space("ada")["docs/file 0"], undefined);
    assert.equal(engine.status().activity, "idle");
  });
  world.close();
});

test("before deletions in a mount are sent, a check finds further ones", async () => {
  const world = await withFiles(5);
  await running(world, async ({ engine, passSeconds }) => {
    world.remove("docs/file 0");
    engine.hint(["", "docs"]);
    await passSeconds(5);
    for (const name of names(1, 5)) world.remove(`docs/${name}`);
    await passSeconds(10);
    assert.equal(ownerHas(world), 5);
    world.remove("docs/a.txt");
    world.remove("docs");
    await passSeconds(15);
  });
  assert.equal(ownerHas(world), 5);
  world.close();
});

test("a preview shows the deletions in a mount", async () => {
  const world = await withFiles(3);
  world.remove("docs/file 0");
  const { changes } = await world.pass(world.make().preview());
  assert.deepEqual(changes, [{ side: "server", what: "delete", path: "docs/file 0" }]);
  world.close();
});
