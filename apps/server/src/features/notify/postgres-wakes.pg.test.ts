import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { eventually } from "../../acceptance/testing.ts";
import { silentLog, startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { newTestId } from "../../tree/testing/testing.ts";
import { openPostgresWakes } from "./postgres-wakes.ts";
import type { WakeBus } from "./wakes.ts";

let databases: TestDatabases;
before(async () => (databases = await startTestDatabases()));
after(() => databases.stop());

test("a commit during a lost connection of its process is announced once when it reconnects", async () => {
  const heard: SpaceId[] = [];
  const hearing = await open((spaceId) => heard.push(spaceId));
  const others = await listeners();
  const cut = await open(() => {});
  const pid = (await listeners()).find((each) => !others.includes(each));
  const spaceId = newTestId<SpaceId>();
  try {
    await sql`select pg_terminate_backend(${pid}, 10000)`.execute(databases.shards.ofId(spaceId).db);
    // The receiving process never lost its connection, so only this message can wake it.
    cut.publish(spaceId);
    await eventually("the other process hears of it", 60_000, () => heard.length > 0 || undefined);
    assert.deepEqual(heard, [spaceId]);
  } finally {
    await Promise.all([hearing.close(), cut.close()]);
  }
});

test("a process without a worker wakes the others for a shard's queue", async () => {
  const heard: string[] = [];
  const [hearing, ringing] = [
    await open(
      () => {},
      (shardId) => heard.push(shardId),
    ),
    await open(() => {}),
  ];
  try {
    for (const shard of databases.shards.all()) ringing.ring(shard);
    const ids = databases.shards.all().map(({ id }) => id);
    await eventually("the other process hears of it", 60_000, () => heard.length === ids.length || undefined);
    assert.deepEqual(heard.toSorted(), ids.toSorted());
  } finally {
    await Promise.all([hearing.close(), ringing.close()]);
  }
});

async function open(
  wake: (spaceId: SpaceId) => unknown,
  rung: (shardId: string) => unknown = () => {},
): Promise<WakeBus> {
  const connected = Promise.withResolvers<void>();
  let missing = databases.shards.all().length;
  const listener = {
    wake,
    rung,
    connected: () => {
      missing -= 1;
      if (missing === 0) connected.resolve();
    },
  };
  const log = { ...silentLog, debug: () => {} } as unknown as Parameters<typeof openPostgresWakes>[0]["log"];
  const bus = openPostgresWakes({ shards: databases.shards, listener, log });
  await connected.promise;
  return bus;
}

async function listeners(): Promise<number[]> {
  const { rows } = await sql<{ pid: number }>`
    select pid from pg_stat_activity where application_name like 'holdfast wakes%'`.execute(
    databases.shards.ofId(newTestId<SpaceId>()).db,
  );
  return rows.map(({ pid }) => pid);
}
