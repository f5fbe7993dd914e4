import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import type { Server } from "@holdfast/sync-ports/ports";
import { Shared } from "./shared.ts";

/** Returns text that shares no block with others. */
function storyOf(subject: string): string {
  return Array.from({ length: 40 }, (_, index) => sha256(Buffer.from(`${subject} ${index}`))).join(" ");
}

/** Syncs until idle and returns the spaces for which blocks were sent; undefined: the account's own. */
async function lookAndHear(world: Shared): Promise<(string | undefined)[]> {
  await world.pass(world.world.scheduler.sleep(world.life, 10_000_000));
  const server = world.server();
  const spaces = new Set<string | undefined>();
  const heard: Pick<Server, "missingBlocks" | "putBlocks"> = {
    missingBlocks: async (hashes, into, growthBytes) => {
      spaces.add(into);
      return server.missingBlocks(hashes, into, growthBytes);
    },
    putBlocks: async (blocks, into) => {
      spaces.add(into);
      return server.putBlocks(blocks, into);
    },
  };
  await world.pass(world.make({ server: { ...server, ...heard } }).runOnce());
  return [...spaces];
}

test("nothing of a large file is sent while it is read in a read-only share", async () => {
  const world = new Shared("viewer");
  await world.once();
  world.write("docs/large.txt", storyOf("a dog"));
  world.mkdir("docs/folder");
  world.write("docs/folder/large.txt", storyOf("a cat"));
  assert.deepEqual(await lookAndHear(world), []);
  const problems = await world.problems();
  const waiting = ["read_only docs/folder", "read_only docs/folder/large.txt", "read_only docs/large.txt"];
  assert.deepEqual(problems.toSorted(), waiting);
  // It is sent in the own space, and to an editable share.
  world.write("large.txt", storyOf("a cow"));
  assert.deepEqual(await lookAndHear(world), [undefined]);
  world.grant("editor");
  await world.once();
  world.write("docs/larger.txt", storyOf("a fox"));
  assert.deepEqual(await lookAndHear(world), ["docs"]);
  assert.equal(world.space("ada")["docs/larger.txt"], storyOf("a fox"));
  world.close();
});

test("the blocks of a large file are sent to the folder at which the edit permission is granted", async () => {
  const world = new Shared("viewer");
  world.ownerMakes("outer");
  world.ownerMakes("inner", "outer");
  world.ownerMakes("below", "inner");
  world.grant("editor", "inner");
  await world.once();
  world.write("docs/outer/inner/below/large.txt", storyOf("a dog"));
  world.write("docs/outer/large.txt", storyOf("a cat"));
  assert.deepEqual(await lookAndHear(world), ["inner"]);
  assert.deepEqual(await world.problems(), ["read_only docs/outer/large.txt"]);
  assert.equal(world.space("ada")["docs/outer/inner/below/large.txt"], storyOf("a dog"));
  world.close();
});

test("nothing of a large file is sent to a folder that was just moved out of a share", async () => {
  const world = new Shared("editor");
  await world.once();
  world.mkdir("docs/folder");
  world.mkdir("docs/folder/deep");
  world.write("docs/folder/b.txt", "of ada");
  world.write("docs/folder/deep/c.txt", "of ada too");
  await world.once();
  world.move("docs/folder", "mine");
  world.write("mine/deep/large.txt", storyOf("a dog"));
  assert.ok(!(await lookAndHear(world)).includes("docs"));
  assert.equal(world.space("bob")["mine/deep/large.txt"], storyOf("a dog"));
  world.close();
});
