import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { DeviceId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { PasskeyRequest } from "@holdfast/protocol/passkey-values";
import { sql } from "kysely";
import { generateSync } from "otplib";
import { startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { Authenticator } from "../sign-in/authenticator.ts";
import type { Caller } from "../context/caller.ts";
import { confirmPasskey, preparePasskey, removePasskey } from "../proof/change-passkeys.ts";
import { confirmSecondFactor, endSecondFactor, prepareSecondFactor } from "../proof/change-second-factor.ts";
import { expireCredentials } from "../sign-in/expire-credentials.ts";
import { changeOwnPassword } from "../proof/own-password.ts";
import { listPasskeys, renamePasskey, requestOfSignIn } from "./passkeys.ts";
import { createPersonalToken } from "../people/personal-tokens.ts";
import { readSecondFactor } from "./second-factor.ts";
import type { SecurityChange } from "../context/security-change.ts";
import { signIn } from "../sign-in/sessions.ts";
import { signInByPasskey } from "../sign-in/sign-in-by-passkey.ts";
import { createTestUser, openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";
import { TestPasskey } from "./testing-passkey.ts";
import { updateUser } from "../people/users.ts";

const source = "192.0.2.1";
const origin = "https://drive.example.org";
const site = { rpId: "drive.example.org", origins: [origin] };
const refusedFactor = { code: "second_factor", field: "passkey" };
const refusedAlone = { code: "unauthenticated", field: "passkey" };

type Assertion = ReturnType<TestPasskey["get"]>;

describe("Passkey", () => {
  let databases: TestDatabases;
  let world: TestAccounts;
  let authenticator: Authenticator;
  const changes: { userId: UserId; what: SecurityChange }[] = [];
  const notifiedDevices: DeviceId[] = [];
  let people = 0;
  let sources = 0;

  before(async () => {
    databases = await startTestDatabases({ fsync: false });
    const notifySecurity = (_: unknown, userId: UserId, what: SecurityChange) => {
      changes.push({ userId, what });
      return Promise.resolve();
    };
    const notifyDevice = (_: unknown, { id }: { readonly id: DeviceId }) => {
      notifiedDevices.push(id);
      return Promise.resolve();
    };
    world = { ...(await openTestAccounts(databases.shards)), notifySecurity, notifyDevice };
    authenticator = new Authenticator(world);
  });
  after(() => databases.stop());

  interface Person {
    readonly id: UserId;
    readonly email: string;
    readonly caller: Caller;
  }

  async function newPerson(): Promise<Person> {
    const email = `person${++people}@example.org`;
    const { id } = await createTestUser(world, email);
    const { access_token: token } = await signIn(world, { email, password: testPassword }, source);
    return { id, email, caller: await authenticator.authenticate(token) };
  }

  const byPassword = ({ email }: Person, passkey?: Assertion, totp?: string) =>
    signIn(world, { email, password: testPassword, passkey, totp, site }, source);
  const alone = (passkey: Assertion) => signInByPasskey(world, { passkey, site }, `2001:db8::${++sources}`);
  const asked = () => requestOfSignIn(world, site).webauthn;
  const ofPerson = ({ id }: Person) => changes.filter(({ userId }) => userId === id).map(({ what }) => what);

  async function askedBeside(act: Promise<unknown>): Promise<{ factors: string[]; webauthn: PasskeyRequest }> {
    const thrown = await act.then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(thrown instanceof HoldfastError && thrown.code === "second_factor", String(thrown));
    return thrown.body as { factors: string[]; webauthn: PasskeyRequest };
  }

  const proofOf = async (person: Person, device: TestPasskey) => ({
    password: testPassword,
    passkey: device.get((await askedBeside(byPassword(person))).webauthn),
    site,
  });

  async function add(person: Person, device: TestPasskey, proof: object = {}) {
    const given = { password: testPassword, site, ...proof };
    const named = { ...world, serverName: "Our drive" };
    const { webauthn } = await preparePasskey(named, person.caller, given, source);
    assert.equal(webauthn.rp.name, "Our drive");
    return confirmPasskey(world, person.caller, { name: "Laptop", passkey: device.create(webauthn), site });
  }

  async function withPasskey(counter = 0) {
    const person = await newPerson();
    const device = new TestPasskey(origin, counter);
    const { passkey, recovery_codes: codes } = await add(person, device);
    return { person, device, passkey, codes: codes ?? [] };
  }

  test("signs in without the password, and is required in addition to it", async () => {
    const { person, device, passkey, codes } = await withPasskey();
    assert.equal(passkey.name, "Laptop");
    assert.equal(passkey.address, "drive.example.org");
    assert.equal(codes.length, limits.recoveryCodes);
    assert.deepEqual(ofPerson(person), ["passkey_added"]);
    const { on, app, passkeys } = await readSecondFactor(world, person.id);
    assert.deepEqual({ on, app, passkeys }, { on: true, app: false, passkeys: 1 });
    const session = await alone(device.get(asked()));
    assert.equal((await authenticator.authenticate(session.access_token)).userId, person.id);
    const { factors, webauthn: request } = await askedBeside(byPassword(person));
    assert.deepEqual(factors, ["passkey", "recovery_code"]);
    assert.deepEqual(request.allowCredentials, [{ type: "public-key", id: device.id, transports: ["internal"] }]);
    await byPassword(person, device.get(request));
    await byPassword(person, undefined, codes[0]);
    await assert.rejects(byPassword(person, undefined, "000000"), { code: "second_factor", field: "totp" });
    const [listed] = await listPasskeys(world, person.id);
    assert.notEqual(listed?.last_used_at, null);
  });

  test("is not reported on a device that signed in before", async () => {
    const { device } = await withPasskey();
    const first = await alone(device.get(asked()));
    const request = { passkey: device.get(asked()), site, device_secret: first.device_secret };
    const again = await signInByPasskey(world, request, `2001:db8::${++sources}`);
    assert.ok(notifiedDevices.includes(first.device_id as DeviceId));
    assert.ok(!notifiedDevices.includes(again.device_id as DeviceId));
  });

  test("answers each challenge once, even when sent concurrently", async () => {
    const { person, device } = await withPasskey();
    const assertion = device.get(asked());
    const entered = await Promise.allSettled(Array.from({ length: 8 }, () => alone(assertion)));
    assert.equal(entered.filter(({ status }) => status === "fulfilled").length, 1);
    await assert.rejects(alone(assertion), refusedAlone);
    const request = asked();
    await alone(device.get(request));
    await assert.rejects(alone(device.get(request)), refusedAlone);
    const beside = device.get((await askedBeside(byPassword(person))).webauthn);
    const both = await Promise.allSettled(Array.from({ length: 8 }, () => byPassword(person, beside)));
    assert.equal(both.filter(({ status }) => status === "fulfilled").length, 1);
    await assert.rejects(byPassword(person, beside), refusedFactor);
  });

  test("answers only its own challenge, within its lifetime", async () => {
    const { person, device } = await withPasskey();
    const beside = (await askedBeside(byPassword(person))).webauthn;
    await assert.rejects(alone(device.get(beside)), refusedAlone);
    await assert.rejects(byPassword(person, device.get(asked())), refusedFactor);
    const forged = { ...asked(), challenge: Buffer.alloc(38, 7).toString("base64url") };
    await assert.rejects(alone(device.get(forged)), refusedAlone);
    const late = asked();
    world.clock.forwardMs(limits.passkeyChallengeMs);
    await assert.rejects(alone(device.get(late)), refusedAlone);
    const other = await withPasskey();
    const ofOther = (await askedBeside(byPassword(other.person))).webauthn;
    await assert.rejects(byPassword(person, device.get(ofOther)), refusedFactor);
  });

  test("is rejected for another account", async () => {
    const { person } = await withPasskey();
    const other = await withPasskey();
    const { webauthn: request } = await askedBeside(byPassword(person));
    await assert.rejects(byPassword(person, other.device.get(request)), refusedFactor);
    const handle = Buffer.from(person.id.replaceAll("-", ""), "hex").toString("base64url");
    await assert.rejects(alone(other.device.get(asked(), { userHandle: handle })), refusedAlone);
    const { person: third, device } = await withPasskey();
    const { webauthn: ofThird } = await askedBeside(byPassword(third));
    const disguised = other.device.get(ofThird, { credentialId: device.id, userHandle: "" });
    await assert.rejects(byPassword(third, disguised), refusedFactor);
  });

  test("is accepted only from pages of this server", async () => {
    const { device } = await withPasskey();
    for (const odd of [
      { origin: "https://drive.example.org.evil.example" },
      { origin: "http://drive.example.org" },
      { origin: "https://drive.example.org:8443" },
      { rpId: "evil.example" },
      { crossOrigin: true },
    ] as const) {
      await assert.rejects(alone(device.get(asked(), odd)), refusedAlone, JSON.stringify(odd));
    }
    const elsewhere = { rpId: "evil.example", origins: ["https://evil.example"] };
    const there = device.get(asked(), { rpId: "evil.example", origin: "https://evil.example" });
    await assert.rejects(signInByPasskey(world, { passkey: there, site: elsewhere }, source), refusedAlone);
    await alone(device.get(asked()));
  });

  test("requires user verification without the password, but not in addition to it", async () => {
    const { person, device } = await withPasskey();
    await assert.rejects(alone(device.get(asked(), { unverified: true })), refusedAlone);
    const { webauthn: request } = await askedBeside(byPassword(person));
    await byPassword(person, device.get(request, { unverified: true }));
  });

  test("with a lower use counter is rejected, and the account is notified", async () => {
    const { person, device } = await withPasskey(5);
    await alone(device.get(asked()));
    await assert.rejects(alone(device.get(asked(), { counter: 6 })), /copy/);
    await assert.rejects(alone(device.get(asked(), { counter: 0 })), /copy/);
    assert.deepEqual(ofPerson(person), ["passkey_added", "passkey_copied", "passkey_copied"]);
    const { webauthn: request } = await askedBeside(byPassword(person));
    await assert.rejects(byPassword(person, device.get(request, { counter: 6 })), refusedFactor);
    await alone(device.get(asked(), { counter: 100 }));
  });

  test("with a modified signature is rejected", async () => {
    const { device } = await withPasskey();
    const assertion = device.get(asked());
    const signature = Buffer.from(assertion.response.signature, "base64url");
    signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
    const forged = { ...assertion, response: { ...assertion.response, signature: signature.toString("base64url") } };
    await assert.rejects(alone(forged), refusedAlone);
    await alone(assertion);
  });

  test("can be added once, by the session that requested it, and for this address", async () => {
    const { person, device } = await withPasskey();
    const proof = async () => proofOf(person, device);
    const again = await preparePasskey(world, person.caller, await proof(), source);
    assert.deepEqual(
      again.webauthn.excludeCredentials.map(({ id }) => id),
      [device.id],
    );
    const confirm = (passkey: ReturnType<TestPasskey["create"]>, caller = person.caller) =>
      confirmPasskey(world, caller, { name: "Again", passkey, site });
    await assert.rejects(confirm(device.create(again.webauthn)), { code: "exists" });
    // Another shard does not know the passkey.
    let other = await newPerson();
    while (databases.shards.ofId(other.id) !== databases.shards.ofId(person.id)) other = await newPerson();
    const ofOther = await preparePasskey(world, other.caller, { password: testPassword, site }, source);
    await assert.rejects(confirm(device.create(ofOther.webauthn), other.caller), { code: "exists" });
    assert.equal((await readSecondFactor(world, other.id)).on, false);
    const refused = { code: "invalid_field", field: "passkey" };
    const fresh = new TestPasskey(origin);
    await assert.rejects(confirm(fresh.create(ofOther.webauthn)), refused, "another session's challenge");
    await assert.rejects(confirm(fresh.create(again.webauthn, { origin: "https://evil.example" })), refused);
    await assert.rejects(confirm(fresh.create(again.webauthn, { rpId: "evil.example" })), refused);
    const entered = await Promise.allSettled([0, 1].map(() => confirm(new TestPasskey(origin).create(again.webauthn))));
    assert.equal(entered.filter(({ status }) => status === "fulfilled").length, 1, "a challenge twice");
    const late = await preparePasskey(world, person.caller, await proof(), source);
    world.clock.forwardMs(limits.passkeyChallengeMs);
    await assert.rejects(confirm(fresh.create(late.webauthn)), refused);
  });

  test("is rejected after its removal, and removing the last one ends the second factor", async () => {
    const { person, device, passkey } = await withPasskey();
    const second = new TestPasskey(origin);
    const added = await add(person, second, await proofOf(person, device));
    assert.equal(added.recovery_codes, null, "those that there are stay");
    const remove = async (id: string, by: TestPasskey) =>
      removePasskey(world, person.caller, id, { proof: await proofOf(person, by), source });
    const bare = { proof: { password: testPassword, site }, source };
    await assert.rejects(removePasskey(world, person.caller, passkey.id, bare), { code: "second_factor" });
    await remove(passkey.id, second);
    await assert.rejects(alone(device.get(asked())), refusedAlone);
    await assert.rejects(remove(passkey.id, second), { code: "not_found" });
    await remove(added.passkey.id, second);
    assert.deepEqual(await readSecondFactor(world, person.id), {
      on: false,
      since: null,
      app: false,
      passkeys: 0,
      recovery_codes_left: 0,
    });
    await byPassword(person);
    assert.deepEqual(ofPerson(person), ["passkey_added", "passkey_added", "passkey_removed", "factor_off"]);
  });

  test("can be combined with an app, and the app remains when it is removed", async () => {
    const { person, device, passkey } = await withPasskey();
    const proof = await proofOf(person, device);
    const { secret } = await prepareSecondFactor(world, person.caller, proof, source);
    const code = () => generateSync({ secret, epoch: Math.floor(world.clock.nowMs() / 1000) });
    const codes = await confirmSecondFactor(world, person.caller, code());
    const { factors } = await askedBeside(byPassword(person));
    assert.deepEqual(factors, ["app", "passkey", "recovery_code"]);
    world.clock.forwardMs(30_000);
    await byPassword(person, undefined, code());
    const removing = { proof: await proofOf(person, device), source };
    await removePasskey(world, person.caller, passkey.id, removing);
    assert.deepEqual((await askedBeside(byPassword(person))).factors, ["app", "recovery_code"]);
    await endSecondFactor(world, person.caller, { password: testPassword, totp: codes[0] }, source);
    await byPassword(person);
  });

  test("confirms a password change, and ends with the second factor", async () => {
    const { person, device } = await withPasskey();
    const change = { current_password: testPassword, new_password: testPassword, site };
    const { webauthn: request } = await askedBeside(changeOwnPassword(world, person.caller, change, source));
    const passkey = device.get(request);
    await changeOwnPassword(world, person.caller, { ...change, passkey }, source);
    await assert.rejects(changeOwnPassword(world, person.caller, { ...change, passkey }, source), refusedFactor);
    await endSecondFactor(world, person.caller, await proofOf(person, device), source);
    assert.deepEqual(await listPasskeys(world, person.id), []);
    await assert.rejects(alone(device.get(asked())), refusedAlone);
  });

  test("is rejected for a disabled account, and can be removed by an administrator", async () => {
    const { person, device } = await withPasskey();
    await updateUser(world, person.email, { disabled: true });
    await assert.rejects(alone(device.get(asked())), { code: "forbidden" });
    await updateUser(world, person.email, { disabled: false });
    await alone(device.get(asked()));
    await updateUser(world, person.email, { secondFactor: false });
    await assert.rejects(alone(device.get(asked())), refusedAlone);
    await byPassword(person);
  });

  test("is disclosed only to callers who know the password", async () => {
    const { person } = await withPasskey();
    const wrong = (email: string) => signIn(world, { email, password: "wrong password", site }, source);
    const answers = await Promise.all(
      [person.email, "nobody@example.org"].map((email) =>
        wrong(email).then(
          () => undefined,
          (thrown: unknown) => {
            const { code, message, body } = toHoldfastError(thrown);
            return { code, message, body };
          },
        ),
      ),
    );
    assert.equal(answers[0]?.code, "unauthenticated");
    assert.deepEqual(answers[0], answers[1]);
    const stranger = new TestPasskey(origin);
    const unknown = Buffer.from("00000000000080008000000000000000", "hex").toString("base64url");
    const known = Buffer.from(person.id.replaceAll("-", ""), "hex").toString("base64url");
    const refusals = await Promise.all(
      [unknown, known, ""].map((userHandle) =>
        alone(stranger.get(asked(), { userHandle })).catch((thrown: unknown) => toHoldfastError(thrown).message),
      ),
    );
    assert.equal(new Set(refusals).size, 1);
  });

  test("requires a session and the password to be changed, and has a maximum number", async () => {
    const person = await newPerson();
    const { id } = await createPersonalToken(world, person.caller, {
      name: "t",
      scopes: ["account"],
      expiresAtMicros: null,
    });
    const byToken: Caller = { ...person.caller, credential: { kind: "token", id: id as never } };
    const given = { password: testPassword, site };
    await assert.rejects(preparePasskey(world, byToken, given, source), { code: "forbidden" });
    const wrong = { password: "wrong password", site };
    await assert.rejects(preparePasskey(world, person.caller, wrong, source), { code: "invalid_field" });
    const { webauthn } = await preparePasskey(world, person.caller, given, source);
    const passkey = new TestPasskey(origin).create(webauthn);
    await assert.rejects(confirmPasskey(world, byToken, { name: "K", passkey, site }), { code: "forbidden" });
    const added = await confirmPasskey(world, person.caller, { name: "K", passkey, site });
    await assert.rejects(renamePasskey(world, byToken, added.passkey.id, "L"), { code: "forbidden" });
    assert.equal((await renamePasskey(world, person.caller, added.passkey.id, "L")).name, "L");
    const other = await newPerson();
    await assert.rejects(renamePasskey(world, other.caller, added.passkey.id, "M"), { code: "not_found" });
    const { db } = world.shards.ofId(person.id);
    await sql`
      insert into shard.passkeys (user_id, id, credential_id, public_key, counter, transports, rp_id, name, backed_up, created_at)
      select user_id, gen_random_uuid(), credential_id || decode(lpad(n::text, 4, '0'), 'hex'), public_key, 0, transports, rp_id, name, backed_up, 0
      from shard.passkeys, generate_series(2, ${limits.passkeysMax}::int) n where user_id = ${person.id}`.execute(db);
    const [totp] = added.recovery_codes ?? [];
    await assert.rejects(preparePasskey(world, person.caller, { ...given, totp }, source), { code: "conflict" });
  });

  test("challenges are deleted after they expire", async () => {
    const { person, device } = await withPasskey();
    await alone(device.get(asked()));
    const count = async () => {
      const { db } = world.shards.ofId(person.id);
      const { rows } = await sql`select from shard.passkey_challenges where user_id = ${person.id}`.execute(db);
      return rows.length;
    };
    await expireCredentials(world);
    assert.equal(await count(), 2);
    world.clock.forwardMs(limits.passkeyChallengeMs);
    await expireCredentials(world);
    assert.equal(await count(), 0);
  });
});
