import assert from "node:assert/strict";
import { test } from "node:test";
import { homeOf } from "./model-shares.ts";
import { Shared } from "./shared.ts";

for (const hears of [true, false]) {
  const when = hears ? "after the device heard of that" : "before the device hears of either";
  test(`changes in a share during its mount's time in a trashed folder appear with that folder, ${when}`, async () => {
    const world = new Shared("viewer", { parentId: "mine" });
    await world.once();
    world.onServer({ op: "delete", operation_id: "delete", file_id: "mine" }, "bob");
    if (hears) await world.once();
    world.owner({ op: "delete", file_id: "node a.txt" });
    world.ownerMakes("folder");
    world.owner({ op: "move", file_id: "folder", parent_id: "docs", name: "a.txt" });
    world.ownerPuts("inside.txt", "inside", "folder");
    const back = { op: "move", file_id: "mine", parent_id: homeOf("bob"), name: "mine", revive: true } as const;
    world.onServer({ ...back, operation_id: "back" }, "bob");
    assert.ok((await world.once()).inSync);
    const there = { "mine/docs": "/", "mine/docs/a.txt": "/", "mine/docs/a.txt/inside.txt": "inside" };
    assert.deepEqual(world.onDisk(), { mine: "/", ...there });
    world.close();
  });
}
