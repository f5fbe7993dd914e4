import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { GroupId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { UserRow } from "../../../base/db/account-tables.ts";
import { startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { Authenticator } from "./authenticator.ts";
import { createPersonalToken } from "../people/personal-tokens.ts";
import { signIn } from "./sessions.ts";
import { createTestUser, openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";

let databases: TestDatabases;
let world: TestAccounts;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  world = await openTestAccounts(databases.shards);
});
after(() => databases.stop());

test("a caller has its current groups by session and token, and no groups of others", async () => {
  const user = await createTestUser(world, "ann@example.org");
  const other = await createTestUser(world, "bob@example.org");
  const authenticator = new Authenticator(world);
  const signInAs = async ({ email }: UserRow) =>
    (await signIn(world, { email, password: testPassword }, "192.0.2.1")).access_token;
  const [session, strange] = [await signInAs(user), await signInAs(other)];
  const caller = await authenticator.authenticate(session);
  const made = await createPersonalToken(world, caller, { name: "t", scopes: ["files:read"], expiresAtMicros: null });
  const groupsOf = async (token: string) => (await authenticator.authenticate(token)).groupIds.toSorted();
  const [first, second] = ["1", "2"].map((digit) => `00000000-0000-8000-8000-00000000000${digit}` as GroupId);
  assert.deepEqual(await groupsOf(session), []);
  await sql`insert into shard.memberships (user_id, group_id, role, change, changed_at) values
    (${user.id}, ${first}, 'member', 1, 0), (${user.id}, ${second}, 'manager', 1, 0)`.execute(
    databases.shards.ofId(user.id).db,
  );
  assert.deepEqual(await groupsOf(session), [first, second]);
  assert.deepEqual(await groupsOf(made.token), [first, second]);
  assert.deepEqual(await groupsOf(strange), []);
  await sql`update shard.memberships set role = null where group_id = ${first}`.execute(
    databases.shards.ofId(user.id).db,
  );
  assert.deepEqual(await groupsOf(session), [second]);
  assert.deepEqual(await groupsOf(made.token), [second]);
});
