import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sql } from "kysely";
import { Authenticator } from "../accounts/sign-in/authenticator.ts";
import { findUser } from "../accounts/context/directory.ts";
import { createPersonalToken } from "../accounts/people/personal-tokens.ts";
import { refreshSession, signIn } from "../accounts/sign-in/sessions.ts";
import { createUser } from "../accounts/invitations/sign-up.ts";
import { createTestUser, makeTestClock, openTestAccounts, testPassword } from "../accounts/testing.ts";
import { updateUser } from "../accounts/people/users.ts";
import { oidcSchema, readOidc } from "../../base/config/oidc-settings.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { sealAnswer } from "./answers.ts";
import { type Claims, readClaims } from "./claims.ts";
import type { ClaimsWorld } from "./follow-claims.ts";
import { linkByAddress } from "./link-by-address.ts";
import { createFromOutside } from "./outside-accounts.ts";
import { findLinked, linkIdentity } from "./outside-identities.ts";
import { signInFromOutside } from "./sign-in-from-outside.ts";
import { testClient } from "./testing-provider.ts";

const issuer = "https://issuer.example";
const from = { address: "192.0.2.1", userAgent: undefined };
let databases: TestDatabases;
let world: ClaimsWorld;
let authenticator: Authenticator;
let changes: string[];
let ended: string[];
let sealed = 0;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
});
beforeEach(async () => {
  [changes, ended] = [[], []];
  world = {
    ...(await openTestAccounts(databases.shards)),
    log: { warn: () => {}, info: () => {} },
    queue: { kick: () => {} },
    notifySecurity: async (_, __, what) => void changes.push(what),
    onEnded: (spaceId) => void ended.push(spaceId),
  };
  authenticator = new Authenticator(world);
});
after(() => databases?.stop());

function claimsOf(subject: string, email: string): Claims {
  const said = { issuer, subject, email, emailVerified: true, name: null };
  return { ...said, groups: null, plan: null, factorPassed: true, authenticatedAtMs: null };
}

function signInAt(claims: Claims) {
  const settings = readOidc(
    oidcSchema.parse({ issuer, ...testClient, link_by_verified_address: ["corp.example"] }),
    [],
  );
  assert.ok(settings !== undefined);
  const leaving = { purpose: "sign-in" as const, state: `state ${++sealed}`, untilMs: world.clock.nowMs() + 60_000 };
  const ticket = sealAnswer(world, { leaving: leaving as never, claims });
  return signInFromOutside(world, settings, { ticket, name: "Firefox", system: undefined, ...from });
}

async function used(email: string) {
  const user = await createTestUser(world, email);
  const byPassword = () => signIn(world, { email, password: testPassword, address: from.address }, from.address);
  const { access_token: session } = await byPassword();
  const caller = await authenticator.authenticate(session, from);
  const asked = { name: "t", scopes: ["files:read"] as const, expiresAtMicros: null };
  const { token } = await createPersonalToken(world, caller, asked);
  const { db } = databases.shards.ofId(user.id);
  await sql`
    insert into shard.passkeys
      (user_id, id, credential_id, public_key, counter, transports, rp_id, name, backed_up, created_at)
    values (${user.id}, ${user.id}, ${Buffer.from(email)}, ${Buffer.from("key")}, 0, '{}', 'x', 'Key', false, 1)`.execute(
    db,
  );
  const left = async () => {
    const ways = {
      session: authenticator.authenticate(session, from),
      token: authenticator.authenticate(token, from),
      password: byPassword(),
      passkey: sql`select 1 / count(*) from shard.passkeys where user_id = ${user.id}`.execute(db),
    };
    const done = await Promise.allSettled(Object.values(ways));
    return Object.keys(ways).filter((_, index) => done[index]?.status === "fulfilled");
  };
  [changes, ended] = [[], []];
  return { user, left };
}

test("the first sign-in linked by address ends earlier credentials, once", async () => {
  const email = "carol@corp.example";
  const { user, left } = await used(email);
  const first = await signInAt(claimsOf("carol", email));
  assert.deepEqual(await left(), []);
  assert.deepEqual(changes.toSorted(), ["outside_first", "passkey_removed"]);
  assert.deepEqual(ended, [user.space_id]);
  assert.equal((await findUser(databases.shards, user.id))?.has_password, false);
  await signInAt(claimsOf("carol", email));
  assert.equal((await authenticator.authenticate(first.access_token, from)).userId, user.id);
});

test("identities linked in the settings end too, and an LDAP identity stays", async () => {
  const email = "olga@corp.example";
  const { user } = await used(email);
  await linkIdentity(world, user.id, claimsOf("stranger", "stranger@other.example"));
  const byStranger = () => signInAt(claimsOf("stranger", "stranger@other.example"));
  await byStranger();
  const ldap = { ...claimsOf("olga", email), issuer: "ldap:dc=corp,dc=example" };
  await linkByAddress(world, user, ldap);
  await assert.rejects(byStranger(), { code: "forbidden", field: "outside" });
  assert.ok(changes.includes("outside_unlinked"));
  const other = await createTestUser(world, "stranger@other.example");
  await linkIdentity(world, other.id, claimsOf("stranger", "stranger@other.example"));
  await byStranger();
  await signInAt(claimsOf("olga at the issuer", email));
  assert.equal((await findLinked(world, ldap))?.id, user.id);
});

