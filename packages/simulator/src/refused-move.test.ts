import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";

async function onceInterrupted(alone: Alone, deed: () => void, afterEach: () => void): Promise<string[]> {
  const server = alone.server();
  let isFirst = true;
  const refused: string[] = [];
  const commit: typeof server.commit = async (epoch, operations, blocks) => {
    if (isFirst) deed();
    isFirst = false;
    const answer = await server.commit(epoch, operations, blocks);
    afterEach();
    for (const { operation_id, code } of answer.results) {
      const operation = operations.find((each) => each.operation_id === operation_id);
      if (code !== undefined) refused.push(`${operation?.op} ${code}`);
    }
    return answer;
  };
  assert.ok((await alone.once({ server: { ...server, commit } })).inSync);
  return refused;
}

function mkdirOnServer(alone: Alone, name: string, parent_id: string = alone.world.model.rootId): void {
  alone.onServer({ op: "mkdir", operation_id: alone.world.model.fresh("another's "), parent_id, name });
}

function isLiveOnServer(alone: Alone, id: string): boolean {
  const { nodes } = alone.world.model;
  for (let node = nodes.get(id); node !== undefined; node = nodes.get(node.parentId ?? ""))
    if (node.trashed) return false;
  return true;
}

function hasLocalTrash(alone: Alone): boolean {
  const folder = alone.root.at(".holdfast/trash");
  return folder !== undefined && alone.root.list(".holdfast/trash").length > 0;
}

const obstacles: Readonly<Record<string, (alone: Alone) => void>> = {
  "a folder": (alone) => mkdirOnServer(alone, "x", alone.serverId("g")),
  "a file": (alone) => alone.putOnServer("another's", { parent_id: alone.serverId("g"), name: "x" }),
};

for (const [what, obstruct] of Object.entries(obstacles)) {
  for (const isMadeAnew of [false, true]) {
    const anew = isMadeAnew ? " and another gets its old name" : "";
    test(`${what} in the way while a folder is emptied into another of its name${anew}: nothing is trashed`, async () => {
      const alone = new Alone();
      for (const folder of ["f", "f/x"]) alone.mkdir(folder);
      alone.write("f/x/inside", "inside");
      await alone.once();
      const inside = alone.serverId("f/x/inside");
      alone.move("f", "g");
      alone.write("g/x/later", "later");
      if (isMadeAnew) alone.mkdir("f");
      if (isMadeAnew) alone.write("f/new", "new");
      mkdirOnServer(alone, "g");
      const refused = await onceInterrupted(
        alone,
        () => obstruct(alone),
        () => assert.ok(isLiveOnServer(alone, inside), "it never lies in the trash"),
      );
      assert.deepEqual(refused, ["move exists"], "what needs the name that was not set free is not sent");
      const wanted = ["g", "g/x", "g/x/inside", "g/x/later", ...(isMadeAnew ? ["f", "f/new"] : [])];
      assert.deepEqual(new Set(wanted).difference(new Set(alone.serverPaths())), new Set());
      assert.deepEqual(alone.diskPaths(), alone.serverPaths());
      assert.equal(alone.serverId("g/x/inside"), inside);
      assert.ok(!hasLocalTrash(alone));
      alone.close();
    });
  }
}

test("a folder renamed here to a name taken on the server, and deleted there, has its content moved into that one", async () => {
  const alone = new Alone();
  for (const folder of ["f", "f/x", "f/x/deep"]) alone.mkdir(folder);
  for (const file of ["f/x/inside", "f/x/gone", "f/x/deep/deeper"]) alone.write(file, file);
  await alone.once();
  const inside = alone.serverId("f/x/inside");
  for (const path of ["f/x/gone", "f"]) {
    alone.onServer({
      op: "delete",
      operation_id: alone.world.model.fresh("another's "),
      file_id: alone.serverId(path),
    });
  }
  mkdirOnServer(alone, "y");
  alone.move("f/x", "y");
  assert.ok((await alone.once()).inSync);
  const wanted = ["y", "y/deep", "y/deep/deeper", "y/inside"];
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [wanted, wanted]);
  assert.equal(alone.serverId("y/inside"), inside);
  alone.close();
});
