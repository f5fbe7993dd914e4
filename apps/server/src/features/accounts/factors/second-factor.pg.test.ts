import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { toHoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import { sql } from "kysely";
import { generateSync } from "otplib";
import { startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { Authenticator } from "../sign-in/authenticator.ts";
import type { Caller } from "../context/caller.ts";
import { changeOwnPassword } from "../proof/own-password.ts";
import {
  confirmSecondFactor,
  endSecondFactor,
  prepareSecondFactor,
  renewRecoveryCodes,
} from "../proof/change-second-factor.ts";
import { createPersonalToken } from "../people/personal-tokens.ts";
import { readSecondFactor } from "./second-factor.ts";
import { signIn } from "../sign-in/sessions.ts";
import { createTestUser, openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";
import { updateUser } from "../people/users.ts";

const source = "192.0.2.1";
const stepMs = 30_000;
const refused = { code: "second_factor", field: "totp" };

describe("Second factor", () => {
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

  /** Uses another library than the server. */
  const codeOf = (secret: string, offMs = 0): string =>
    generateSync({ secret, epoch: Math.floor((world.clock.nowMs() + offMs) / 1000) });

  interface Person {
    readonly id: UserId;
    readonly email: string;
    readonly caller: Caller;
    readonly signIn: (totp?: string, password?: string) => ReturnType<typeof signIn>;
  }

  async function newPerson(): Promise<Person> {
    const email = `person${++people}@example.org`;
    const { id } = await createTestUser(world, email);
    const enter = (totp?: string, password = testPassword) => signIn(world, { email, password, totp }, source);
    const { access_token: token } = await enter();
    return { id, email, caller: await authenticator.authenticate(token), signIn: enter };
  }

  async function withApp(person: Person): Promise<{ secret: string; codes: string[] }> {
    const { secret } = await prepareSecondFactor(world, person.caller, { password: testPassword }, source);
    const codes = await confirmSecondFactor(world, person.caller, codeOf(secret));
    world.clock.forwardMs(stepMs);
    return { secret, codes };
  }

  test("is required after an app's code confirmed it, not before", async () => {
    const person = await newPerson();
    const named = { ...world, serverName: "Our: drive" };
    const ofNamed = await prepareSecondFactor(named, person.caller, { password: testPassword }, source);
    assert.equal(new URL(ofNamed.uri).searchParams.get("issuer"), "Our drive");
    const prepared = await prepareSecondFactor(world, person.caller, { password: testPassword }, source);
    const uri = new URL(prepared.uri);
    assert.equal(uri.protocol, "otpauth:");
    assert.equal(uri.searchParams.get("secret"), prepared.secret);
    assert.equal(uri.searchParams.get("issuer"), "Holdfast");
    assert.match(decodeURIComponent(uri.pathname), new RegExp(person.email.replace(".", "\\.")));
    await person.signIn();
    await assert.rejects(confirmSecondFactor(world, person.caller, "000000"), refused);
    await person.signIn();
    assert.equal((await readSecondFactor(world, person.id)).on, false);
    const codes = await confirmSecondFactor(world, person.caller, codeOf(prepared.secret));
    assert.equal(new Set(codes).size, limits.recoveryCodes);
    assert.deepEqual(await readSecondFactor(world, person.id), {
      on: true,
      since: formatTime(world.clock.nowMicros()),
      app: true,
      passkeys: 0,
      recovery_codes_left: limits.recoveryCodes,
    });
    await assert.rejects(person.signIn(), refused);
    await assert.rejects(person.signIn(" "), refused);
    world.clock.forwardMs(stepMs);
    await person.signIn(codeOf(prepared.secret));
  });

  test("is disclosed only to callers who know the password", async () => {
    const person = await newPerson();
    const { secret } = await withApp(person);
    for (const totp of [undefined, "000000", codeOf(secret)]) {
      await assert.rejects(person.signIn(totp, "wrong password"), { code: "unauthenticated" });
    }
    await person.signIn(codeOf(secret));
  });

  test("accepts each code once, even concurrently, and no older code afterwards", async () => {
    const person = await newPerson();
    const { secret } = await withApp(person);
    const older = codeOf(secret);
    world.clock.forwardMs(stepMs);
    const code = codeOf(secret);
    const entered = await Promise.allSettled(Array.from({ length: 8 }, () => person.signIn(code)));
    assert.equal(entered.filter(({ status }) => status === "fulfilled").length, 1);
    world.clock.forwardMs(3_600_000);
    await assert.rejects(person.signIn(older), refused);
    await assert.rejects(person.signIn(code), refused);
  });

  test("accepts codes of a clock up to 30 s off, but not further", async () => {
    const person = await newPerson();
    const { secret } = await withApp(person);
    world.clock.forwardMs(10 * stepMs);
    for (const offMs of [-2 * stepMs, 2 * stepMs]) await assert.rejects(person.signIn(codeOf(secret, offMs)), refused);
    await person.signIn(codeOf(secret, -stepMs));
    await person.signIn(codeOf(secret, stepMs));
    world.clock.forwardMs(10 * stepMs);
    const spaced = codeOf(secret).replace(/^.../, "$& ");
    await person.signIn(spaced);
  });

  test("accepts each recovery code once, also as typed from paper", async () => {
    const person = await newPerson();
    const { codes } = await withApp(person);
    const [first = "", second = "", third = ""] = codes;
    await person.signIn(first);
    await assert.rejects(person.signIn(first), refused);
    await person.signIn(` ${second.toUpperCase().replaceAll("0", "O").replaceAll("1", "l").replaceAll("-", " ")} `);
    const entered = await Promise.allSettled(Array.from({ length: 8 }, () => person.signIn(third)));
    assert.equal(entered.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal((await readSecondFactor(world, person.id)).recovery_codes_left, limits.recoveryCodes - 3);
    const other = await newPerson();
    await withApp(other);
    await assert.rejects(other.signIn(codes[4]), refused);
  });

  test("does not use up a code while the account is being deleted or is disabled", async () => {
    const person = await newPerson();
    const { secret, codes } = await withApp(person);
    const { db } = world.shards.ofId(person.id);
    const asked = { email: person.email, password: testPassword };
    for (const totp of [codes[0], codeOf(secret)]) {
      const now = world.clock.nowMicros();
      await sql`update shard.users set disabled_at = ${now}, leaving_until = ${now + 1_000_000} where id = ${person.id}`.execute(
        db,
      );
      await assert.rejects(person.signIn("000000"), refused);
      for (let time = 0; time < 2; time += 1) await assert.rejects(person.signIn(totp), { code: "account_leaving" });
      await signIn(world, { ...asked, totp, keep_account: true }, source);
      await assert.rejects(person.signIn(totp), refused);
    }
    await updateUser(world, person.id, { disabled: true });
    await assert.rejects(person.signIn(codes[1]), { code: "forbidden" });
    await updateUser(world, person.id, { disabled: false });
    await person.signIn(codes[1]);
  });

  test("delays wrong codes from all addresses for up to an hour, but not recovery codes", async () => {
    const person = await newPerson();
    const { secret, codes } = await withApp(person);
    const guess = (address: string) =>
      signIn(world, { email: person.email, password: testPassword, totp: "000000" }, address);
    for (let count = 0; count < limits.secondFactorFailuresMax; count++) {
      await assert.rejects(guess(`192.0.2.${count}`), refused);
    }
    await assert.rejects(person.signIn(codeOf(secret)), { code: "rate_limited", retryAfterSeconds: 60 });
    await person.signIn(codes[0]);
    let tries = 0;
    for (const endMs = world.clock.nowMs() + 24 * 3_600_000; world.clock.nowMs() < endMs;) {
      const waitMs = await guess("198.51.100.1").then(
        () => assert.fail("guessed"),
        (error: unknown) => {
          const { code, retryAfterSeconds = 0 } = toHoldfastError(error);
          return code === "rate_limited" ? retryAfterSeconds * 1000 : 0;
        },
      );
      if (waitMs === 0) tries += 1;
      else world.clock.forwardMs(waitMs);
    }
    assert.ok(tries > 20 && tries <= 30, `${tries} tries`);
    world.clock.forwardMs(3_600_000);
    await person.signIn(codeOf(secret));
  });

  test("can be changed only by a session with the password and a code", async () => {
    const person = await newPerson();
    const { secret } = await withApp(person);
    const { token } = await createPersonalToken(world, person.caller, {
      name: "t",
      scopes: ["account"],
      expiresAtMicros: null,
    });
    const program = await authenticator.authenticate(token);
    const proof = { password: testPassword };
    for (const change of [prepareSecondFactor, renewRecoveryCodes, endSecondFactor]) {
      await assert.rejects(change(world, program, proof, source), { code: "forbidden" });
      await assert.rejects(change(world, person.caller, proof, source), refused);
      const wrong = { password: "wrong password", totp: codeOf(secret) };
      await assert.rejects(change(world, person.caller, wrong, source), { code: "invalid_field", field: "password" });
    }
    await assert.rejects(confirmSecondFactor(world, program, "000000"), { code: "forbidden" });
    await endSecondFactor(world, person.caller, { ...proof, totp: codeOf(secret) }, source);
    await person.signIn();
    assert.equal((await readSecondFactor(world, person.id)).recovery_codes_left, 0);
    await assert.rejects(endSecondFactor(world, person.caller, proof, source), { code: "conflict" });
    await assert.rejects(renewRecoveryCodes(world, person.caller, proof, source), { code: "conflict" });
  });

  test("can move to another app while the first still works, and new recovery codes replace old ones", async () => {
    const person = await newPerson();
    const { secret, codes } = await withApp(person);
    const proof = { password: testPassword, totp: codeOf(secret) };
    const next = await prepareSecondFactor(world, person.caller, proof, source);
    world.clock.forwardMs(stepMs);
    await person.signIn(codeOf(secret));
    const newCodes = await confirmSecondFactor(world, person.caller, codeOf(next.secret));
    world.clock.forwardMs(stepMs);
    await assert.rejects(person.signIn(codeOf(secret)), refused);
    await assert.rejects(person.signIn(codes[0]), refused);
    await person.signIn(codeOf(next.secret));
    const [left = ""] = newCodes;
    await renewRecoveryCodes(world, person.caller, { password: testPassword, totp: left }, source);
    await assert.rejects(person.signIn(newCodes[1]), refused);
  });

  test("can be confirmed only by the session that prepared it, with few tries", async () => {
    const person = await newPerson();
    const { access_token: other } = await person.signIn();
    const stolen = await authenticator.authenticate(other);
    const { secret } = await prepareSecondFactor(world, person.caller, { password: testPassword }, source);
    await assert.rejects(confirmSecondFactor(world, stolen, codeOf(secret)), { code: "conflict" });
    for (let tries = 0; tries < limits.secondFactorFailuresMax; tries++) {
      await assert.rejects(confirmSecondFactor(world, person.caller, "000000"), refused);
    }
    await assert.rejects(confirmSecondFactor(world, person.caller, codeOf(secret)), { code: "conflict" });
    assert.equal((await readSecondFactor(world, person.id)).on, false);
    await withApp(person);
  });

  test("cannot be bypassed by changes with only the password while it is enabled", async () => {
    for (let round = 0; round < 10; round++) {
      const person = await newPerson();
      const { access_token: other } = await person.signIn();
      const stolen = await authenticator.authenticate(other);
      const { secret } = await prepareSecondFactor(world, person.caller, { password: testPassword }, source);
      const proof = { password: testPassword };
      const [codes, ...thefts] = await Promise.allSettled([
        confirmSecondFactor(world, person.caller, codeOf(secret)),
        renewRecoveryCodes(world, stolen, proof, source),
        endSecondFactor(world, stolen, proof, source),
        changeOwnPassword(world, stolen, { current_password: testPassword, new_password: "stolen password" }, source),
      ]);
      const isStolen = thefts[2]?.status === "fulfilled";
      assert.deepEqual(
        thefts.slice(0, 2).map(({ status }) => status),
        ["rejected", "rejected"],
      );
      if (codes?.status !== "fulfilled") continue;
      const password = isStolen ? "stolen password" : testPassword;
      await assert.rejects(person.signIn(undefined, password), refused);
      await person.signIn(codes.value[0], password);
    }
  });

  test("is required to change the password", async () => {
    const person = await newPerson();
    const { secret } = await withApp(person);
    const change = { current_password: testPassword, new_password: "another long password" };
    await assert.rejects(changeOwnPassword(world, person.caller, change, source), refused);
    await changeOwnPassword(world, person.caller, { ...change, totp: codeOf(secret) }, source);
    world.clock.forwardMs(stepMs);
    await person.signIn(codeOf(secret), "another long password");
  });

  test("accepts a known device while others guess, and limits that device's own wrong codes", async () => {
    const person = await newPerson();
    const { device_secret: known = "" } = await person.signIn();
    const { secret } = await withApp(person);
    const from = (totp: string, device_secret: string | undefined, address: string) =>
      signIn(world, { email: person.email, password: testPassword, totp, device_secret }, address);
    for (let count = 0; count < limits.secondFactorFailuresMax; count++) {
      await assert.rejects(from("000000", undefined, "198.51.100.7"), refused);
    }
    await assert.rejects(from(codeOf(secret), undefined, source), { code: "rate_limited" });
    await from(codeOf(secret), known, source);
    for (let count = 0; count < limits.secondFactorFailuresMax; count++) {
      await assert.rejects(from("000000", known, source), refused);
    }
    world.clock.forwardMs(stepMs);
    await assert.rejects(from(codeOf(secret), known, source), { code: "rate_limited" });
  });

  test("delays sign-ins at most an hour, even if the clock was ahead", async () => {
    const person = await newPerson();
    const { secret } = await withApp(person);
    const aheadMs = 365 * 24 * 3_600_000;
    world.clock.forwardMs(aheadMs);
    for (let count = 0; count < limits.secondFactorFailuresMax; count++) {
      await assert.rejects(person.signIn("000000"), refused);
    }
    world.clock.forwardMs(-aheadMs);
    await assert.rejects(person.signIn(codeOf(secret)), { code: "rate_limited", retryAfterSeconds: 60 });
    world.clock.forwardMs(60_000);
    await person.signIn(codeOf(secret));
  });

  test("accepts pasted codes, and reports a mistyped recovery code as wrong", async () => {
    const person = await newPerson();
    const { secret, codes } = await withApp(person);
    const wide = codeOf(secret).replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
    await person.signIn(` \u200b${wide}.`);
    await person.signIn((codes[0] ?? "").replaceAll("-", "\u2013"));
    for (let count = 0; count < 2 * limits.secondFactorFailuresMax; count++) {
      await assert.rejects(person.signIn("0000-0000-0000-0000"), refused);
    }
    world.clock.forwardMs(stepMs);
    await person.signIn(codeOf(secret));
  });

  test("must be started again if not confirmed in time", async () => {
    const person = await newPerson();
    const { secret } = await prepareSecondFactor(world, person.caller, { password: testPassword }, source);
    world.clock.forwardMs(limits.secondFactorSetUpMs);
    await assert.rejects(confirmSecondFactor(world, person.caller, codeOf(secret)), { code: "conflict" });
    await person.signIn();
  });

  test("is removed by an administrator with all sessions, but not by a new password", async () => {
    const person = await newPerson();
    const { secret } = await withApp(person);
    const { access_token: token } = await person.signIn(codeOf(secret));
    const other = "another long password";
    assert.equal((await updateUser(world, person.email, { password: other })).second_factor, true);
    await assert.rejects(person.signIn(undefined, other), refused);
    world.clock.forwardMs(stepMs);
    const { access_token: last } = await person.signIn(codeOf(secret), other);
    assert.equal((await updateUser(world, person.email, { secondFactor: false })).second_factor, false);
    for (const ended of [token, last])
      await assert.rejects(authenticator.authenticate(ended), { code: "unauthenticated" });
    const { access_token: later } = await person.signIn(undefined, other);
    await assert.rejects(updateUser(world, person.email, { secondFactor: false }), {
      code: "conflict",
      message: `${person.email} has no second factor. Nothing was changed.`,
    });
    await authenticator.authenticate(later);
    const own = { secondFactor: false as const, by: person.caller };
    await assert.rejects(updateUser(world, person.email, own), { code: "forbidden" });
    const { token: ofProgram } = await createPersonalToken(world, (await newPerson()).caller, {
      name: "t",
      scopes: ["account"],
      expiresAtMicros: null,
    });
    const program = { secondFactor: false as const, by: await authenticator.authenticate(ofProgram) };
    await assert.rejects(updateUser(world, (await newPerson()).email, program), { code: "forbidden" });
  });

  test("is stored without readable secrets or codes", async () => {
    const person = await newPerson();
    const { secret, codes } = await withApp(person);
    const { db } = databases.shards.ofId(person.id);
    const { rows } = await sql<{ row: string }>`
      select (f.*)::text as row from shard.second_factors f where user_id = ${person.id}
      union all select (c.*)::text from shard.recovery_codes c where user_id = ${person.id}`.execute(db);
    assert.equal(rows.length, 1 + limits.recoveryCodes);
    const text = rows.map(({ row }) => row).join("\n");
    const plain = Buffer.from(base32(secret)).toString("hex");
    assert.ok(!text.includes(plain));
    for (const code of codes) {
      const hex = Buffer.from(code.replaceAll("-", "")).toString("hex");
      assert.ok(!text.includes(hex) && !text.includes(code));
    }
  });
});

/** RFC 4648, without padding. */
function base32(text: string): number[] {
  const bits = Array.from(text, (letter) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"),
  );
  return (bits.join("").match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
}
