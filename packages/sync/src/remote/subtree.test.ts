import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Server } from "@holdfast/sync-ports/ports";
import type { Shares } from "../model/trees.ts";
import { narrowToSubtree } from "./subtree.ts";

const rootId = "root" as NodeId;

function node(id: string, parent: string, kind: NodeJson["kind"] = "file"): NodeJson {
  return { id, parent_id: parent, kind, name: id } as NodeJson;
}

function world(
  tree: readonly NodeJson[],
  options: {
    known?: readonly string[];
    dead?: readonly string[];
    rootState?: "live" | "trashed";
    shares?: Shares;
  } = {},
) {
  let changes: readonly ChangeJson[] = [];
  const listed: string[] = [];
  const below = (id: string): NodeJson[] =>
    tree.flatMap((each) => (each.parent_id === id ? [each].concat(below(each.id)) : []));
  const server = {
    listChanges: async () => ({ changes, next_token: "t", has_more: false, epoch: "e" }),
    snapshot: async () => ({ items: tree, next_cursor: "more", token: "t", epoch: "e" }),
    listBelow: async (id: NodeId) => {
      listed.push(id);
      return below(id);
    },
    queryNodes: async (ids: readonly NodeId[]) =>
      ids.map((id) => ({ id, state: id === rootId ? (options.rootState ?? "live") : ("live" as const) })),
  } as unknown as Server;
  const isLive = (id: string): boolean => options.known?.includes(id) === true;
  const isKnown = (id: string): boolean => isLive(id) || options.dead?.includes(id) === true;
  const narrow = narrowToSubtree(server, { rootId, isKnown, isLive, shares: options.shares ?? new Map() });
  const see = async (...given: readonly ChangeJson[]): Promise<readonly string[]> => {
    changes = given;
    return (await narrow.listChanges("")).changes.map(({ kind, id }) => `${kind} ${id}`);
  };
  return { narrow, see, listed };
}

const changed = (seq: number, each: NodeJson): ChangeJson => ({ seq, kind: "changed", id: each.id, node: each });

test("items outside do not exist, and items created inside appear", async () => {
  const { see } = world([]);
  assert.deepEqual(await see(changed(1, node("out", "elsewhere")), { seq: 2, kind: "gone", id: "other" }), []);
  assert.deepEqual(await see(changed(1, node("a", rootId, "folder")), changed(2, node("b", "a"))), [
    "appeared a",
    "appeared b",
  ]);
});

test("items moved out are gone, and items moved in appear with their content", async () => {
  const { see } = world([node("in", rootId, "folder"), node("child", "in")], { known: ["x"] });
  assert.deepEqual(await see(changed(1, node("x", "elsewhere"))), ["gone x"]);
  const moved = changed(1, node("in", rootId, "folder"));
  assert.deepEqual(await see(moved, changed(2, node("child", "in"))), ["appeared in", "changed child"]);
});

test("an item that moved out and returns appears with its content", async () => {
  const { see, listed } = world([node("in", rootId, "folder"), node("child", "in")], { dead: ["in"] });
  assert.deepEqual(await see(changed(1, node("in", rootId, "folder")), changed(2, node("child", "in"))), [
    "appeared in",
    "changed child",
  ]);
  assert.deepEqual(listed, ["in"]);
});

test("changes of known items are passed on unchanged", async () => {
  const { see, listed } = world([], { known: ["f", "x"] });
  assert.deepEqual(await see(changed(1, node("x", "f")), { seq: 2, kind: "gone", id: "x" }), ["changed x", "gone x"]);
  assert.deepEqual(listed, []);
});

test("a snapshot contains only items below the folder, and outside ones are gone", async () => {
  const { narrow } = world([node("a", rootId), node("o", "elsewhere")]);
  const { items, next_cursor } = await narrow.snapshot(undefined);
  assert.deepEqual([items.map(({ id }) => id), next_cursor], [["a"], null]);
  assert.deepEqual(await narrow.queryNodes(["o" as NodeId]), [{ id: "o", state: "gone" }]);
});

test("mounts below the folder, also ones that arrive with it or in it, are in view, and others are not", async () => {
  const shares = new Map([["m" as NodeId, { target: "target" as NodeId, isReadOnly: true }]]);
  const known = world([], { known: ["m"], shares });
  assert.deepEqual(await known.see(changed(1, node("x", "target"))), ["appeared x"]);
  const mount = { ...node("m", "in", "mount"), target: "target" };
  const tree = [node("in", rootId, "folder"), mount, node("x", "target")];
  const { see, listed } = world(tree);
  assert.deepEqual(await see(changed(1, node("x", "target"))), []);
  assert.deepEqual(await see(changed(1, node("in", rootId, "folder")), changed(2, node("x", "target"))), [
    "appeared in",
    "appeared x",
  ]);
  const alone = { ...node("m", rootId, "mount"), target: "target" };
  assert.deepEqual(await see({ ...changed(1, alone), kind: "appeared" }, changed(2, node("x", "target"))), [
    "appeared m",
    "appeared x",
  ]);
  assert.deepEqual(listed, ["in", "m"]);
});

test("a queried live node is gone only if it is not inside", async () => {
  const { narrow } = world([node("m", rootId, "mount"), node("o", "elsewhere")]);
  const states = (await narrow.queryNodes(["m", "o"] as NodeId[])).map(({ state }) => state);
  assert.deepEqual(states, ["live", "gone"]);
});

test("when the folder itself is gone, or one above it, that is a failure and deletes nothing", async () => {
  const { narrow, see } = world([node("a", rootId)], { known: ["a"], rootState: "trashed" });
  const failed = { code: "failed", message: /Restore it on the server/ };
  await assert.rejects(see({ seq: 1, kind: "gone", id: rootId }), failed);
  await assert.rejects(see({ seq: 1, kind: "gone", id: "somewhere above" }), failed);
  await assert.rejects(narrow.snapshot(undefined), failed);
});
