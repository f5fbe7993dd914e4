import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { isLongTier, longTest } from "@holdfast/tools/tiers";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { EngineOptions } from "@holdfast/sync/loop/engine/engine-options";
import type { OnceResult } from "@holdfast/sync/loop/engine/run-once";
import type { Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";
import { homeOf } from "./model-shares.ts";
import { Shared } from "./shared.ts";
import { runStory } from "./story.ts";

const second = 1_000_000;

/** Items before the cursor is too old. */
const shared = [
  "kept",
  "edited here",
  "edited there",
  "trashed",
  "trashed, edited here",
  "purged",
  "purged, edited here",
  "moved there",
  "moved here",
  "deleted here",
  "folder/in it",
  "folder/edited here",
];

async function withShared(): Promise<Alone> {
  const alone = new Alone();
  alone.mkdir("folder");
  for (const path of shared) alone.write(path, path);
  await alone.once();
  return alone;
}

async function onceExpired(alone: Alone, changes: Partial<EngineOptions> = {}): Promise<OnceResult> {
  alone.world.model.forgetsAtOnce = true;
  const result = await alone.once(changes);
  alone.world.model.forgetsAtOnce = false;
  return result;
}

type Undone = BatchOperationInput extends infer Each
  ? Each extends unknown
    ? Omit<Each, "operation_id">
    : never
  : never;

function elsewhere(alone: Alone, operation: Undone): void {
  alone.onServer({ ...operation, operation_id: alone.world.model.fresh("another's ") });
}

function purge(alone: Alone, path: string): void {
  const id = alone.serverId(path);
  elsewhere(alone, { op: "delete", file_id: id });
  alone.world.model.nodes.delete(id);
}

function instead<Call extends keyof Server>(alone: Alone, call: Call, answer: Server[Call]): Server {
  return { ...alone.server(), [call]: answer };
}

test("a device with an expired cursor catches up with the journal, and loses no edit of its own", async () => {
  const alone = await withShared();
  const { rootId } = alone.world.model;
  elsewhere(alone, { op: "delete", file_id: alone.serverId("trashed") });
  elsewhere(alone, { op: "delete", file_id: alone.serverId("trashed, edited here") });
  elsewhere(alone, { op: "delete", file_id: alone.serverId("folder") });
  elsewhere(alone, { op: "move", file_id: alone.serverId("moved there"), parent_id: rootId, name: "moved" });
  elsewhere(alone, { op: "mkdir", id: "of another", parent_id: rootId, name: "made there" });
  alone.writeOnServer("edited there", "by another");
  for (const path of ["purged", "purged, edited here"]) purge(alone, path);
  for (const path of ["edited here", "trashed, edited here", "purged, edited here", "folder/edited here"])
    alone.write(path, "mine");
  alone.write("new", "mine");
  alone.move("moved here", "moved by me");
  alone.remove("deleted here");
  assert.ok((await onceExpired(alone)).inSync);
  const expected = [
    "edited here",
    "edited there",
    "folder",
    "folder/edited here",
    "kept",
    "made there",
    "moved",
    "moved by me",
    "new",
    "purged, edited here",
    "trashed, edited here",
  ];
  assert.deepEqual(alone.diskPaths(), expected);
  assert.deepEqual(alone.serverPaths(), expected);
  assert.equal(alone.read("edited there"), "by another");
  const contents = alone.serverContents();
  for (const path of expected.filter((each) => each.endsWith("edited here"))) assert.equal(contents.get(path), "mine");
  alone.close();
});

test("a node missing in a snapshot is not deleted if the server reports it as live", async () => {
  const alone = await withShared();
  const server = alone.server();
  const id = alone.serverId("kept");
  alone.writeOnServer("edited there", "by another");
  const result = await onceExpired(alone, {
    // It moved from a later page to an earlier one between both pages.
    server: instead(alone, "snapshot", async (cursor) => {
      const page = await server.snapshot(cursor);
      return { ...page, items: page.items.filter((node) => node.id !== id) };
    }),
  });
  assert.ok(result.inSync);
  assert.ok(alone.diskPaths().includes("kept"));
  assert.equal(alone.read("edited there"), "by another");
  alone.close();
});

test("while the server cannot report the fate of missing nodes, nothing is done and no cursor is stored", async () => {
  const alone = await withShared();
  const before = alone.diskPaths();
  elsewhere(alone, { op: "delete", file_id: alone.serverId("trashed") });
  const unsure = instead(alone, "queryNodes", () => {
    throw new HoldfastError("unreachable", "It was cut.");
  });
  await assert.rejects(onceExpired(alone, { server: unsure }), { code: "unreachable" });
  assert.deepEqual(alone.diskPaths(), before);
  assert.ok((await onceExpired(alone)).inSync);
  assert.ok(!alone.diskPaths().includes("trashed"));
  alone.close();
});

/** Returns how many of the items created elsewhere this device keeps if page `cutAt` of the listing is interrupted. */
async function cutListing(alone: Alone, cutAt: number): Promise<number> {
  const { rootId } = alone.world.model;
  for (let number = 0; number < 20; number += 1)
    elsewhere(alone, { op: "mkdir", id: `of another ${number}`, parent_id: rootId, name: `made there ${number}` });
  const server = alone.server();
  let [pages, kept] = [0, 0];
  const cutting = instead(alone, "snapshot", async (cursor) => {
    pages += 1;
    if (pages < cutAt) return server.snapshot(cursor);
    const rows = alone.world.devices[0]?.database.prepare("select name from remote_rows").all() ?? [];
    kept = rows.filter(({ name }) => String(name).startsWith("made there")).length;
    throw new HoldfastError("unauthenticated", "It was cut.");
  });
  await assert.rejects(onceExpired(alone, { server: cutting }), { code: "unauthenticated" });
  return kept;
}

test("a listing after an expired cursor is stored page by page, and an interrupted one has no effect", async () => {
  const alone = await withShared();
  assert.notEqual(await cutListing(alone, 4), 0);
  // The journal is available again and reports a part of the listing.
  elsewhere(alone, { op: "delete", file_id: alone.serverId("trashed") });
  purge(alone, "purged");
  let pages = 0;
  const server = alone.server();
  const counting = instead(alone, "snapshot", (cursor) => {
    pages += 1;
    return server.snapshot(cursor);
  });
  assert.ok((await alone.once({ server: counting })).inSync);
  assert.ok(pages > 4, `${pages} pages were asked for`);
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  assert.equal(alone.diskPaths().filter((path) => path.startsWith("made there")).length, 20);
  assert.ok(!alone.diskPaths().includes("trashed") && !alone.diskPaths().includes("purged"));
  alone.close();
});

test("a node that left a share after the interrupted listing that contained it is gone", async () => {
  const world = new Shared("editor");
  // More than a page of them precedes the mount.
  for (let number = 0; number < 9; number += 1) world.ownerMakes(`a ${number}`);
  await world.once();
  world.ownerMakes("a 9");
  const server = world.server();
  const cutting = instead(world, "snapshot", (cursor) => {
    if (cursor === undefined) return server.snapshot(cursor);
    throw new HoldfastError("unauthenticated", "It was cut.");
  });
  await assert.rejects(onceExpired(world, { server: cutting }), { code: "unauthenticated" });
  world.owner({ op: "move", file_id: "a 0", parent_id: homeOf("ada"), name: "a 0" });
  assert.ok((await world.once()).inSync);
  assert.equal(world.onDisk()["docs/a 0"], undefined);
  assert.equal(world.onDisk()["docs/a 1"], "/");
  world.close();
});

test("a node missing after a restore of the server during an interrupted listing is not deleted", async () => {
  const alone = new Alone();
  alone.write("before", "before");
  await alone.once();
  const backup = alone.world.model.backUp();
  for (const path of ["after", "after too"]) alone.write(path, path);
  await alone.once();
  await cutListing(alone, 4);
  alone.world.model.restore(backup);
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.diskPaths(), ["after", "after too", "before"]);
  assert.deepEqual(alone.serverPaths(), ["after", "after too", "before"]);
  alone.close();
});

