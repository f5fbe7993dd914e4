import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTwoTestShards, type TestDatabases } from "../db/testing.ts";
import { findShares } from "../journal/share-changes.ts";
import { readHead } from "../journal/start-token.ts";
import { RightsWorld } from "../sharing/testing-rights-world.ts";
import { findNews } from "./share-news.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTwoTestShards({ fsync: false });
});
after(() => databases.stop());

test("who has left the group while the poll is held is told of nothing that happens in its folder", async () => {
  const world = await RightsWorld.open(databases.shards);
  try {
    const { nodes } = world.model;
    await world.make(0, nodes[0]!, "folder");
    const folder = nodes.at(-1)!;
    await world.changeMember("some", 1);
    await world.changeMember("some", 3);
    await world.grant(0, folder, "some", "viewer", false);
    await world.settle();
    const watching = [];
    for (const person of [1, 3]) {
      await world.mount(person, folder);
      const caller = await world.actor(person);
      const shares = await findShares(world.shards, caller);
      const head = await readHead(world.shards, shares[0]!.spaceId);
      watching.push({ caller, shares, positions: new Map([[head.spaceId, head]]) });
    }
    const [left, stays] = watching;
    const { spaceId } = stays!.shares[0]!;
    await world.changeMember("some", 1);
    await world.make(0, folder, "file");
    const news = await findNews(world.shards, spaceId, watching);
    assert.deepEqual(
      [news.has(left!), news.get(stays!)],
      [
        false,
        {
          type: "file_create",
          nodeId: nodes.at(-1)!.id,
          atMicros: (news.get(stays!) as { atMicros: number }).atMicros,
        },
      ],
    );
    assert.deepEqual(left!.positions.get(spaceId), await readHead(world.shards, spaceId), "it is not looked at again");
  } finally {
    await world.close();
  }
});
