import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { UserRow } from "../../../base/db/account-tables.ts";
import { startTwoTestShards, type TestDatabases } from "../../../base/db/testing.ts";
import type { Caller } from "../context/caller.ts";
import { confirmAddress, confirmationLink } from "../people/confirm-address.ts";
import { findUser, findUserByEmail } from "../context/directory.ts";
import { changeOwnPassword } from "./own-password.ts";
import { resetLink, resetPassword } from "./reset-password.ts";
import { createTestUser, openTestAccounts, signedInAs, type TestAccounts, testPassword } from "../testing.ts";
import { updateUser } from "../people/users.ts";
import { wishAddress } from "./wish-address.ts";

let databases: TestDatabases;
let world: TestAccounts;
let people = 0;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  world = await openTestAccounts(databases.shards);
});
after(() => databases.stop());

const source = "192.0.2.1";
const wanted = "a new sentence of theirs";

async function wishedByAnother() {
  const user = await createTestUser(world, `person${++people}@example.org`);
  const caller = await signedInAs(world, user);
  const email = `thief${people}@example.org`;
  await wishAddress(world, caller, { email, proof: { password: testPassword }, source });
  const token = confirmationLink(world, user.id, email).replace("/setup#", "");
  return { user, caller, token, email };
}

async function assertStays({ id, email }: UserRow, caller: Caller, token: string): Promise<void> {
  await assert.rejects(confirmAddress(world, caller, token), { code: "invalid_field", field: "token" });
  const now = await findUser(databases.shards, id);
  assert.deepEqual([now?.email, now?.next_email], [email, null]);
}

test("a new password by the owner cancels a pending change of the address", async () => {
  const { user, caller, token } = await wishedByAnother();
  await changeOwnPassword(world, caller, { current_password: testPassword, new_password: wanted }, source);
  await assertStays(user, caller, token);
});

test("a reset password and one set by an administrator cancel it too", async () => {
  const forgotten = await wishedByAnother();
  const [, reset = ""] = resetLink(world, forgotten.user).split("#");
  await resetPassword(world, { token: reset, new_password: wanted }, source);
  await assertStays(forgotten.user, forgotten.caller, forgotten.token);
  const helped = await wishedByAnother();
  await updateUser(world, helped.user.id, { password: wanted });
  await assertStays(helped.user, helped.caller, helped.token);
});

test("other changes by an administrator keep it", async () => {
  const { user, caller, token } = await wishedByAnother();
  await updateUser(world, user.id, { name: "Ann B." });
  assert.equal((await confirmAddress(world, caller, token)).confirmed, true);
});

test("a stranger with the mail to a mistyped address gets neither the account nor its password", async () => {
  const { user, token, email } = await wishedByAnother();
  const stranger = await signedInAs(world, await createTestUser(world, `stranger${people}@example.org`));
  await assert.rejects(confirmAddress(world, stranger, token), { code: "invalid_field", field: "token" });
  assert.equal((await findUser(databases.shards, user.id))?.email, user.email);
  assert.equal(await findUserByEmail(databases.shards, email), undefined);
});
