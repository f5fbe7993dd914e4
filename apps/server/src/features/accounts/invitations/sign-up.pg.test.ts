import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { type Bucket, makeId, toBucket, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { bounded } from "@holdfast/tools/bounded";
import { startTwoTestShards, type TestDatabases } from "../../../base/db/testing.ts";
import { Authenticator } from "../sign-in/authenticator.ts";
import { hasAdministrator } from "../people/administrators.ts";
import { findUserByEmail, reserveEmail, signUpLifetimeMicros } from "../context/directory.ts";
import { expireCredentials } from "../sign-in/expire-credentials.ts";
import { claimInvitation, createInvitation } from "./invitations.ts";
import { createPersonalToken } from "../people/personal-tokens.ts";
import { refreshSession, signIn } from "../sign-in/sessions.ts";
import { renewSetupToken, setUp } from "./set-up.ts";
import { signUp } from "./sign-up.ts";
import { createTestUser, failuresMax, openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";
import { listUsers, updateUser } from "../people/users.ts";

let databases: TestDatabases;
let world: TestAccounts;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
});
beforeEach(async () => {
  for (const { db } of databases.shards.all()) {
    await sql`truncate shard.users, shard.directory, shard.devices, shard.sessions, shard.tokens, shard.invitations,
      shard.spaces, shard.nodes, shard.server_facts`.execute(db);
  }
  world = await openTestAccounts(databases.shards);
});
after(() => databases.stop());

const person = (email: string) => ({ email, password: testPassword, name: "Bob" });
const invite = async (email: string | null = null) =>
  (await createInvitation(world, { kind: "invite", email, quotaBytes: 1000 })).token;
const forbidden = { code: "forbidden", field: "invite" };

test("a setup link works after a restart, creates the administrator once, and ends other links", async () => {
  const token = await setUp(world, undefined);
  const afterRestart = await setUp(world, undefined);
  assert.ok(token !== undefined && afterRestart !== undefined);
  const admin = await signUp(world, { ...person("a@example.org"), invite: token }, "1");
  assert.equal(admin.admin, true);
  for (const used of [token, afterRestart]) {
    await assert.rejects(signUp(world, { ...person("b@example.org"), invite: used }, "1"), forbidden);
  }
  assert.equal(await setUp(world, undefined), undefined);
});