test("deletions from a snapshot wait for a person like those from the journal", async () => {
  const alone = new Alone();
  const paths = Array.from({ length: 60 }, (_, index) => `file ${index}`);
  for (const path of paths) alone.write(path, path);
  await alone.once();
  for (const path of paths) elsewhere(alone, { op: "delete", file_id: alone.serverId(path) });
  assert.equal((await onceExpired(alone, { brake: undefined })).deletionsWaiting, 60);
  assert.equal(alone.diskPaths().length, 60);
  alone.close();
});

test("a file with an unconfirmed upload, deleted by another device before the cursor expired, is not uploaded again", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  await alone.once();
  alone.write("b", "b");
  const server = alone.server();
  const unanswered = instead(alone, "commit", async (...given) => {
    await server.commit(...given);
    throw new HoldfastError("unreachable", "The answer was cut.");
  });
  let commits = 0;
  const engine = alone.make({
    server: {
      ...unanswered,
      commit: (...given) => {
        commits += 1;
        return unanswered.commit(...given);
      },
    },
  });
  const run = engine.run();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 60 * second, () => commits === 1 && engine.phase === "backing_off");
  engine.stop();
  await alone.pass(run);
  elsewhere(alone, { op: "delete", file_id: alone.serverId("b") });
  assert.ok((await onceExpired(alone)).inSync);
  assert.deepEqual([alone.serverPaths(), alone.diskPaths()], [["a"], ["a"]]);
  alone.close();
});

test("a poll that reports an expired cursor wakes the device immediately", async () => {
  const alone = await withShared();
  const engine = alone.make();
  const run = engine.run();
  const { scheduler, model } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 600 * second, () => engine.status().activity === "idle");
  model.forgetsAtOnce = true;
  const begin = scheduler.nowMicros;
  elsewhere(alone, { op: "delete", file_id: alone.serverId("trashed") });
  elsewhere(alone, { op: "delete", file_id: alone.serverId("kept") });
  await scheduler.runUntil(begin + 3600 * second, () => !alone.diskPaths().includes("kept"));
  const tookMicros = scheduler.nowMicros - begin;
  assert.ok(tookMicros < 10 * second, `it took ${tookMicros / second} s`);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

for (const troubleRate of [0, 0.1]) {
  (troubleRate > 0 ? test : longTest)(
    `stories without a journal on the server keep every invariant, with trouble ${troubleRate}`,
    async () => {
      for (let seed = 1; seed <= (isLongTier ? 24 : 4); seed += 1) {
        const { violations } = await runStory({ seed, devices: 2, troubleRate, expires: true });
        assert.deepEqual(violations, [], `{ seed: ${seed}, devices: 2, troubleRate: ${troubleRate}, expires: true }`);
      }
    },
  );
}
