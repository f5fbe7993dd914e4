import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { generateSync } from "otplib";
import { Authenticator } from "../accounts/sign-in/authenticator.ts";
import type { Caller } from "../accounts/context/caller.ts";
import { confirmSecondFactor, prepareSecondFactor } from "../accounts/proof/change-second-factor.ts";
import { createPersonalToken } from "../accounts/people/personal-tokens.ts";
import { createTestUser, openTestAccounts, type TestAccounts, testPassword } from "../accounts/testing.ts";
import { oidcSchema, readOidc } from "../../base/config/oidc-settings.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { readAnswer, sealAnswer } from "./answers.ts";
import type { ClaimsWorld } from "./follow-claims.ts";
import type { Purpose } from "./leaving.ts";
import { openIssuer } from "./open-issuer.ts";
import { linkIdentity } from "./outside-identities.ts";
import { type OutsideProof, proveFromOutside, purposeOfProof } from "./prove-from-outside.ts";
import { signInFromOutside } from "./sign-in-from-outside.ts";
import { type Liar, startLiar } from "./testing-liar.ts";
import { testClient } from "./testing-provider.ts";

let databases: TestDatabases;
let world: TestAccounts & ClaimsWorld;
let liar: Liar;
let people = 0;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  liar = await startLiar();
});
beforeEach(async () => {
  world = { ...(await openTestAccounts(databases.shards)), log: { warn: () => {}, info: () => {} } };
  liar.lies = {};
});
after(async () => {
  await databases?.stop();
  await liar?.stop();
});

function settingsOf(more: object = {}) {
  const settings = readOidc(oidcSchema.parse({ issuer: liar.issuer, name: "Example", ...testClient, ...more }), []);
  assert.ok(settings !== undefined);
  return settings;
}

async function visit(purpose: Purpose, subject: string, claims: object = {}) {
  const issuer = openIssuer(settingsOf());
  const redirectUri = "https://drive.example.org/sign-in/callback";
  const { url, kept } = await issuer.begin(world, { purpose, redirectUri, returnTo: "/files" });
  const asked = new URL(url).searchParams;
  liar.nonce = asked.get("nonce") ?? "";
  liar.lies = { ...liar.lies, claims: { sub: subject, ...claims } };
  const answer = { code: "code", state: asked.get("state") ?? "" };
  return { asked, ticket: sealAnswer(world, await issuer.finish(world, answer, kept)) };
}

const nowPlus = (ms = 0) => Math.floor((world.clock.nowMs() + ms) / 1000);

interface Person {
  readonly id: UserId;
  readonly subject: string;
  readonly caller: Caller;
  readonly lacksProof: () => Promise<boolean>;
  readonly provenAtMs: () => Promise<number>;
}

async function signIn(subject: string, claims: object, more: object = {}) {
  const { ticket } = await visit("sign-in", subject, claims);
  const request = { ticket, name: "Firefox", system: undefined, address: "192.0.2.1" };
  const { access_token: token } = await signInFromOutside(world, settingsOf(more), request);
  const authenticator = new Authenticator(world);
  const caller = await authenticator.authenticate(token);
  const provenAtMs = async () => {
    const { rows } = await sql<{ proven_at: number }>`
      select proven_at from shard.sessions where id = ${caller.credential.id}`.execute(
      databases.shards.ofId(caller.userId).db,
    );
    return Number(rows[0]?.proven_at) / 1000;
  };
  const lacksProof = async () => (await authenticator.authenticate(token)).lacksProof === true;
  return { id: caller.userId, subject, caller, lacksProof, provenAtMs };
}

async function newPerson(): Promise<Person> {
  const subject = `person ${++people}`;
  const { id } = await createTestUser(world, `person${people}@example.com`);
  const { ticket } = await visit("sign-in", subject);
  await linkIdentity(world, id, readAnswer(world, "sign-in", ticket).claims);
  return signIn(subject, { auth_time: 1 });
}

