import assert from "node:assert/strict";
import { test } from "node:test";
import type { Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

function put(alone: Alone, parentId: string, name: string): void {
  const operation_id = `${parentId} ${name}`;
  alone.onServer({ op: "put", operation_id, parent_id: parentId, name, size: 0, blocks: [] });
}

function mkdir(alone: Alone, parentId: string, id: string, name: string): void {
  alone.onServer({ op: "mkdir", operation_id: `mkdir ${id}`, parent_id: parentId, id, name });
}

function saying(alone: Alone, names: Readonly<Record<string, string>>): Server {
  const inner = alone.server();
  const say = <Node extends { readonly name: string; readonly target?: string | undefined }>(node: Node): Node => ({
    ...node,
    name: names[node.name] ?? node.name,
    ...(node.target !== undefined && { target: names[node.target] ?? node.target }),
  });
  return {
    ...inner,
    snapshot: async (cursor) => {
      const page = await inner.snapshot(cursor);
      return { ...page, items: page.items.map(say) };
    },
    listChanges: async (since) => {
      const page = await inner.listChanges(since);
      const changes = page.changes.map((each) => ({ ...each, ...(each.node && { node: say(each.node) }) }));
      return { ...page, changes };
    },
    listBelow: async (id) => (await inner.listBelow(id)).map(say),
  };
}

test("a folder on the server with the name of the engine's own one is left alone, and the own one is untouched", async () => {
  const alone = new Alone();
  const { rootId } = alone.world.model;
  alone.write("a", "a");
  mkdir(alone, rootId, "bad", ".holdfast");
  put(alone, "bad", "root.json");
  mkdir(alone, "bad", "bad-trash", "trash");
  put(alone, "bad-trash", "x");
  const before = alone.serverPaths();
  for (let run = 0; run < 2; run += 1) {
    const { inSync, problems } = await alone.once();
    assert.deepEqual([inSync, problems.map(({ path, code }) => [path, code])], [true, [[".holdfast", "skipped"]]]);
  }
  assert.deepEqual(alone.serverPaths(), [...before, "a"].toSorted());
  assert.equal(alone.root.at(".holdfast/trash/x"), undefined);
  assert.notEqual(alone.root.mustBeAt(".holdfast/root.json").now.bytes.length, 0);
  assert.deepEqual(alone.diskPaths(), ["a"]);
  alone.close();
});

test("a folder on the server with a name in it that no disk can store is not deleted", async () => {
  const alone = new Alone();
  const { rootId } = alone.world.model;
  mkdir(alone, rootId, "f", "f");
  put(alone, "f", "good");
  put(alone, "f", "bad");
  const server = saying(alone, { bad: "b\0d" });
  assert.ok((await alone.once({ server })).inSync);
  assert.deepEqual(alone.diskPaths(), ["f", "f/good"]);
  alone.remove("f/good");
  alone.remove("f");
  assert.ok((await alone.once({ server })).inSync);
  assert.deepEqual(alone.serverPaths(), ["f", "f/bad"]);
  alone.close();
});

for (const name of ["../../x", "..", "a/b", "a\0b", "a\u0007b", "n".repeat(256), "a\uD800", ""]) {
  test(`nothing is written for a node named ${JSON.stringify(name.slice(0, 20))} by the server, nor for its content`, async () => {
    const alone = new Alone();
    const { rootId } = alone.world.model;
    mkdir(alone, rootId, "bad", "bad");
    put(alone, "bad", "below");
    put(alone, rootId, "good");
    for (let run = 0; run < 2; run += 1) {
      const { inSync, problems } = await alone.once({ server: saying(alone, { bad: name }) });
      assert.deepEqual([inSync, problems.map(({ code }) => code)], [true, ["skipped"]]);
      assert.ok(!/\p{Cc}/u.test(problems[0]?.path ?? ""));
      assert.deepEqual(alone.diskPaths(), ["good"]);
    }
    assert.deepEqual(alone.serverPaths(), ["bad", "bad/below", "good"]);
    alone.close();
  });
}

test("a link whose target no disk can store is skipped", async () => {
  const alone = new Alone();
  const { rootId } = alone.world.model;
  alone.onServer({ op: "symlink", operation_id: "link", parent_id: rootId, id: "link", name: "link", target: "bad" });
  const { inSync, problems } = await alone.once({ server: saying(alone, { bad: "a\0b" }) });
  assert.deepEqual([inSync, problems.map(({ path, code }) => [path, code])], [true, [["link", "skipped"]]]);
  assert.deepEqual(alone.diskPaths(), []);
  alone.close();
});
