import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bounded } from "@holdfast/tools/bounded";
import { sql } from "kysely";
import { startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { Authenticator } from "./authenticator.ts";
import { deleteDevice } from "./devices.ts";
import { findUser } from "../context/directory.ts";
import { leaveAccount } from "../proof/leave-account.ts";
import { changeOwnPassword } from "../proof/own-password.ts";
import { signIn } from "./sessions.ts";
import { createTestUser, openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";

let databases: TestDatabases;
let world: TestAccounts;
let people = 0;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  world = await openTestAccounts(databases.shards);
});
after(() => databases.stop());

const source = "192.0.2.1";

async function endedMeanwhile() {
  const { id, email } = await createTestUser(world, `person${++people}@example.org`);
  const session = await signIn(world, { email, password: testPassword }, source);
  const caller = await new Authenticator(world).authenticate(session.access_token);
  let isEnded = false;
  const check = async () => {
    if (!isEnded) await deleteDevice(world, caller, session.device_id);
    isEnded = true;
  };
  return { id, caller, world: { ...world, throttle: { check, failed: async () => {} } } };
}

test("a session that ends during its request cannot change the password", async () => {
  const { id, caller, world: ending } = await endedMeanwhile();
  const was = await findUser(databases.shards, id);
  const change = { current_password: testPassword, new_password: "a new sentence of theirs" };
  await assert.rejects(changeOwnPassword(ending, caller, change, source), { code: "unauthenticated" });
  assert.deepEqual(await findUser(databases.shards, id), was);
});

test("a session that ends during its request cannot delete the account", async () => {
  const { id, caller, world: ending } = await endedMeanwhile();
  const was = await findUser(databases.shards, id);
  await assert.rejects(leaveAccount(ending, caller, { password: testPassword }, source), { code: "unauthenticated" });
  assert.deepEqual(await findUser(databases.shards, id), was);
});

test("a second factor enabled during a sign-in without one is required", async () => {
  const { id, email } = await createTestUser(world, `person${++people}@example.org`);
  const { db } = databases.shards.ofId(id);
  const enter = () => signIn(world, { email, password: testPassword }, source);
  const begun = await db.transaction().execute(async (transaction) => {
    await transaction.updateTable("shard.users").set({ name: "locked" }).where("id", "=", id).execute();
    const entering = enter();
    entering.catch(() => {});
    const waiting = sql`
      select from pg_stat_activity where wait_event_type = 'Lock' and query like '%shard%users%for share%'
        and datname = current_database()`;
    const stillInTime = bounded("the sign-in waits for the lock");
    while ((await waiting.execute(db)).rows.length === 0) stillInTime();
    await sql`insert into shard.second_factors (user_id, since) values (${id}, 1)`.execute(db);
    return { entering };
  });
  await assert.rejects(begun.entering, { code: "unavailable" });
  await assert.rejects(enter(), { code: "second_factor" });
});