async function proofOf(person: Person, claims: object, subject = person.subject) {
  const purpose = await purposeOfProof(world, settingsOf(), person.caller);
  return (await visit(purpose, subject, claims)).ticket;
}
const prove = ({ caller }: Person, proof: OutsideProof, more: object = {}) =>
  proveFromOutside(world, settingsOf(more), caller, proof);
const refused = (code: string, field?: string) => (error: HoldfastError) =>
  error.code === code && error.field === field;

test("a session's proof has the time of authentication at the issuer, and none without it", async () => {
  const { subject } = await newPerson();
  const ages: [object, number][] = [
    [{ auth_time: nowPlus(-3600_000 * 5) }, world.clock.nowMs() - 3600_000 * 5],
    [{ auth_time: nowPlus(-60_000) }, world.clock.nowMs() - 60_000],
    [{ auth_time: nowPlus(30_000) }, world.clock.nowMs()],
    [{ auth_time: nowPlus(3600_000) }, 0],
    [{}, 0],
  ];
  for (const [claims, provenAtMs] of ages)
    assert.equal(await (await signIn(subject, claims)).provenAtMs(), provenAtMs, JSON.stringify(claims));
  const trusting = { trust_silent_sign_in: true };
  assert.equal(await (await signIn(subject, {}, trusting)).provenAtMs(), world.clock.nowMs());
  assert.equal(await (await signIn(subject, { auth_time: 5 }, trusting)).provenAtMs(), 5000);
});

test("the authentication time is read only from the id token", async () => {
  const { subject } = await newPerson();
  liar.lies = { userinfo: { sub: subject, auth_time: nowPlus() } };
  assert.equal(await (await signIn(subject, {})).provenAtMs(), 0);
});

test("a sign-in asks for the authentication time, and a proof requires a new login", async () => {
  const person = await newPerson();
  const asked = async (purpose: Purpose) => (await visit(purpose, person.subject)).asked;
  const ofSignIn = await asked("sign-in");
  assert.deepEqual([ofSignIn.get("prompt"), ofSignIn.get("max_age")], [null, String(30 * 24 * 3600)]);
  const ofProof = await asked(await purposeOfProof(world, settingsOf(), person.caller));
  assert.deepEqual([ofProof.get("prompt"), ofProof.get("max_age")], ["login", "0"]);
});

test("a new sign-in at the issuer proves the requesting session, once", async () => {
  const person = await newPerson();
  const other = await signIn(person.subject, { auth_time: 1 });
  assert.equal(await person.lacksProof(), true);
  const ticket = await proofOf(person, { auth_time: nowPlus(5000) });
  world.clock.forwardMs(5000);
  assert.equal(await prove(person, { ticket }), (world.clock.nowMs() + limits.sessionProofMs) * 1000);
  assert.deepEqual([await person.lacksProof(), await other.lacksProof()], [false, true]);
  world.clock.forwardMs(limits.outsideSignInMs / 2);
  const provenAtMs = await person.provenAtMs();
  await assert.rejects(prove(person, { ticket }), refused("unauthenticated", "ticket"));
  assert.equal(await person.provenAtMs(), provenAtMs);
});

test("a proof ticket works for no other session, account, sign-in or link", async () => {
  const person = await newPerson();
  const [sameOwner, stranger] = [await signIn(person.subject, { auth_time: 1 }), await newPerson()];
  const ticket = await proofOf(person, { auth_time: nowPlus() });
  for (const each of [sameOwner, stranger])
    await assert.rejects(prove(each, { ticket }), refused("unauthenticated", "ticket"));
  for (const purpose of ["sign-in", `link ${person.id}`] as const)
    assert.throws(() => readAnswer(world, purpose, ticket), refused("unauthenticated", "ticket"));
  for (const purpose of ["sign-in", `link ${person.id}`] as const) {
    const { ticket: ofOther } = await visit(purpose, person.subject, { auth_time: nowPlus() });
    await assert.rejects(prove(person, { ticket: ofOther }), refused("unauthenticated", "ticket"));
  }
  for (const each of [person, sameOwner, stranger]) assert.equal(await each.lacksProof(), true);
});

