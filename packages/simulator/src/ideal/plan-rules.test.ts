import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { Braked } from "@holdfast/sync/model/brake-record";
import type { ContentKey } from "@holdfast/sync/model/trees";
import { digestOf } from "@holdfast/sync/plan/digest";
import { IdealWorld } from "./ideal-world.ts";
import { NameTable, order } from "@holdfast/sync/plan/order";
import { plan } from "@holdfast/sync/plan/plan";
import { settle } from "@holdfast/sync/plan/settle";

const content = (text: string): ContentKey => text as ContentKey;

function worldOf(...names: string[]): IdealWorld {
  const world = new IdealWorld();
  for (const name of names) world.serverPut(world.newId(), { name, content: content(`old ${name}`) });
  world.settleDown();
  world.log.length = 0;
  return world;
}

function conflictOver(name: string): { readonly world: IdealWorld; readonly id: NodeId } {
  const world = worldOf(name);
  const [id] = [...world.local.keys()];
  assert.ok(id !== undefined);
  world.diskPut(id, { content: content("mine") });
  world.serverPut(id, { content: content("theirs") });
  return { world, id };
}

test("both change one file: the server keeps its own, and the disk's bytes get a conflicted name", () => {
  const { world } = conflictOver("a.txt");
  world.settleDown();
  const wanted = { "a.txt": "file theirs", "a (ada's conflicted copy 1970-01-01).txt": "file mine" };
  assert.deepEqual(Object.fromEntries(world.diskTree()), wanted);
  assert.deepEqual(Object.fromEntries(world.serverTree()), wanted);
});

test("both change a file and a conflicted copy of it: the new copies get different names", () => {
  const names = ["a", "a (ada's conflicted copy 1970-01-01)"];
  const world = worldOf(...names);
  for (const id of world.local.keys()) {
    world.diskPut(id, { content: content(`mine of ${id}`) });
    world.serverPut(id, { content: content(`theirs of ${id}`) });
  }
  world.settleDown();
  const copies = [2, 3].map((number) => `a (ada's conflicted copy 1970-01-01 ${number})`);
  assert.deepEqual(new Set(world.diskTree().keys()), new Set([...names, ...copies]));
  assert.deepEqual(world.diskTree(), world.serverTree());
});

test("both change one file, and it is moved here after the server has its copy: no second copy is made", () => {
  const { world, id } = conflictOver("a.txt");
  world.step();
  world.step();
  world.diskPut(id, { name: "b.txt" });
  world.settleDown();
  const wanted = { "b.txt": "file theirs", "a (ada's conflicted copy 1970-01-01).txt": "file mine" };
  assert.deepEqual(Object.fromEntries(world.diskTree()), wanted);
  assert.deepEqual(Object.fromEntries(world.serverTree()), wanted);
});

test("both change one file, and both rename it after the server has its copy: no second copy is made", () => {
  const { world, id } = conflictOver("a.txt");
  world.step();
  world.step();
  world.diskPut(id, { name: "b.txt" });
  world.serverPut(id, { name: "b.txt" });
  world.settleDown();
  const wanted = { "b.txt": "file theirs", "a (ada's conflicted copy 1970-01-01).txt": "file mine" };
  assert.deepEqual(Object.fromEntries(world.diskTree()), wanted);
  assert.deepEqual(Object.fromEntries(world.serverTree()), wanted);
});

test("both create one name with equal bytes: they are one file, and nothing is sent", () => {
  const world = worldOf();
  world.serverPut(world.newId(), { name: "a", content: content("same") });
  world.diskPut(world.newId(), { name: "a", content: content("same") });
  world.settleDown();
  assert.deepEqual([...world.serverTree()], [["a", "file same"]]);
  assert.ok(!world.log.some((line) => line.startsWith("send") || line.startsWith("do")), world.log.join("\n"));
});