test("one of two concurrent setup links creates the administrator", async () => {
  const links = [await setUp(world, undefined), await setUp(world, undefined)];
  const made = await Promise.allSettled(
    links.map((link, index) => signUp(world, { ...person(`${index}@example.org`), invite: link }, "1")),
  );
  assert.deepEqual(made.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  const refused = made.find(({ status }) => status === "rejected") as PromiseRejectedResult;
  assert.deepEqual([refused.reason.code, refused.reason.field], ["forbidden", "invite"]);
  assert.equal((await listUsers(world, { limit: 10 })).items.length, 1);
});

test("a setup link expires, and renewing it ends earlier ones", async () => {
  const first = await setUp(world, undefined);
  const { token } = await renewSetupToken(world);
  await assert.rejects(signUp(world, { ...person("a@example.org"), invite: first }, "1"), forbidden);
  world.clock.forwardMs(limits.invitationLifetimeMs + 1);
  await assert.rejects(signUp(world, { ...person("a@example.org"), invite: token }, "1"), forbidden);
});

test("a setup link is invalid once an administrator exists", async () => {
  const token = await setUp(world, undefined);
  await createTestUser(world, "a@example.org", { admin: true });
  await assert.rejects(signUp(world, { ...person("b@example.org"), invite: token }, "1"), forbidden);
});

test("an address reserved for a change belongs to that account for a minute, and is free afterwards", async () => {
  const { id } = await createTestUser(world, "a@example.org");
  await reserveEmail(world, "next@example.org", id);
  await assert.rejects(createTestUser(world, "next@example.org"), { code: "exists" });
  assert.equal((await updateUser(world, id, { email: "next@example.org" })).email, "next@example.org");
  await assert.rejects(createTestUser(world, "next@example.org"), { code: "exists" });
  world.clock.forwardMs(signUpLifetimeMicros / 1000 + 1);
  await assert.rejects(createTestUser(world, "next@example.org"), { code: "exists" });
  await reserveEmail(world, "third@example.org", id);
  world.clock.forwardMs(signUpLifetimeMicros / 1000 + 1);
  assert.equal((await createTestUser(world, "third@example.org")).email, "third@example.org");
  await assert.rejects(updateUser(world, id, { email: "THIRD@example.org" }), { code: "exists" });
});

test("several instances that start together create one administrator from the environment", async () => {
  const administrator = { email: "Root@example.org", password: testPassword };
  await Promise.all([1, 2, 3].map(() => setUp(world, administrator)));
  assert.equal((await listUsers(world, { limit: 10 })).items.length, 1);
  await signIn(world, { email: "root@EXAMPLE.org", password: testPassword }, "192.0.2.1");
});

test("an invalid administrator address or password is rejected with its variable's name", async () => {
  await assert.rejects(setUp(world, { email: "root", password: testPassword }), { message: /HOLDFAST_ADMIN_EMAIL/ });
  await assert.rejects(setUp(world, { email: "a@b.c", password: "short" }), {
    message: "HOLDFAST_ADMIN_PASSWORD: must have at least 8 characters.",
  });
});

test("a common password from the environment is accepted, with a warning once", async () => {
  const warnings: string[] = [];
  const administrator = { email: "weak@b.example", password: "Sunshine2026!" };
  await setUp(world, administrator, { onWeak: () => warnings.push("weak") });
  assert.deepEqual(warnings, ["weak"]);
  await signIn(world, administrator, "192.0.2.1");
  assert.equal(await setUp(world, administrator, { onWeak: () => warnings.push("again") }), undefined);
  assert.deepEqual(warnings, ["weak"], "of an administrator that is made");
});

test("a start that died after the reservation does not prevent the next from creating its administrator", async () => {
  await reserveEmail(world, "root@example.org", makeId<UserId>(toBucket(4000), 1, world.random(8)));
  assert.equal(await setUp(world, { email: "root@example.org", password: testPassword }), undefined);
  assert.ok(await hasAdministrator(world));
});

test("a sign-up that died before its confirmation is an account, and keeps its address", async () => {
  await createTestUser(world, "a@example.org");
  for (const { db } of databases.shards.all())
    await db.updateTable("shard.directory").set({ confirmed: false }).execute();
  world.clock.forwardMs(signUpLifetimeMicros / 1000 + 1);
  await assert.rejects(createTestUser(world, "A@example.org"), { code: "exists" });
  await signIn(world, { email: "a@example.org", password: testPassword }, "192.0.2.1");
  assert.equal(await expireCredentials(world), 0);
  await signIn(world, { email: "a@example.org", password: testPassword }, "192.0.2.1");
});

test("a reservation without a user is free after a minute, not before", async () => {
  await reserveEmail(world, "a@example.org", makeId<UserId>(toBucket(1), 1, world.random(8)));
  await assert.rejects(createTestUser(world, "a@example.org"), { code: "exists" });
  world.clock.forwardMs(signUpLifetimeMicros / 1000);
  await createTestUser(world, "a@example.org");
});

test("an address reserved by a dead change is free again, and finds no account", async () => {
  const { id } = await createTestUser(world, "a@example.org");
  await reserveEmail(world, "b@example.org", id);
  assert.equal(await findUserByEmail(databases.shards, "b@example.org"), undefined);
  world.clock.forwardMs(signUpLifetimeMicros / 1000);
  assert.equal(await expireCredentials(world), 1);
  const other = await createTestUser(world, "b@example.org");
  assert.equal((await findUserByEmail(databases.shards, "b@example.org"))?.id, other.id);
  assert.equal((await findUserByEmail(databases.shards, "a@example.org"))?.id, id);
});

test("one of many concurrent sign-ups with an address succeeds, and the others leave no rows", async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => createTestUser(world, "a@example.org")));
  assert.equal(outcomes.filter((each) => each.status === "fulfilled").length, 1);
  assert.equal((await listUsers(world, { limit: 10 })).items.length, 1);
});