test("a sign-in as another subject is no proof", async () => {
  const [person, stranger] = [await newPerson(), await newPerson()];
  for (const subject of [stranger.subject, "nobody here"]) {
    const ticket = await proofOf(person, { auth_time: nowPlus() }, subject);
    await assert.rejects(prove(person, { ticket }), refused("forbidden", "outside"));
  }
  assert.equal(await person.lacksProof(), true);
});

test("a ticket of a former issuer is no proof", async () => {
  const person = await newPerson();
  const ticket = await proofOf(person, { auth_time: nowPlus() });
  const other = { ...settingsOf(), issuer: "https://login.example.net" };
  const proof = proveFromOutside(world, other, person.caller, { ticket });
  await assert.rejects(proof, refused("unauthenticated", "ticket"));
  assert.equal(await person.lacksProof(), true);
});

test("an old, missing or future authentication time is no proof", async () => {
  const person = await newPerson();
  for (const claims of [{ auth_time: nowPlus(-limits.outsideSignInMs) }, { auth_time: nowPlus(3600_000) }, {}]) {
    const ticket = await proofOf(person, claims);
    await assert.rejects(prove(person, { ticket }), (error: HoldfastError) => {
      assert.match(
        error.message,
        /^Example (?:did not ask you to sign in again|did not report when you last signed in there)/,
      );
      return refused("forbidden", "auth_time")(error);
    });
  }
  assert.equal(await person.lacksProof(), true);
  const ticket = await proofOf(person, {});
  await prove(person, { ticket }, { trust_silent_sign_in: true });
  assert.equal(await person.lacksProof(), false);
});

test("a second factor is required after the issuer, unless the issuer's own is trusted", async () => {
  const person = await newPerson();
  const proof = { password: testPassword };
  const { secret } = await prepareSecondFactor(world, person.caller, proof, "192.0.2.1");
  const code = () => generateSync({ secret, epoch: world.clock.nowMs() / 1000 });
  await confirmSecondFactor(world, person.caller, code());
  world.clock.forwardMs(30_000);
  const ticket = await proofOf(person, { auth_time: nowPlus(), amr: ["mfa"] });
  await assert.rejects(prove(person, { ticket }), refused("second_factor", "totp"));
  await assert.rejects(prove(person, { ticket, totp: "000000" }), refused("second_factor", "totp"));
  assert.equal(await person.lacksProof(), true);
  await prove(person, { ticket, totp: code() });
  assert.equal(await person.lacksProof(), false);
});

test("an ended session, account or link cannot be proved, and neither can a token", async () => {
  const [gone, unlinked, script] = [await newPerson(), await newPerson(), await newPerson()];
  const tickets = {
    gone: await proofOf(gone, { auth_time: nowPlus() }),
    unlinked: await proofOf(unlinked, { auth_time: nowPlus() }),
    script: await proofOf(script, { auth_time: nowPlus() }),
  };
  await sql`delete from shard.sessions where user_id = ${gone.id}`.execute(databases.shards.ofId(gone.id).db);
  await assert.rejects(prove(gone, { ticket: tickets.gone }), refused("unauthenticated"));
  const { db } = databases.shards.ofId(unlinked.id);
  await sql`delete from shard.outside_identities where user_id = ${unlinked.id}`.execute(db);
  await assert.rejects(prove(unlinked, { ticket: tickets.unlinked }), refused("forbidden", "outside"));
  await assert.rejects(purposeOfProof(world, settingsOf(), unlinked.caller), refused("conflict", "outside"));
  const made = { name: "t", scopes: ["account"] as const, expiresAtMicros: null };
  const { token } = await createPersonalToken(world, script.caller, made);
  const caller = await new Authenticator(world).authenticate(token);
  await assert.rejects(prove({ ...script, caller }, { ticket: tickets.script }), refused("forbidden"));
});
