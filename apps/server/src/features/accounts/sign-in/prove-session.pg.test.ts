import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { SessionId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { PasskeyRequest } from "@holdfast/protocol/passkey-values";
import { sql } from "kysely";
import { generateSync } from "otplib";
import { startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { createAppPassword } from "./app-passwords.ts";
import { Authenticator } from "./authenticator.ts";
import type { Caller } from "../context/caller.ts";
import { confirmPasskey, preparePasskey } from "../proof/change-passkeys.ts";
import { confirmSecondFactor, prepareSecondFactor } from "../proof/change-second-factor.ts";
import { findUser } from "../context/directory.ts";
import { createPersonalToken } from "../people/personal-tokens.ts";
import { requestOfSignIn } from "../factors/passkeys.ts";
import { hasPassword } from "../proof/prove-password.ts";
import { proveSession, type SessionProof } from "./prove-session.ts";
import { signIn, startSession } from "./sessions.ts";
import { createTestUser, failuresMax, openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";
import { TestPasskey } from "../factors/testing-passkey.ts";
import { updateUser } from "../people/users.ts";

const origin = "https://drive.example.org";
const site = { rpId: "drive.example.org", origins: [origin] };
const password = testPassword;

describe("Proof of a session", () => {
  let databases: TestDatabases;
  let world: TestAccounts;
  let authenticator: Authenticator;
  let people = 0;

  before(async () => {
    databases = await startTestDatabases({ fsync: false });
    world = await openTestAccounts(databases.shards);
    authenticator = new Authenticator(world);
  });
  after(() => databases.stop());

  interface Person {
    readonly id: UserId;
    readonly email: string;
    readonly token: string;
    readonly caller: Caller;
    readonly source: string;
  }

  async function newPerson(): Promise<Person> {
    const email = `person${++people}@example.org`;
    const source = `192.0.2.${people}`;
    const { id } = await createTestUser(world, email);
    const { access_token: token } = await signIn(world, { email, password }, source);
    return { id, email, token, source, caller: await authenticator.authenticate(token) };
  }

  const setProven = ({ id }: Person, atMicros: number) =>
    sql`update shard.sessions set proven_at = ${atMicros} where user_id = ${id}`.execute(world.shards.ofId(id).db);
  const grownOld = (person: Person) => setProven(person, 0);
  const isOld = async ({ token }: Person) => (await authenticator.authenticate(token)).lacksProof === true;
  const prove = ({ caller, source }: Person, proof: SessionProof) =>
    proveSession(world, caller, { ...proof, site }, source);

  async function refusal(act: Promise<unknown>): Promise<HoldfastError> {
    const thrown = await act.then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(thrown instanceof HoldfastError, String(thrown));
    return thrown;
  }
  const codeOf = async (act: Promise<unknown>) => (await refusal(act)).code;

  async function withApp(person: Person): Promise<() => string> {
    const { secret } = await prepareSecondFactor(world, person.caller, { password }, person.source);
    const code = () => generateSync({ secret, epoch: world.clock.nowMs() / 1000 });
    await confirmSecondFactor(world, person.caller, code());
    world.clock.forwardMs(30_000);
    return code;
  }

  async function withPasskey(person: Person): Promise<TestPasskey> {
    const device = new TestPasskey(origin);
    const { webauthn } = await preparePasskey(world, person.caller, { password, site }, person.source);
    await confirmPasskey(world, person.caller, { name: "Key", passkey: device.create(webauthn), site });
    return device;
  }
  const askedAlone = () => requestOfSignIn(world, site).webauthn;

  test("is valid for an hour after the sign-in, and after each proof", async () => {
    const person = await newPerson();
    const oldestMicros = world.clock.nowMicros() - limits.sessionProofMs * 1000;
    await setProven(person, oldestMicros + 60_000_000);
    assert.equal(await isOld(person), false);
    await setProven(person, oldestMicros - 1);
    assert.equal(await isOld(person), true);
    const until = await prove(person, { password });
    assert.equal(until, world.clock.nowMicros() + limits.sessionProofMs * 1000);
    await grownOld(person);
    assert.equal(await isOld(person), true);
    await prove(person, { password });
    assert.equal(await isOld(person), false);
  });

  test("from a clock far ahead is invalid", async () => {
    const person = await newPerson();
    await setProven(person, world.clock.nowMicros() + 2 * limits.sessionProofMs * 1000);
    assert.equal(await isOld(person), true);
  });

  test("guesses share the limit of sign-ins", async () => {
    const person = await newPerson();
    await grownOld(person);
    for (let failed = 0; failed < failuresMax / 2; failed++) {
      assert.equal(await codeOf(prove(person, { password: "not it" })), "invalid_field");
      assert.equal(
        await codeOf(signIn(world, { email: person.email, password: "not it" }, person.source)),
        "unauthenticated",
      );
    }
    assert.equal(await codeOf(prove(person, { password })), "rate_limited");
    assert.equal(await isOld(person), true);
  });

  test("requires the second factor, whose code works once", async () => {
    const person = await newPerson();
    const code = await withApp(person);
    await grownOld(person);
    const asked = await refusal(prove(person, { password }));
    assert.deepEqual([asked.code, asked.body["factors"]], ["second_factor", ["app", "recovery_code"]]);
    assert.equal(await codeOf(prove(person, { password: "not it", totp: code() })), "invalid_field");
    assert.equal(await isOld(person), true);
    const totp = code();
    await prove(person, { password, totp });
    assert.equal(await isOld(person), false);
    await grownOld(person);
    assert.equal(await codeOf(prove(person, { password, totp })), "second_factor");
    assert.equal(await isOld(person), true);
  });

  test("is rejected with a code already used for a sign-in", async () => {
    const person = await newPerson();
    const code = await withApp(person);
    await signIn(world, { email: person.email, password, totp: code() }, person.source);
    assert.equal(await codeOf(prove(person, { password, totp: code() })), "second_factor");
  });

  test("can be a verified passkey of the same account, once", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const [device, foreign] = [await withPasskey(person), await withPasskey(other)];
    await grownOld(person);
    for (const wrong of [
      device.get(askedAlone(), { unverified: true }),
      foreign.get(askedAlone()),
      foreign.get(askedAlone(), { credentialId: device.id }),
    ]) {
      const { code, field } = await refusal(prove(person, { passkey: wrong }));
      assert.deepEqual([code, field, await isOld(person)], ["invalid_field", "passkey", true]);
    }
    const passkey = device.get(askedAlone());
    await prove(person, { passkey });
    assert.equal(await isOld(person), false);
    await grownOld(person);
    assert.equal(await codeOf(prove(person, { passkey })), "invalid_field");
    assert.equal(await isOld(person), true);
  });

  test("by a passkey with a password requires the matching challenge", async () => {
    const person = await newPerson();
    const device = await withPasskey(person);
    await grownOld(person);
    const { body } = await refusal(prove(person, { password }));
    assert.equal(await codeOf(prove(person, { password, passkey: device.get(askedAlone()) })), "second_factor");
    await prove(person, { password, passkey: device.get(body["webauthn"] as PasskeyRequest) });
    assert.equal(await isOld(person), false);
  });

  test("cannot be given by a personal access token", async () => {
    const person = await newPerson();
    const request = { name: "t", scopes: ["account"] as const, expiresAtMicros: null };
    const { token } = await createPersonalToken(world, person.caller, request);
    await grownOld(person);
    const caller = await authenticator.authenticate(token);
    assert.equal(caller.lacksProof, undefined);
    assert.equal(await codeOf(prove({ ...person, caller }, { password })), "forbidden");
    assert.equal(await isOld(person), true);
  });

  test("fails after the session, the account or the password ended", async () => {
    const [suspended, gone, renamed] = [await newPerson(), await newPerson(), await newPerson()];
    await updateUser(world, suspended.id, { disabled: true });
    assert.equal(await codeOf(prove(suspended, { password })), "unauthenticated");
    await sql`delete from shard.sessions where user_id = ${gone.id}`.execute(world.shards.ofId(gone.id).db);
    assert.equal(await codeOf(prove(gone, { password })), "unauthenticated");
    await updateUser(world, renamed.id, { password: "set by an administrator" });
    assert.equal(await codeOf(prove(renamed, { password })), "invalid_field");
  });

  test("by password is limited to administrators where only the issuer signs people in", async () => {
    const person = await newPerson();
    const only = { ...world, onlyThrough: "Example" };
    const { code, field } = await refusal(proveSession(only, person.caller, { password }, person.source));
    assert.deepEqual([code, field], ["forbidden", "outside"]);
    await proveSession(only, { ...person.caller, admin: true }, { password }, person.source);
  });

  test("replaces an old password where only the issuer signs people in", async () => {
    const person = await newPerson();
    const only = { ...world, onlyThrough: "Example" };
    const asked = { name: "backup", scopes: ["files:read" as const], expiresAtMicros: null };
    const make = (given: object) => createAppPassword(only, person.caller, { ...asked, ...given }, person.source);
    await grownOld(person);
    assert.equal(await codeOf(make({ password })), "proof_required");
    assert.equal(await codeOf(make({})), "proof_required");
    await setProven(person, world.clock.nowMicros());
    await make({});
    const user = await findUser(world.shards, person.id);
    assert.ok(user !== undefined);
    assert.deepEqual([await hasPassword(world, user), await hasPassword(only, user)], [true, false]);
    await updateUser(world, person.id, { admin: true });
    await grownOld(person);
    await make({ password });
  });

  test("age is inherited by a session that it authorizes", async () => {
    const person = await newPerson();
    await grownOld(person);
    const user = await findUser(world.shards, person.id);
    assert.ok(user !== undefined);
    const device = { name: "d", browser: false, system: null, address: null, signed_in_by: "browser" as const };
    const letInBy = person.caller.credential.id as SessionId;
    const letIn = await startSession(world, user, { ...device, letInBy });
    assert.equal((await authenticator.authenticate(letIn.access_token)).lacksProof, true);
  });
});