test("both create a link of one name with two targets: the later one gets a conflicted name", () => {
  const world = worldOf();
  world.serverPut(world.newId(), { kind: "symlink", name: "a", content: content("link:theirs") });
  world.diskPut(world.newId(), { kind: "symlink", name: "a", content: content("link:mine") });
  world.settleDown();
  const wanted = { a: "symlink link:theirs", "a (ada's conflicted copy 1970-01-01)": "symlink link:mine" };
  assert.deepEqual(Object.fromEntries(world.diskTree()), wanted);
  assert.deepEqual(Object.fromEntries(world.serverTree()), wanted);
});

test("a folder created here at the name of another device's file: the file gets a conflicted name without this device's name", () => {
  const world = worldOf();
  world.serverPut(world.newId(), { name: "thing", content: content("theirs") });
  world.diskPut(world.newId(), { kind: "folder", name: "thing" });
  world.settleDown();
  assert.equal(world.serverTree().get("thing (unknown device's conflicted copy 1970-01-01)"), "file theirs");
});

test("both create a link of one name with one target: they are one link, and nothing is sent", () => {
  const world = worldOf();
  world.serverPut(world.newId(), { kind: "symlink", name: "a", content: content("link:b") });
  world.diskPut(world.newId(), { kind: "symlink", name: "a", content: content("link:b") });
  world.settleDown();
  assert.deepEqual(Object.fromEntries(world.diskTree()), { a: "symlink link:b" });
  assert.ok(!world.log.some((line) => line.startsWith("send")));
});

test("two files that swap their names on the disk are sent as one group", () => {
  const world = worldOf("a", "b");
  const [one, other] = [...world.local.keys()];
  assert.ok(one !== undefined && other !== undefined);
  world.diskPut(one, { name: "b" });
  world.diskPut(other, { name: "a" });
  const { remote } = world.plan();
  assert.deepEqual(
    remote.map(({ op, group }) => [op, group !== undefined]),
    [
      ["move", true],
      ["move", true],
    ],
  );
});

test("a file that was deleted here and changed there comes back changed", () => {
  const world = worldOf("a");
  const [id] = [...world.local.keys()];
  assert.ok(id !== undefined);
  world.local.delete(id);
  world.serverPut(id, { content: content("changed") });
  world.settleDown();
  assert.deepEqual([...world.diskTree()], [["a", "file changed"]]);
});

test("a name that differs only in its Unicode form gets a label that says so", () => {
  const world = worldOf();
  world.serverPut(world.newId(), { name: "\u00e9", content: content("one") });
  world.settleDown();
  world.diskPut(world.newId(), { name: "e\u0301", content: content("two") });
  world.settleDown();
  assert.ok(world.serverTree().has("e\u0301 (Unicode conflict)"), [...world.serverTree().keys()].join());
});

test("a brake stops every deletion, and nothing else", () => {
  const world = worldOf("a", "b", "c");
  world.local.clear();
  world.diskPut(world.newId(), { name: "new", content: content("new") });
  const { synced } = settle(world);
  assert.equal(synced.size, 0);
  const holdDeletions = (planned: readonly Braked[]): Set<NodeId> => new Set(planned.map(({ nodeId }) => nodeId));
  const held = plan(world, { ...world.policy, holdDeletions });
  assert.equal(held.heldDeletions.length, 3);
  assert.deepEqual(
    held.remote.map(({ op }) => op),
    ["create"],
  );
});

test("a refused operation is not proposed before its time, and neither is the rest of its group", () => {
  const world = worldOf("a", "b");
  const [one, other] = [...world.local.keys()];
  assert.ok(one !== undefined && other !== undefined);
  world.diskPut(one, { name: "b" });
  world.diskPut(other, { name: "a" });
  const [first] = world.plan().remote;
  assert.ok(first !== undefined);
  const digest = digestOf(first);
  const refusals = [{ nodeId: first.id, digest, code: "exists", notBeforeMs: 10 }];
  assert.equal(plan(world, { ...world.policy, refusals }).remote.length, 0);
  assert.equal(plan(world, { ...world.policy, nowMs: 10, refusals }).remote.length, 2);
});

