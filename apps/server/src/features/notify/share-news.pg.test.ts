import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { findShares } from "../../tree/journal/share-changes.ts";
import { readHead } from "../../tree/journal/start-token.ts";
import type { ModelNode } from "../sharing/testing-model.ts";
import { RightsWorld } from "../sharing/testing-rights-world.ts";
import { findNews } from "./share-news.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTwoTestShards({ fsync: false });
});
after(() => databases.stop());

test("an account that left the group during a poll gets no news of its folder", async () => {
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

test("a poll of an account thousands of entries behind is answered without reading them", async () => {
  const world = await RightsWorld.open(databases.shards);
  try {
    const { nodes } = world.model;
    await world.make(0, nodes[0]!, "folder");
    const folder = nodes.at(-1)!;
    await world.grant(0, folder, 1, "viewer", false);
    await world.settle();
    await world.mount(1, folder);
    const caller = await world.actor(1);
    const shares = await findShares(world.shards, caller);
    const { spaceId } = shares[0]!;
    const early = await readHead(world.shards, spaceId);
    const { db } = world.shards.ofId(spaceId);
    const add = (count: number) =>
      sql`
        with last as (update shard.spaces set seq = seq + ${count} where id = ${spaceId} returning seq)
        insert into shard.journal (space_id, seq, tag, node_id, kind, actor, at)
        select ${spaceId}, last.seq - ${count} + n, '\\x0011223344556677', ${nodes[0]!.id}, 'changed', ${caller.userId}, 7
        from last, generate_series(1, ${count}::int) as n`.execute(db);
    await add(2000);
    const told = async () => {
      const each = { caller, shares, positions: new Map([[spaceId, early]]) };
      return (await findNews(world.shards, spaceId, [each])).get(each);
    };
    assert.equal(await told(), undefined, "all of them are looked at");
    await add(1);
    assert.deepEqual(await told(), { type: "file_update", nodeId: null, atMicros: 7 });
  } finally {
    await world.close();
  }
});

test("moves and renames of parent folders are reported only to accounts whose permission comes from there", async () => {
  const world = await RightsWorld.open(databases.shards);
  try {
    const { nodes } = world.model;
    const folderIn = async (parent: ModelNode): Promise<ModelNode> => {
      await world.make(0, parent, "folder");
      return nodes.at(-1)!;
    };
    const root = nodes[0]!;
    const [viewed, edited, plain] = [await folderIn(root), await folderIn(root), await folderIn(root)];
    const above = await folderIn(viewed);
    const shared = await folderIn(above);
    await world.grant(0, viewed, 1, "viewer", false);
    await world.grant(0, edited, 1, "editor", false);
    await world.grant(0, shared, 2, "viewer", false);
    await world.settle();
    for (const person of [1, 2]) await world.mount(person, shared);
    const spaces = [(await world.actor(1)).spaceId, (await world.actor(2)).spaceId];
    const seqs = async () => Promise.all(spaces.map(async (id) => (await readHead(world.shards, id)).seq));
    const changes = async (act: () => Promise<void>): Promise<number[]> => {
      const earlier = await seqs();
      await act();
      await world.settle();
      return (await seqs()).map((seq, index) => seq - (earlier[index] ?? 0));
    };
    assert.deepEqual(await changes(() => world.rename(above)), [0, 0]);
    assert.deepEqual(await changes(() => world.move(0, above, edited)), [1, 0], "other rights from above");
    assert.deepEqual(await changes(() => world.move(0, above, plain)), [1, 0], "no rights any more");
    assert.deepEqual(await changes(() => world.move(0, above, root)), [0, 0]);
  } finally {
    await world.close();
  }
});