test("a sign-up that lost its reservation leaves no user", async () => {
  const { shards } = databases;
  const elsewhere = (bucket: Bucket) => shards.of(toBucket((bucket + 2048) % 4096));
  let calls = 0;
  const slow = {
    ...world,
    shards: { ...shards, of: (bucket: Bucket) => (calls++ === 0 ? shards.of(bucket) : elsewhere(bucket)) },
  };
  await assert.rejects(createTestUser(slow, "a@example.org"), { code: "exists" });
  assert.equal(calls, 2);
  assert.deepEqual((await listUsers(world, { limit: 10 })).items, []);
  for (const { db } of shards.all()) assert.deepEqual(await db.selectFrom("shard.nodes").select("id").execute(), []);
});

test("an invitation works once, only for its address if it has one, and sets its quota", async () => {
  const token = await invite("Bob@Example.org");
  await assert.rejects(signUp(world, { ...person("eve@example.org"), invite: token }, "1"), forbidden);
  const user = await signUp(world, { ...person("bob@example.org"), invite: token }, "1");
  assert.equal(user.admin, false);
  assert.equal((await listUsers(world, { limit: 10 })).items[0]?.quota_bytes, 1000);
  await assert.rejects(signUp(world, { ...person("bob2@example.org"), invite: token }, "1"), forbidden);
  await assert.rejects(signUp(world, person("bob2@example.org"), "1"), forbidden);
});

test("one of many concurrent sign-ups with an invitation succeeds", async () => {
  const token = await invite();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, (_, each) =>
      signUp(world, { ...person(`p${each}@example.org`), invite: token }, `${each}`),
    ),
  );
  assert.equal(outcomes.filter((each) => each.status === "fulfilled").length, 1);
});

test("an invitation expires after a week", async () => {
  const token = await invite();
  world.clock.forwardMs(limits.invitationLifetimeMs);
  await assert.rejects(signUp(world, { ...person("a@example.org"), invite: token }, "1"), forbidden);
});

test("a sign-up with an address in use returns the invitation immediately", async () => {
  await createTestUser(world, "a@example.org");
  const token = await invite();
  await assert.rejects(signUp(world, { ...person("a@example.org"), invite: token }, "1"), { code: "exists" });
  await signUp(world, { ...person("b@example.org"), invite: token }, "1");
});

test("an invitation can test only a few addresses for accounts", async () => {
  await createTestUser(world, "a@example.org");
  const token = await invite();
  const ask = (source: number) => signUp(world, { ...person("a@example.org"), invite: token }, String(source));
  for (let failure = 0; failure < failuresMax; failure++) await assert.rejects(ask(failure), { code: "exists" });
  await assert.rejects(ask(99), { code: "rate_limited" });
});

test("guesses of setup tokens and invitations are counted by source, for any address", async () => {
  const token = await invite();
  for (let failure = 0; failure < failuresMax; failure++) {
    const guess = `hf${failure % 2 === 0 ? "s" : "i"}_000_${"A".repeat(42)}${failure}`;
    await assert.rejects(signUp(world, { ...person(`p${failure}@example.org`), invite: guess }, "eve"), forbidden);
  }
  const good = { ...person("bob@example.org"), invite: token };
  await assert.rejects(signUp(world, good, "eve"), { code: "rate_limited" });
  await signUp(world, good, "bob");
});