test("a folder that is renamed here to the name of one that the server got meanwhile: they merge", () => {
  const world = worldOf();
  const [mine, theirs] = [world.newId(), world.newId()];
  world.serverPut(mine, { name: "x", kind: "folder" });
  world.serverPut(world.newId(), { parent: mine, name: "old", content: content("old") });
  world.settleDown();
  world.diskPut(mine, { name: "n" });
  world.serverPut(theirs, { name: "n", kind: "folder" });
  world.serverPut(world.newId(), { parent: theirs, name: "new", content: content("new") });
  world.settleDown();
  const wanted = ["n", "n/new", "n/old"];
  assert.deepEqual([...world.diskTree().keys()].toSorted(), wanted);
  assert.deepEqual([...world.serverTree().keys()].toSorted(), wanted);
});

test("a folder that is created here where the server moved another one to: they merge", () => {
  const world = worldOf();
  const [known, made] = [world.newId(), world.newId()];
  world.serverPut(known, { name: "x", kind: "folder" });
  world.serverPut(world.newId(), { parent: known, name: "same", content: content("old") });
  world.settleDown();
  world.serverPut(known, { name: "n" });
  world.diskPut(made, { name: "n", kind: "folder" });
  world.diskPut(world.newId(), { parent: made, name: "same", content: content("mine") });
  world.settleDown();
  const wanted = ["n", "n/same", "n/same (ada's conflicted copy 1970-01-01)"];
  assert.deepEqual([...world.diskTree().keys()].toSorted(), wanted);
  assert.deepEqual([...world.serverTree().keys()].toSorted(), wanted);
});

test("a folder swaps places here with the one inside it, which was deleted on the server: the server has the new order", () => {
  const world = worldOf();
  const [outer, inner, file] = [world.newId(), world.newId(), world.newId()];
  world.serverPut(outer, { name: "d", kind: "folder" });
  world.serverPut(inner, { parent: outer, name: "e", kind: "folder" });
  world.serverPut(file, { parent: inner, name: "e", content: content("old") });
  world.settleDown();
  world.serverPut(inner, { trashed: true });
  // The item `e` in the inner folder returns with it and cannot be deleted before.
  world.local.delete(file);
  world.diskPut(inner, { parent: world.rootId, name: "d" });
  world.diskPut(outer, { parent: inner, name: "e" });
  assert.deepEqual([...world.settleDown().waiting], []);
  assert.deepEqual([...world.serverTree().keys()].toSorted(), ["d", "d/e"]);
  assert.deepEqual([...world.diskTree().keys()].toSorted(), ["d", "d/e"]);
});

test("the plan for a folder swapped with its deleted parent does not depend on deep content of the other", () => {
  const world = worldOf();
  const [outer, inner, beside, deep] = [world.newId(), world.newId(), world.newId(), world.newId()];
  world.serverPut(outer, { name: "d", kind: "folder" });
  world.serverPut(inner, { parent: outer, name: "e", kind: "folder" });
  world.serverPut(beside, { parent: outer, name: "f", kind: "folder" });
  world.serverPut(deep, { parent: beside, name: "g", content: content("deep") });
  world.settleDown();
  world.serverPut(inner, { trashed: true });
  world.diskPut(inner, { parent: world.rootId, name: "d" });
  world.diskPut(outer, { parent: inner, name: "e" });
  // Compares each plan with that of the affected part.
  assert.deepEqual([...world.settleDown().waiting], []);
  assert.deepEqual([...world.serverTree().keys()].toSorted(), ["d", "d/e", "d/e/f", "d/e/f/g"]);
  assert.deepEqual(world.diskTree(), world.serverTree());
  assert.ok(world.remote.get(deep)?.trashed === false && world.local.has(deep), "the file is the same as before");
});

