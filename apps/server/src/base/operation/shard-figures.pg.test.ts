import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { silentLog, startTwoTestShards, type TestDatabases } from "../db/testing.ts";
import { startTestPair } from "../db/replicas/testing-standby.ts";
import { runStatement } from "../db/testing-migrated.ts";
import { openDatabases } from "../db/shards.ts";
import { topologySchema } from "../db/topology.ts";
import { readShards } from "./shard-figures.ts";

let databases: TestDatabases;
before(async () => void (databases = await startTwoTestShards()));
after(() => databases?.stop());

test("shards on a Unix socket are listed with socket folder and database, without the password", async () => {
  const { host, port, password } = databases.connection;
  const items = await readShards(databases);
  assert.deepEqual(
    items.map(({ name, state, buckets, accounts }) => ({ name, state, buckets, accounts })),
    ["low", "high"].map((name) => ({ name, state: "ok", buckets: 2048, accounts: 0 })),
  );
  for (const { database } of items) {
    assert.ok(database.startsWith(`${host}:${port}/test_`), database);
    assert.ok(!database.includes(String(password)));
  }
});

test("a shard over TCP is listed with host and database, and with its port unless it is the default", async () => {
  const buckets = [[0, 4095]];
  for (const [authority, shown] of [
    ["holdfast:secret@127.0.0.1:1", "127.0.0.1:1"],
    ["holdfast:secret@[::1]:5432", "[::1]"],
  ]) {
    const shards = [{ id: "away", buckets, database_url: `postgres://${authority}/drive?sslmode=disable` }];
    const topology = topologySchema.parse({ shards, cells: [{ id: "main", buckets }] });
    const away = openDatabases({ topology, defaultConnection: databases.connection, log: silentLog });
    const items = await readShards(away);
    await away.close();
    assert.deepEqual(
      items.map(({ database, state, accounts }) => ({ database, state, accounts })),
      [{ database: `${shown}/drive`, state: "unreachable", accounts: null }],
    );
  }
});

test("a read replica is listed with its state and how far it is behind", async () => {
  const pair = await startTestPair();
  const [standby] = pair.standbys;
  const buckets = [[0, 4095]];
  const shards = [{ id: "main", buckets, replica_urls: [standby?.url, pair.url, "postgres://127.0.0.1:1/drive"] }];
  const topology = topologySchema.parse({ shards, cells: [{ id: "main", buckets }] });
  const replicated = openDatabases({ topology, defaultConnection: pair.connection, log: silentLog });
  const states = async () => (await readShards(replicated))[0]?.replicas.map(({ state }) => state);
  try {
    assert.deepEqual(await states(), ["used", "not_standby", "unreachable"]);
    await standby?.run("select pg_wal_replay_pause()");
    await runStatement(pair.connection, "create table public.change as select 1 as one");
    const [shard] = await readShards(replicated);
    const [replica] = shard?.replicas ?? [];
    assert.equal(replica?.state, "behind");
    assert.ok((replica?.behind_bytes ?? 0) > 0);
  } finally {
    await replicated.close();
    await pair.stop();
  }
});
