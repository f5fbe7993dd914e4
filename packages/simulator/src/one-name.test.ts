import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";

test("two folders renamed to one name, here and elsewhere, become one", async () => {
  const alone = new Alone();
  for (const folder of ["x", "y"]) {
    alone.mkdir(folder);
    alone.write(`${folder}/of ${folder}`, folder);
  }
  await alone.once();
  alone.move("x", "z");
  const move = { op: "move", operation_id: "another's", file_id: alone.serverId("y") } as const;
  alone.onServer({ ...move, parent_id: alone.world.model.rootId, name: "z" });
  assert.ok((await alone.once()).inSync);
  const wanted = ["z", "z/of x", "z/of y"];
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [wanted, wanted]);
  alone.close();
});
