import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Kysely, sql } from "kysely";
import * as mounters from "../../base/db/shard-migrations/130-mounters.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { loadMounts } from "../../tree/read/mounts.ts";
import type { ModelNode } from "./testing-model.ts";
import { RightsWorld } from "./testing-rights-world.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTwoTestShards({ fsync: false });
});
after(() => databases.stop());

const [owner, grantee] = [0, 3] as const;

async function mountInner(world: RightsWorld): Promise<{ readonly upper: ModelNode; readonly inner: ModelNode }> {
  await world.make(owner, world.model.nodes[owner]!, "folder");
  const upper = world.model.nodes.at(-1)!;
  await world.make(owner, upper, "folder");
  const inner = world.model.nodes.at(-1)!;
  await world.grant(owner, upper, grantee, "editor", false);
  await world.settle();
  await world.mount(grantee, inner);
  await world.settle();
  assert.deepEqual(await mountedBy(world), [inner.id]);
  return { upper, inner };
}

async function mountedBy(world: RightsWorld): Promise<string[]> {
  return [...(await loadMounts(world.shards, await world.actor(grantee))).values()].map(({ targetId }) => targetId);
}

async function remembered(world: RightsWorld, { id }: ModelNode): Promise<unknown[]> {
  const { rows } = await sql`select user_id from shard.mounters where node_id = ${id}`.execute(
    world.shards.ofId(id).db,
  );
  return rows;
}

test("a mount is removed when its folder is trashed, even if a parent folder is the share", async () => {
  const world = await RightsWorld.open(databases.shards);
  try {
    const { inner } = await mountInner(world);
    assert.equal((await remembered(world, inner)).length, 1);
    await world.trash(owner, inner);
    await world.settle();
    assert.deepEqual(await mountedBy(world), []);
    assert.deepEqual(await remembered(world, inner), [], "nothing is kept of a mount that is gone");
  } finally {
    await world.close();
  }
});

test("mounts from before their registration are found after an upgrade", async () => {
  const world = await RightsWorld.open(databases.shards);
  try {
    const { upper, inner } = await mountInner(world);
    for (const { db } of databases.shards.all()) {
      await sql`drop table shard.mounters`.execute(db);
      await mounters.up(db as unknown as Kysely<unknown>);
    }
    await world.settle();
    assert.equal((await remembered(world, inner)).length, 1);
    await world.trash(owner, upper);
    await world.settle();
    assert.deepEqual(await mountedBy(world), []);
  } finally {
    await world.close();
  }
});

test("a rejected mount leaves no registration, and keeps those of others", async () => {
  const world = await RightsWorld.open(databases.shards);
  try {
    const { upper, inner } = await mountInner(world);
    await world.make(owner, upper, "folder");
    const beside = world.model.nodes.at(-1)!;
    await world.make(grantee, world.model.nodes[grantee]!, "folder");
    const taken = world.model.nodes.at(-1)!.name;
    await assert.rejects(world.mountAs(grantee, beside, taken), { code: "exists" });
    assert.deepEqual(await remembered(world, beside), []);
    assert.equal((await remembered(world, inner)).length, 1);
  } finally {
    await world.close();
  }
});

test("a mount deleted by its owner is unregistered at the next check", async () => {
  const world = await RightsWorld.open(databases.shards);
  try {
    const { upper, inner } = await mountInner(world);
    await world.unmount(grantee, 0);
    await world.trash(owner, upper);
    await world.settle();
    assert.deepEqual(await remembered(world, inner), []);
  } finally {
    await world.close();
  }
});