test("an invitation of a dead sign-up is valid again after a minute, unless its user was created", async () => {
  const token = await invite();
  const dead = makeId<UserId>(toBucket(3), 1, world.random(8));
  assert.ok(await claimInvitation(world, token, "a@example.org", dead));
  await assert.rejects(signUp(world, { ...person("b@example.org"), invite: token }, "1"), forbidden);
  world.clock.forwardMs(signUpLifetimeMicros / 1000);
  await signUp(world, { ...person("b@example.org"), invite: token }, "1");

  const second = await invite();
  const made = await createTestUser(world, "c@example.org");
  assert.ok(await claimInvitation(world, second, "c@example.org", made.id));
  world.clock.forwardMs(signUpLifetimeMicros / 1000);
  await assert.rejects(signUp(world, { ...person("d@example.org"), invite: second }, "1"), forbidden);
});

test("open registration needs no invitation, and never creates an administrator", async () => {
  const open = await openTestAccounts(databases.shards, { openRegistration: true });
  assert.equal((await signUp(open, person("a@example.org"), "1")).admin, false);
});

test("one network can create a few accounts by open registration, even concurrently, without blocking others", async () => {
  const open = await openTestAccounts(databases.shards, { openRegistration: true });
  const from = (source: string, each: number) => signUp(open, person(`${source}${each}@example.org`), source);
  const outcomes = await Promise.allSettled(Array.from({ length: failuresMax + 2 }, (_, each) => from("eve", each)));
  const refused = outcomes.flatMap((each) => (each.status === "rejected" ? [each.reason.code] : []));
  assert.deepEqual(refused, ["rate_limited", "rate_limited"]);
  await from("ann", 1);
  const invited = { ...person("bob@example.org"), invite: await invite() };
  await signUp(open, invited, "eve");
});

test("an invalid address and control characters in address or name are rejected with the field", async () => {
  for (const email of [
    "a\u0000@example.org",
    "none",
    "a b@example.org",
    "@",
    "\ud800@x.y",
    "a\u200b@x.y",
    "a\u202e@x.y",
  ]) {
    await assert.rejects(createTestUser(world, email), { code: "invalid_field", field: "email" });
  }
  for (const name of ["A\u001b[2J", "A\u009b2J", "abc\u202edef"])
    await assert.rejects(createTestUser(world, "a@example.org", { name }), { field: "name" });
  assert.equal(await findUserByEmail(databases.shards, "a\u0000@example.org"), undefined);
});

test("the last active administrator cannot be suspended or demoted, even concurrently", async () => {
  await createTestUser(world, "a@example.org", { admin: true });
  const last = { code: "conflict", message: /last administrator/ };
  await assert.rejects(updateUser(world, "a@example.org", { disabled: true }), last);
  await assert.rejects(updateUser(world, "a@example.org", { admin: false }), last);
  await updateUser(world, "a@example.org", { quotaBytes: 5, password: "another password", admin: true });
  const admins = ["a@example.org", ...Array.from({ length: 5 }, (_, each) => `admin${each}@example.org`)];
  for (const email of admins.slice(1)) await createTestUser(world, email, { admin: true });
  for (let round = 0; round < admins.length; round++) {
    await Promise.allSettled(
      admins.map((email, index) => updateUser(world, email, index % 2 === 0 ? { disabled: true } : { admin: false })),
    );
  }
  const active = async () =>
    (await listUsers(world, { limit: 10 })).items.filter((user) => user.admin && !user.disabled);
  assert.ok((await active()).length > 0);
  // Simultaneous changes were refused, so several administrators may be left.
  for (const email of admins) await updateUser(world, email, { disabled: true }).catch(() => {});
  assert.equal((await active()).length, 1);
});

test("the list of users is complete and ordered over all shards, for any page size", async () => {
  for (let each = 0; each < 9; each++) {
    await createTestUser(world, `p${each}@example.org`);
    world.clock.forwardMs(1);
  }
  const used = new Set(
    (await listUsers(world, { limit: 100 })).items.map(({ id }) => databases.shards.ofId(id as UserId).id),
  );
  assert.ok(used.size > 0);
  for (const limit of [1, 2, 4, 9, 10]) {
    const emails: string[] = [];
    let cursor: string | null | undefined;
    const stillInTime = bounded("the last page");
    do {
      stillInTime();
      const page = await listUsers(world, { limit, ...(cursor == null ? {} : { cursor }) });
      emails.push(...page.items.map((user) => user.email));
      cursor = page.next_cursor;
    } while (cursor !== null);
    assert.deepEqual(
      emails,
      Array.from({ length: 9 }, (_, each) => `p${each}@example.org`),
    );
  }
  await assert.rejects(listUsers(world, { limit: 1, cursor: "0:" }), { code: "bad_request", field: "cursor" });
});

