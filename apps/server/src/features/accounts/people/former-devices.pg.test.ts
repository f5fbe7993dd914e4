import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { DeviceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { Authenticator } from "../sign-in/authenticator.ts";
import { deleteDevice, deleteDevices } from "../sign-in/devices.ts";
import { expireCredentials } from "../sign-in/expire-credentials.ts";
import { readDeviceNames } from "./former-devices.ts";
import { signIn } from "../sign-in/sessions.ts";
import { createTestUser, openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";

let databases: TestDatabases;
let world: TestAccounts;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  world = await openTestAccounts(databases.shards);
});
after(() => databases.stop());

async function newPerson(email: string) {
  const user = await createTestUser(world, email);
  const add = (device_name: string) => signIn(world, { email, password: testPassword, device_name }, "192.0.2.1");
  const first = await add("desk");
  const caller = await new Authenticator(world).authenticate(first.access_token);
  const namesOf = async (...ids: string[]) => {
    const names = await readDeviceNames(world.shards, user.id, ids);
    return ids.map((id) => names.get(id));
  };
  return { user, caller, add, first, namesOf };
}

test("a removed device keeps its name in the history, however it was removed", async () => {
  const { caller, add, first, namesOf } = await newPerson("ann@example.org");
  const stolen = await add("laptop");
  await deleteDevice(world, caller, stolen.device_id);
  const cleared = await add("tablet");
  await deleteDevice(world, caller, cleared.device_id, { removesCopies: true });
  const other = await add("phone");
  await deleteDevices(world, caller, true);
  await deleteDevice(world, caller, first.device_id);
  assert.deepEqual(await namesOf(stolen.device_id, cleared.device_id, other.device_id, first.device_id), [
    "laptop",
    "tablet",
    "phone",
    "desk",
  ]);
  const stranger = await newPerson("bert@example.org");
  assert.deepEqual(await stranger.namesOf(stolen.device_id), [undefined]);
});

test("an expired device keeps its name in the history", async () => {
  const { user, first, namesOf } = await newPerson("cleo@example.org");
  const { db } = world.shards.ofId(user.id);
  const unused = first.device_id.replace(/.{8}$/, "00000000") as DeviceId;
  await db
    .insertInto("shard.devices")
    .values({ user_id: user.id, id: unused, name: "attic", created_at: 1, last_seen_at: 1, browser: false })
    .execute();
  await expireCredentials(world);
  assert.equal(await db.selectFrom("shard.devices").where("id", "=", unused).executeTakeFirst(), undefined);
  assert.deepEqual(await namesOf(unused, first.device_id), ["attic", "desk"]);
});

test("if very many devices were removed, the newest names stay", async () => {
  const { user, caller, add, first, namesOf } = await newPerson("dora@example.org");
  const { db } = world.shards.ofId(user.id);
  const ids = Array.from({ length: limits.devicesMax }, (_, index) =>
    first.device_id.replace(/.{8}$/, index.toString(16).padStart(8, "0")),
  );
  await db
    .insertInto("shard.former_devices")
    .values(ids.map((id, at) => ({ user_id: user.id, device_id: id as DeviceId, name: "old", removed_at: at })))
    .execute();
  const newest = await add("newest");
  await deleteDevice(world, caller, newest.device_id);
  assert.deepEqual(await namesOf(ids[0] ?? "", ids[1] ?? "", newest.device_id), [undefined, "old", "newest"]);
});