test("an unused account is linked and confirmed, even if its address was not", async () => {
  const account = { name: "New", admin: false, confirmed: false } as const;
  const made = await createUser(world, { ...account, email: "new@corp.example", password: undefined });
  await createUser(world, { ...account, email: "squat@corp.example", password: testPassword });
  await signInAt(claimsOf("new", "new@corp.example"));
  assert.notEqual((await findUser(databases.shards, made.id))?.email_confirmed_at, null);
  await assert.rejects(signInAt(claimsOf("squat", "squat@corp.example")), { code: "forbidden" });
});

test("an account moved to an address by an identity system is not linked by it", async () => {
  const { id } = await createTestUser(world, "moved@elsewhere.example");
  await updateUser(world, id, { email: "moved@corp.example", confirmed: true, byIdentitySystem: true });
  await assert.rejects(signInAt(claimsOf("moved", "moved@corp.example")), { code: "forbidden" });
});

test("the later of two concurrent first sign-ins does not end the earlier", async () => {
  const email = "erin@corp.example";
  const { user } = await used(email);
  const earlier = await signInAt(claimsOf("erin", email));
  const { password_hash: hash } = await linkByAddress(world, user, claimsOf("erin", email));
  assert.equal((await authenticator.authenticate(earlier.access_token, from)).userId, user.id);
  assert.equal(hash, (await findUser(databases.shards, user.id))?.password_hash);
});

test("a link requested by a signed-in account ends no credentials", async () => {
  const email = "dan@corp.example";
  const { user, left } = await used(email);
  await linkIdentity(world, user.id, claimsOf("dan", email));
  await signInAt(claimsOf("dan", email));
  assert.deepEqual(await left(), ["session", "token", "password", "passkey"]);
  assert.deepEqual(changes, ["outside_linked"]);
});

test("with a sign-in interval, credentials of issuer-only accounts pause until the next sign-in", async () => {
  const dayMs = 24 * 3600_000;
  const clock = makeTestClock();
  world = { ...world, clock, issuerBound: { issuer, name: "Example", only: false, everyMs: dayMs } };
  authenticator = new Authenticator(world);
  const held = async (email: string, facts: { password?: string; admin?: boolean }) => {
    const { id } = await createUser(world, {
      email,
      name: "x",
      admin: false,
      confirmed: true,
      password: undefined,
      ...facts,
    });
    await linkIdentity(world, id, claimsOf(email, email));
    const session = await signInAt(claimsOf(email, email));
    const caller = await authenticator.authenticate(session.access_token, from);
    const { token } = await createPersonalToken(world, caller, {
      name: "t",
      scopes: ["files:read"],
      expiresAtMicros: null,
    });
    return {
      renewed: () => refreshSession(world, session.refresh_token),
      asked: () => authenticator.authenticate(token),
    };
  };
  const fay = await held("fay@corp.example", {});
  const withPassword = await held("with-password@corp.example", { password: testPassword });
  const admin = await held("admin@corp.example", { admin: true });
  clock.forwardMs(dayMs - 1);
  await fay.asked();
  clock.forwardMs(1);
  await assert.rejects(fay.renewed(), { code: "unauthenticated", body: { reason: "sign_in_again" } });
  await assert.rejects(fay.asked(), { code: "unauthenticated" });
  for (const { renewed, asked } of [withPassword, admin]) await Promise.all([renewed(), asked()]);
  await signInAt(claimsOf("fay@corp.example", "fay@corp.example"));
  await Promise.all([fay.renewed(), fay.asked()]);
  world = { ...world, issuerBound: { issuer, name: "Example", only: true, everyMs: dayMs } };
  authenticator = new Authenticator(world);
  clock.forwardMs(dayMs);
  await assert.rejects(withPassword.asked(), { code: "unauthenticated" });
  await admin.asked();
});

test("an address that looks like another one creates no account", async () => {
  const refusal = () => new HoldfastError("forbidden", "no account");
  const create = (claims: Claims) => createFromOutside(world, { createDomains: ["corp.example"] }, claims, refusal);
  const said = (email: string) =>
    readClaims({ sub: `of ${email}`, email, email_verified: true }, { issuer, trusted: { amr: [], acr: [] } } as never);
  const { email } = await create(said("Ann.Example+x@corp.example"));
  assert.equal(email, "Ann.Example+x@corp.example");
  const alike = [
    "ann.example+x@corp.example",
    "ANN.EXAMPLE+X@CORP.EXAMPLE",
    "\uff21nn.Example+x@corp.example",
    "ann.example\uff0bx@corp.example",
    "ann.example+x@\uff43orp.example",
    "ann.example+x\uff20corp.example",
    "ann.example+x\ufe0f@corp.example",
    "\u0430nn.example+x@corp.example",
    "ann.ex\u0251mple+x@corp.example",
    "ann.examp\u{1d5c5}e+x@corp.example",
    "ann.examp\u0131\u0307e+x@corp.example",
  ];
  for (const each of alike) await assert.rejects(create(said(each)), { code: "forbidden" }, JSON.stringify(each));
});