test("expired credentials are deleted, and live ones stay", async () => {
  await createTestUser(world, "a@example.org");
  const session = await signIn(world, { email: "a@example.org", password: testPassword }, "192.0.2.1");
  const caller = await new Authenticator(world).authenticate(session.access_token);
  const make = (expiresAtMicros: number | null) =>
    createPersonalToken(world, caller, { name: "t", scopes: ["account"], expiresAtMicros });
  await make(world.clock.nowMicros() + 1);
  const lasting = await make(null);
  await invite();
  await reserveEmail(world, "dead@example.org", makeId<UserId>(toBucket(1), 1, world.random(8)));
  assert.equal(await expireCredentials(world), 0);
  world.clock.forwardMs(limits.refreshTokenLifetimeMs - 1);
  assert.equal(await expireCredentials(world), 2, "the invitation and the reservation");
  const renewed = await signIn(world, { email: "a@example.org", password: testPassword }, "192.0.2.1");
  world.clock.forwardMs(2);
  assert.equal(await expireCredentials(world), 3, "the session, its device and the token");
  assert.equal(await expireCredentials(world), 0);
  await refreshSession(world, renewed.refresh_token);
  await new Authenticator(world).authenticate(lasting.token);
});

test("the account tables contain no password and no secret in any encoding", async () => {
  const setup = await setUp(world, undefined);
  await signUp(world, { email: "a@example.org", password: testPassword, name: "Ann", invite: setup }, "1");
  const unused = [await invite(), await invite("b@example.org")];
  const session = await signIn(world, { email: "a@example.org", password: testPassword }, "192.0.2.1");
  const renewed = await refreshSession(world, session.refresh_token);
  const caller = await new Authenticator(world).authenticate(renewed.access_token);
  const personal = await createPersonalToken(world, caller, { name: "t", scopes: ["account"], expiresAtMicros: null });
  const { secrets } = world;
  const accessKey = secrets.accessPrivateKey.export({ format: "jwk" }).d ?? "";
  const tokens = [
    setup ?? "",
    ...unused,
    session.refresh_token,
    renewed.refresh_token,
    session.access_token,
    personal.token,
  ];
  // Each ends in 43 characters of base64url (a JWT in 86) that must stay secret.
  const secretParts = tokens.map((token) => token.slice(-43));
  const hidden: Buffer[] = [testPassword, ...tokens, ...secretParts].map((text) => Buffer.from(text));
  hidden.push(secrets.refreshKey, secrets.grantKey, Buffer.from(accessKey, "base64url"));
  hidden.push(...secretParts.map((part) => Buffer.from(part, "base64url")));
  const dump = await dumpAll();
  assert.match(dump, /a@example\.org/);
  assert.match(dump, /\$argon2id\$/);
  for (const secret of hidden) {
    for (const spelling of [
      secret.toString("utf8"),
      secret.toString("hex"),
      secret.toString("base64"),
      secret.toString("base64url"),
    ]) {
      assert.ok(!dump.includes(spelling), spelling);
    }
  }
});

async function dumpAll(): Promise<string> {
  let text = "";
  for (const { db } of databases.shards.all()) {
    const { rows: tables } = await sql<{ name: string }>`
      select table_name as name from information_schema.tables where table_schema = 'shard'`.execute(db);
    for (const { name } of tables) {
      const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(`shard.${name}`)} t`.execute(
        db,
      );
      text += rows.map(({ row }) => row).join("\n");
    }
  }
  return text;
}