/** Returns a trashed server folder with two files. Locally it has another name and lacks one of them. */
function withTrashedFolder(): { readonly world: IdealWorld; readonly folder: NodeId; readonly kept: NodeId } {
  const world = worldOf("from outside");
  const [folder, kept, deleted] = [world.newId(), world.newId(), world.newId()];
  world.serverPut(folder, { name: "folder", kind: "folder" });
  world.serverPut(kept, { parent: folder, name: "kept", content: content("kept") });
  world.serverPut(deleted, { parent: folder, name: "deleted", content: content("deleted") });
  world.settleDown();
  world.serverPut(folder, { trashed: true });
  world.local.delete(deleted);
  world.diskPut(folder, { name: "moved" });
  return { world, folder, kept };
}

test("a folder in the trash, moved here with a deleted item in it, comes back as the same folder", () => {
  const { world, folder } = withTrashedFolder();
  world.settleDown();
  assert.deepEqual([...world.serverTree().keys()].toSorted(), ["from outside", "moved", "moved/kept"]);
  assert.ok(world.local.has(folder), "it has its id");
});

test("a folder in the trash, moved here to the name of another on the server, merges its live content into that", () => {
  const { world, kept } = withTrashedFolder();
  world.serverPut(world.newId(), { name: "moved", kind: "folder" });
  world.settleDown();
  assert.deepEqual([...world.serverTree().keys()].toSorted(), ["from outside", "moved", "moved/kept"]);
  assert.deepEqual(world.diskTree(), world.serverTree());
  assert.ok(world.local.has(kept), "the file is the same as before");
});

test("a folder in the trash, moved here with only foreign content, restores nothing of its own content", () => {
  const { world, folder, kept } = withTrashedFolder();
  const [outside] = [...world.local].find(([, { name }]) => name === "from outside") ?? assert.fail();
  world.local.delete(kept);
  world.diskPut(outside, { parent: folder });
  world.settleDown();
  assert.deepEqual([...world.serverTree().keys()].toSorted(), ["moved", "moved/from outside"]);
  assert.deepEqual(world.diskTree(), world.serverTree());
  assert.ok(!world.local.has(folder), "it is another folder");
});

test("the choice of which of two folders is parked does not depend on other scanned items", () => {
  const world = worldOf();
  const [elsewhere, file, first, second, inner] = Array.from({ length: 5 }, () => world.newId());
  assert.ok(elsewhere && file && first && second && inner);
  for (const [id, name] of [
    [first, "b"],
    [second, "c"],
    [elsewhere, "a"],
  ] as const)
    world.serverPut(id, { name, kind: "folder" });
  world.serverPut(inner, { parent: second, name: "a", kind: "folder" });
  world.serverPut(file, { parent: elsewhere, name: "a", content: content("old") });
  world.settleDown();
  world.diskPut(file, { parent: inner });
  world.serverPut(file, { parent: inner });
  world.serverPut(first, { name: "c" });
  world.serverPut(second, { name: "b" });
  // Compares each plan with that of the affected part.
  world.settleDown();
  assert.deepEqual(world.diskTree(), world.serverTree());
});

test("a labelled item does not take the name of a new item that already has that name", () => {
  const world = worldOf("\u00e9", "moved");
  const moved = [...world.local].find(([, row]) => row.name === "moved")?.[0];
  assert.ok(moved !== undefined);
  world.diskPut(world.newId(), { name: "e\u0301 (Unicode conflict)", content: content("new") });
  world.diskPut(moved, { name: "e\u0301" });
  world.settleDown();
  const wanted = ["e\u0301 (Unicode conflict 2)", "e\u0301 (Unicode conflict)", "\u00e9"];
  assert.deepEqual([...world.serverTree().keys()].toSorted(), wanted);
  assert.deepEqual(world.diskTree(), world.serverTree());
});

