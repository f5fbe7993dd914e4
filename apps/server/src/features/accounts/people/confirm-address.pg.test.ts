import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { bounded } from "@holdfast/tools/bounded";
import { sql } from "kysely";
import type { UserRow } from "../../../base/db/account-tables.ts";
import { startTwoTestShards, type TestDatabases } from "../../../base/db/testing.ts";
import { Authenticator } from "../sign-in/authenticator.ts";
import { confirmAddress, confirmationLink } from "./confirm-address.ts";
import { findUser } from "../context/directory.ts";
import { createInvitation } from "../invitations/invitations.ts";
import { createPersonalToken } from "./personal-tokens.ts";
import { endSession } from "../sign-in/sessions.ts";
import { setUp } from "../invitations/set-up.ts";
import { signUp } from "../invitations/sign-up.ts";
import { createTestUser, openTestAccounts, signedInAs, type TestAccounts, testPassword } from "../testing.ts";
import { updateUser } from "./users.ts";

let databases: TestDatabases;
let world: TestAccounts;
let people = 0;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  world = await openTestAccounts(databases.shards, { openRegistration: true });
});
after(() => databases.stop());

const newPerson = () => createTestUser(world, `person${++people}@example.org`, { confirmed: false });
const tokenFor = (user: UserRow) => confirmationLink(world, user.id, user.email).replace("/setup#", "");
const isConfirmed = async ({ id }: UserRow) => (await findUser(databases.shards, id))?.email_confirmed_at !== null;
const claims = async ({ id }: UserRow) =>
  (
    await sql`select from shard.messages where kind = 'claim_pending' and key = ${id}`.execute(
      databases.shards.ofId(id).db,
    )
  ).rows.length;
const bad = { code: "invalid_field", field: "token" };

test("the mailed token confirms the address, can be repeated and makes its shares available once", async () => {
  const user = await newPerson();
  assert.deepEqual([await isConfirmed(user), await claims(user)], [false, 0]);
  const [token, caller] = [tokenFor(user), await signedInAs(world, user)];
  assert.deepEqual(await confirmAddress(world, caller, token), { email: user.email, confirmed: true });
  assert.deepEqual([await isConfirmed(user), await claims(user)], [true, 1]);
  await confirmAddress(world, caller, token);
  assert.equal(await claims(user), 1);
});

test("only a session of the account can confirm its address, not another account or a personal token", async () => {
  const [user, other] = [await newPerson(), await newPerson()];
  const token = tokenFor(user);
  const caller = await signedInAs(world, user);
  const made = { name: "script", scopes: ["account" as const], expiresAtMicros: null };
  const { token: personal } = await createPersonalToken(world, caller, made);
  const byToken = await new Authenticator(world).authenticate(personal);
  await assert.rejects(confirmAddress(world, await signedInAs(world, other), token), bad);
  await assert.rejects(confirmAddress(world, byToken, token), { code: "forbidden" });
  assert.deepEqual([await isConfirmed(user), await isConfirmed(other), await claims(user)], [false, false, 0]);
  await confirmAddress(world, caller, token);
  assert.equal(await isConfirmed(user), true);
});

test("an ended session confirms no address", async () => {
  const user = await newPerson();
  const caller = await signedInAs(world, user);
  assert.ok(caller.credential.kind === "session");
  await endSession(world, caller.credential.id);
  await assert.rejects(confirmAddress(world, caller, tokenFor(user)), { code: "unauthenticated" });
  assert.deepEqual([await isConfirmed(user), await claims(user)], [false, 0]);
});

test("forged, modified, expired and outdated tokens confirm no address", async () => {
  const [user, other] = [await newPerson(), await newPerson()];
  const [token, caller] = [tokenFor(user), await signedInAs(world, user)];
  const [, , until = ""] = token.split("_");
  const forged = [
    "",
    "hfc_",
    token.replaceAll("-", ""),
    token.replace(user.id.replaceAll("-", ""), other.id.replaceAll("-", "")),
    token.replace(until, String(Number(until) + 1)),
    `${token}A`,
    ...Array.from(token, (character, at) => token.slice(0, at) + (character === "a" ? "b" : "a") + token.slice(at + 1)),
  ].filter((text) => text !== token);
  for (const text of forged) await assert.rejects(confirmAddress(world, caller, text), bad, text);
  await sql`update shard.users set email = 'moved@example.org' where id = ${user.id}`.execute(
    databases.shards.ofId(user.id).db,
  );
  await assert.rejects(confirmAddress(world, caller, token), bad);
  const [late, lateCaller] = [tokenFor(other), await signedInAs(world, other)];
  world.clock.forwardMs(limits.invitationLifetimeMs);
  await assert.rejects(confirmAddress(world, lateCaller, late), bad);
  assert.deepEqual([await isConfirmed(user), await isConfirmed(other)], [false, false]);
});

test("a concurrent withdrawal, change or suspension prevents the confirmation of a new address", async () => {
  const wished = "wished@example.org";
  for (const [what, change] of [
    ["taken back", sql`next_email = null`],
    ["another one", sql`next_email = 'other@example.org'`],
    ["suspended", sql`disabled_at = 1`],
  ] as const) {
    const user = await newPerson();
    const caller = await signedInAs(world, user);
    const { db } = databases.shards.ofId(user.id);
    await sql`update shard.users set next_email = ${wished} where id = ${user.id}`.execute(db);
    const token = confirmationLink(world, user.id, wished).replace("/setup#", "");
    const { confirming } = await db.transaction().execute(async (lock) => {
      await sql`select from shard.users where id = ${user.id} for update`.execute(lock);
      const doing = { confirming: assert.rejects(confirmAddress(world, caller, token), bad, what) };
      const waiting = sql`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
      const stillInTime = bounded("the confirmation waits for the row");
      while ((await waiting.execute(db)).rows.length === 0) stillInTime();
      await sql`update shard.users set ${change} where id = ${user.id}`.execute(lock);
      return doing;
    });
    await confirming;
    assert.equal((await findUser(databases.shards, user.id))?.email, user.email, what);
    assert.equal(await isConfirmed(user), false, what);
  }
});

test("a suspended account cannot confirm its address, but an administrator can", async () => {
  const user = await newPerson();
  const caller = await signedInAs(world, user);
  await updateUser(world, user.id, { disabled: true });
  await assert.rejects(confirmAddress(world, caller, tokenFor(user)), bad);
  assert.equal((await updateUser(world, user.id, { confirmed: true })).confirmed, true);
  assert.equal(await claims(user), 1);
});

test("setup links and invitations for an address confirm it, and open registration and other invitations do not", async () => {
  const make = (email: string, invite?: string) =>
    signUp(world, { email, password: testPassword, name: "Eve", invite }, `192.0.2.${++people}`);
  const invite = async (email: string | null) =>
    (await createInvitation(world, { kind: "invite", email, quotaBytes: null })).token;
  const made = [
    [await make("root@example.org", await setUp(world, undefined)), true],
    [await make("eve@example.org"), false],
    [await make("named@example.org", await invite("Named@example.org")), true],
    [await make("anyone@example.org", await invite(null)), false],
  ] as const;
  for (const [user, confirmed] of made) {
    assert.deepEqual([await isConfirmed(user), await claims(user)], [confirmed, confirmed ? 1 : 0], user.email);
  }
});
