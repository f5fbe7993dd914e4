import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { makeId, toBucket, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { startTwoTestShards, type TestDatabases } from "../../../base/db/testing.ts";
import { signUpLifetimeMicros } from "../context/directory.ts";
import { listInvitations } from "./invitations-list.ts";
import { claimInvitation, createInvitation } from "./invitations.ts";
import { readInvitation } from "./read-invitation.ts";
import { setUp } from "./set-up.ts";
import { signUp } from "./sign-up.ts";
import { createTestUser, failuresMax, openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";
import { updateUser } from "../people/users.ts";

let databases: TestDatabases;
let world: TestAccounts;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
});
beforeEach(async () => {
  for (const { db } of databases.shards.all()) {
    await sql`truncate shard.users, shard.directory, shard.invitations, shard.spaces, shard.nodes`.execute(db);
  }
  world = await openTestAccounts(databases.shards);
});
after(() => databases.stop());

const person = (email: string) => ({ email, password: testPassword, name: "Bob" });
const invite = async (email: string | null = null) =>
  (await createInvitation(world, { kind: "invite", email, quotaBytes: 1000 })).token;

test("an invitation returns its address until it is used or has expired", async () => {
  const token = await invite("Bob@Example.org");
  const gone = { code: "not_found" };
  const expected = { kind: "invite", email: "bob@example.org", expires_at: "2026-01-08T00:00:00.000000Z", shared: [] };
  assert.deepEqual(await readInvitation(world, token, "1"), expected);
  await signUp(world, { ...person("bob@example.org"), invite: token }, "1");
  await assert.rejects(readInvitation(world, token, "1"), gone);
  const late = await invite();
  world.clock.forwardMs(limits.invitationLifetimeMs - 1);
  assert.equal((await readInvitation(world, late, "1")).email, null);
  world.clock.forwardMs(1);
  await assert.rejects(readInvitation(world, late, "1"), gone);
  for (const unknown of ["", "hfi_", "hfi_000_x", `hfi_fff_${"A".repeat(43)}`])
    await assert.rejects(readInvitation(world, unknown, "1"), gone);
});

test("a claimed invitation is valid until its user is created, and a setup link until an administrator exists", async () => {
  const token = await invite();
  const made = await createTestUser(world, "c@example.org");
  const died = makeId<UserId>(toBucket(3), 1, world.random(8));
  assert.ok(await claimInvitation(world, token, "a@example.org", died));
  assert.equal((await readInvitation(world, token, "1")).kind, "invite");
  world.clock.forwardMs(signUpLifetimeMicros / 1000);
  assert.ok(await claimInvitation(world, token, "c@example.org", made.id));
  await assert.rejects(readInvitation(world, token, "1"), { code: "not_found" });
  const setup = await setUp(world, undefined);
  assert.ok(setup !== undefined);
  assert.equal((await readInvitation(world, setup, "1")).kind, "setup");
  await createTestUser(world, "root@example.org", { admin: true });
  await assert.rejects(readInvitation(world, setup, "1"), { code: "not_found" });
});

test("too many invitation lookups are limited, but do not prevent a sign-up with a valid one", async () => {
  const token = await invite();
  for (let failure = 0; failure < failuresMax; failure++)
    await assert.rejects(readInvitation(world, `hfi_000_${failure}`, "eve"), { code: "not_found" });
  await assert.rejects(readInvitation(world, token, "eve"), { code: "rate_limited" });
  assert.equal((await readInvitation(world, token, "bob")).kind, "invite");
  await signUp(world, { ...person("bob@example.org"), invite: token }, "eve");
});

test("all invitations for an address end with its sign-up, on every shard, and no others", async () => {
  const tokens = await Promise.all(Array.from({ length: 8 }, () => invite("Bob@Example.org")));
  const others = [await invite("eve@example.org"), await invite()];
  await signUp(world, { ...person("bob@example.org"), invite: tokens[0] }, "1");
  const left = async () =>
    Promise.all(databases.shards.all().map(({ db }) => db.selectFrom("shard.invitations").select("email").execute()));
  assert.deepEqual(new Set((await left()).flat().map(({ email }) => email)), new Set(["eve@example.org", null]));
  for (const token of tokens) await assert.rejects(readInvitation(world, token, "1"), { code: "not_found" });
  for (const token of others) assert.equal((await readInvitation(world, token, "1")).kind, "invite");
});

test("an invitation for an address that an account already has is not open", async () => {
  const { id } = await createTestUser(world, "ann@example.org");
  const token = await invite("bob@example.org");
  const listed = async () => (await listInvitations(world, {})).items.map(({ email }) => email);
  assert.deepEqual(await listed(), ["bob@example.org"]);
  await updateUser(world, id, { email: "Bob@example.org" });
  assert.deepEqual(await listed(), []);
  await assert.rejects(readInvitation(world, token, "1"), { code: "not_found" });
  await assert.rejects(signUp(world, { ...person("bob@example.org"), invite: token }, "1"), { code: "exists" });
});
