import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { toBucket } from "@holdfast/core/ids";
import { expireCredentials } from "../accounts/sign-in/expire-credentials.ts";
import { makeProgramToken } from "../accounts/context/secret-token.ts";
import { openTestAccounts, type TestAccounts } from "../accounts/testing.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { consumeArtifact, readArtifact, writeArtifact } from "./artifacts.ts";

let databases: TestDatabases;
let world: TestAccounts;
before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  world = await openTestAccounts(databases.shards);
});
after(() => databases.stop());

const count = async () => {
  let rows = 0;
  for (const { db } of databases.shards.all())
    rows += (await db.selectFrom("shard.oauth_artifacts").select("id_hash").execute()).length;
  return rows;
};

test("device codes of every state and shard are deleted after their lifetime", async () => {
  const payload = { deviceInfo: { address: "192.0.2.7" } };
  const ids = [0, 0, 0, 4000].map((bucket) => makeProgramToken("v", toBucket(bucket), world.random));
  for (const id of ids) await writeArtifact(world, "DeviceCode", id, { payload, lifetimeSeconds: 600 });
  const [used = "", refused = ""] = ids;
  assert.equal(await consumeArtifact(world, used), true);
  assert.equal(await consumeArtifact(world, used), false, "which is known while it could still come again");
  const refusal = { ...payload, error: "access_denied" };
  await writeArtifact(world, "DeviceCode", refused, { payload: refusal, lifetimeSeconds: 600 });
  world.clock.forwardMs(599_000);
  assert.equal(await expireCredentials(world), 0);
  assert.equal(await count(), 4);
  world.clock.forwardMs(1000);
  for (const id of ids) assert.equal(await readArtifact(world, "DeviceCode", id), undefined);
  assert.equal(await expireCredentials(world), 4);
  assert.equal(await count(), 0);
});
