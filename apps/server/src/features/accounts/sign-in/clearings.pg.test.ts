import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { Authenticator } from "./authenticator.ts";
import { listClearings, listSignedOut, readClearing, reportClearing } from "./clearings.ts";
import { deleteDevice } from "./devices.ts";
import { signIn } from "./sessions.ts";
import { createTestUser, openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";

let databases: TestDatabases;
let world: TestAccounts;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  world = await openTestAccounts(databases.shards);
});
after(() => databases.stop());

async function newPerson(email: string) {
  await createTestUser(world, email);
  const session = await signIn(world, { email, password: testPassword, device_name: "laptop" }, "192.0.2.1");
  return { email, caller: await new Authenticator(world).authenticate(session.access_token) };
}

test("a revoked device can be ordered later to remove its copies, once, and only by its account", async () => {
  const { caller, email } = await newPerson("ann@example.org");
  const stranger = await newPerson("bert@example.org");
  const phone = await signIn(world, { email, password: testPassword, device_name: "phone" }, "192.0.2.1");
  const secret = phone.device_secret ?? "";
  await deleteDevice(world, caller, phone.device_id);
  await assert.rejects(readClearing(world, secret), { code: "not_found" });
  assert.deepEqual(await listClearings(world, caller), []);
  assert.deepEqual(
    (await listSignedOut(world, caller)).map(({ device_id: id, name }) => [id, name]),
    [[phone.device_id, "phone"]],
  );
  const asks = { removesCopies: true };
  await assert.rejects(deleteDevice(world, stranger.caller, phone.device_id, asks), { code: "not_found" });
  await deleteDevice(world, caller, phone.device_id, asks);
  assert.equal((await readClearing(world, secret)).device_id, phone.device_id);
  assert.deepEqual(await listSignedOut(world, caller), []);
  await reportClearing(world, { device_secret: secret, removed: 0, kept: 0 });
  await assert.rejects(deleteDevice(world, caller, phone.device_id, asks), { code: "not_found" });
});
