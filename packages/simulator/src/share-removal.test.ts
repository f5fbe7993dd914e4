import assert from "node:assert/strict";
import { test } from "node:test";
import { homeOf } from "./model-shares.ts";
import { Shared } from "./shared.ts";

function names(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `file ${from + index}`);
}

/** An editor's device with so many of the owner's files, beside 150 of its own. */
async function withFiles(count: number): Promise<Shared> {
  const world = new Shared("editor");
  for (const name of names(0, count)) world.ownerPuts(name, name);
  for (const name of names(0, 150)) world.write(`own ${name}`, name);
  await world.once();
  return world;
}

function ownerHas(world: Shared): number {
  return Object.keys(world.space("ada")).filter((path) => path.startsWith("docs/file")).length;
}

test("deletions in a mount wait if they are a quarter of that mount, however much else there is", async () => {
  const world = await withFiles(140);
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

test("a person's own number holds for a mount, and deletions of one mount do not count for another one", async () => {
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
