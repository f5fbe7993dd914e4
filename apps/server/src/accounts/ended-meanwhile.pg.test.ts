import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestDatabases, type TestDatabases } from "../db/testing.ts";
import { Authenticator } from "./authenticator.ts";
import { deleteDevice } from "./devices.ts";
import { findUser } from "./directory.ts";
import { leaveAccount } from "./leave-account.ts";
import { changeOwnPassword } from "./own-password.ts";
import { signIn } from "./sessions.ts";
import { createTestUser, openTestAccounts, type TestAccounts, testPassword } from "./testing.ts";

let databases: TestDatabases;
let world: TestAccounts;
let people = 0;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  world = await openTestAccounts(databases.shards);
});
after(() => databases.stop());

const source = "192.0.2.1";

/** Of a session that is ended while the password that came with the request is looked at, and whose account it is. */
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

test("a session that was ended while its request was under way changes no password", async () => {
  const { id, caller, world: ending } = await endedMeanwhile();
  const was = await findUser(databases.shards, id);
  const change = { current_password: testPassword, new_password: "a new sentence of theirs" };
  await assert.rejects(changeOwnPassword(ending, caller, change, source), { code: "unauthenticated" });
  assert.deepEqual(await findUser(databases.shards, id), was);
});

test("nor does it delete the account", async () => {
  const { id, caller, world: ending } = await endedMeanwhile();
  const was = await findUser(databases.shards, id);
  await assert.rejects(leaveAccount(ending, caller, { password: testPassword }, source), { code: "unauthenticated" });
  assert.deepEqual(await findUser(databases.shards, id), was);
});