test("a folder created beside one with another Unicode form of its name keeps its content, and gets a label", () => {
  const world = new IdealWorld((name) => name);
  const [known, made] = [world.newId(), world.newId()];
  world.serverPut(known, { name: "\u00e9.txt", kind: "folder" });
  world.settleDown();
  world.diskPut(made, { name: "e\u0301.txt", kind: "folder" });
  world.diskPut(world.newId(), { parent: made, name: "a", content: content("mine") });
  world.settleDown();
  const wanted = ["\u00e9.txt", "e\u0301 (Unicode conflict).txt", "e\u0301 (Unicode conflict).txt/a"];
  assert.deepEqual([...world.serverTree().keys()].toSorted(), wanted.toSorted());
  assert.deepEqual(world.diskTree(), world.serverTree());
});

test("nothing is parked for a name that an unreadable item occupies", () => {
  const world = worldOf("a", "b");
  const [unread, known] = [...world.local.keys()];
  assert.ok(unread !== undefined && known !== undefined);
  world.local.set(unread, { ...world.local.get(unread)!, readState: "unsettled" });
  world.serverPut(unread, { name: "c" });
  world.serverPut(known, { name: "a" });
  world.serverPut(world.newId(), { name: "b", content: content("new") });
  assert.deepEqual(world.plan().local, []);
});

test("an item kept only because its folder is unreadable is not matched with another of its name", () => {
  const world = worldOf("a");
  const [file] = [...world.local.keys()];
  assert.ok(file !== undefined);
  const folder = world.newId();
  world.serverPut(folder, { name: "d", kind: "folder" });
  world.settleDown();
  world.local.set(folder, { ...world.local.get(folder)!, readState: "unsettled" });
  world.serverPut(file, { parent: folder });
  world.serverPut(folder, { trashed: true });
  world.serverPut(world.newId(), { name: "a", content: content("new") });
  assert.deepEqual(world.plan().idChanges, []);
  world.local.set(folder, { ...world.local.get(folder)!, readState: "known" });
  world.settleDown();
  assert.deepEqual([...world.diskTree()], [["a", "file new"]]);
  assert.deepEqual(world.diskTree(), world.serverTree());
});

function withOneName(inX: string, inY: string): IdealWorld {
  const world = worldOf();
  const [mine, theirs] = [world.newId(), world.newId()];
  world.serverPut(mine, { name: "x", kind: "folder" });
  world.serverPut(theirs, { name: "y", kind: "folder" });
  world.serverPut(world.newId(), { parent: mine, name: inX, content: content("of x") });
  world.serverPut(world.newId(), { parent: theirs, name: inY, content: content("of y") });
  world.settleDown();
  world.diskPut(mine, { name: "z" });
  world.serverPut(theirs, { name: "z" });
  world.settleDown();
  assert.deepEqual(world.diskTree(), world.serverTree());
  return world;
}

test("two folders renamed to one name, one on each side, become one with all content", () => {
  assert.deepEqual(Object.fromEntries(withOneName("a", "b").serverTree()), {
    z: "folder ",
    "z/a": "file of x",
    "z/b": "file of y",
  });
});

test("two folders with an item of one name, renamed to one name: the later item gets a conflicted name", () => {
  const named = "z (ada's conflicted copy 1970-01-01)";
  assert.deepEqual(Object.fromEntries(withOneName("a", "a").serverTree()), {
    z: "folder ",
    "z/a": "file of y",
    [named]: "folder ",
    [`${named}/a`]: "file of x",
  });
});

test("a cycle of parent folders does not make ordering endless", () => {
  const [one, other, file] = ["one", "other", "file"] as NodeId[] as [NodeId, NodeId, NodeId];
  const table = new NameTable("root" as NodeId, ({ parent, name }) => `${parent}/${name}`, [
    [one, { parent: other, name: "one" }],
    [other, { parent: one, name: "other" }],
  ]);
  const step = { operation: "create", id: file, to: { parent: one, name: "file" }, inPlace: false };
  assert.deepEqual(order(table, [step]), { ready: [], stuck: [step] });
});
