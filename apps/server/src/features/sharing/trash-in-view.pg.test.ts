import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import type { ModelNode } from "./testing-model.ts";
import { RightsWorld } from "./testing-rights-world.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTwoTestShards({ fsync: false });
});
after(() => databases.stop());

const [owner, editor] = [0, 1] as const;

test("an editor sees trashed items of a shared folder until the shared folder itself is trashed", async () => {
  const world = await RightsWorld.open(databases.shards);
  try {
    const make = async (parent: ModelNode): Promise<ModelNode> => {
      await world.make(owner, parent, "folder");
      return world.model.nodes.at(-1)!;
    };
    const shared = await make(world.model.nodes[owner]!);
    const folder = await make(shared);
    const inner = await make(folder);
    const seen = async () => {
      const ids = [shared, folder, inner].map(({ id }) => id);
      const found = await findNodes(world.shards, await world.actor(editor), ids);
      return ids.map((id) => found.has(id));
    };
    await world.grant(owner, shared, editor, "editor", false);
    await world.settle();
    await world.trash(owner, inner);
    await world.settle();
    await world.trash(owner, folder);
    await world.settle();
    assert.deepEqual(await seen(), [true, true, true]);
    await world.trash(owner, shared);
    await world.settle();
    assert.deepEqual(await seen(), [false, false, false]);
    await world.restore(owner, shared);
    await world.settle();
    assert.deepEqual(await seen(), [true, true, true], "with the folder, its trash is in view again");
  } finally {
    await world.close();
  }
});
