import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { generateSync } from "otplib";
import { passwordResetter } from "../../mail/mail-password.ts";
import { withoutMail } from "../../mail/testing-world.ts";
import { startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { confirmPasskey, preparePasskey } from "./change-passkeys.ts";
import { confirmSecondFactor, prepareSecondFactor } from "./change-second-factor.ts";
import { requestOfSignIn } from "../factors/passkeys.ts";
import { resetLink, resetPassword } from "./reset-password.ts";
import { readSecondFactor } from "../factors/second-factor.ts";
import type { SecurityChange } from "../context/security-change.ts";
import { signIn } from "../sign-in/sessions.ts";
import { signInByPasskey } from "../sign-in/sign-in-by-passkey.ts";
import { createTestUser, openTestAccounts, signedInAs, type TestAccounts, testPassword } from "../testing.ts";
import { TestPasskey } from "../factors/testing-passkey.ts";
import { getUser, updateUser } from "../people/users.ts";

let databases: TestDatabases;
let world: TestAccounts;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  const notifySecurity = (_: unknown, __: UserId, what: SecurityChange) => Promise.resolve(void changes.push(what));
  world = { ...(await openTestAccounts(databases.shards)), notifySecurity };
});
after(() => databases.stop());

const source = "192.0.2.1";
const origin = "https://drive.example.org";
const site = { rpId: "drive.example.org", origins: [origin] };
const changes: SecurityChange[] = [];
const wanted = "a new sentence of theirs";

async function askedBy(email: string) {
  const user = await createTestUser(world, email);
  const [, token = ""] = resetLink(world, user).split("#");
  return {
    token,
    reset: (given = token) => resetPassword(world, { token: given, new_password: wanted }, source),
    signIn: (password: string) => signIn(world, { email, password }, source),
  };
}

test("a password reset link is valid for 30 minutes", async () => {
  assert.equal(limits.passwordResetMs, 30 * 60_000);
  const [inTime, late] = [await askedBy("in-time@example.org"), await askedBy("late@example.org")];
  world.clock.forwardMs(limits.passwordResetMs - 1);
  await inTime.reset();
  await inTime.signIn(wanted);
  world.clock.forwardMs(1);
  await assert.rejects(late.reset(), { code: "invalid_field", field: "token" });
  const later = late.token.replace(/_(\d+)_/, (_, until: string) => `_${Number(until) + 3600}_`);
  assert.notEqual(later, late.token);
  await assert.rejects(late.reset(later), { code: "invalid_field", field: "token" });
  await late.signIn(testPassword);
});

test("a link mailed while the clock was ahead does not prevent a new mail", async () => {
  const { email } = await createTestUser(world, "ahead@example.org");
  const kind = passwordResetter(withoutMail(world));
  const links = async () => {
    const found = databases.shards
      .all()
      .map(({ db }) => db.selectFrom("shard.unsent_links").select("id").where("address", "=", email).execute());
    return (await Promise.all(found)).flat().length;
  };
  const ask = () => kind.work({ email }, { signal: new AbortController().signal } as never);
  const aheadMs = 24 * 3_600_000;
  world.clock.forwardMs(aheadMs);
  await ask();
  world.clock.forwardMs(limits.passwordResetPauseMs - 1);
  await ask();
  assert.equal(await links(), 1, "one within some minutes");
  world.clock.forwardMs(-aheadMs);
  await ask();
  assert.equal(await links(), 2);
});

test("the first reset of an unconfirmed account removes its creator's factors, and its owner is notified", async () => {
  for (const state of ["unconfirmed", "confirmed", "renamed"] as const) {
    const confirmed = state !== "unconfirmed";
    const made = await createTestUser(world, `made-${state}@example.org`, { confirmed });
    const maker = await signedInAs(world, made);
    const { secret } = await prepareSecondFactor(world, maker, { password: testPassword }, source);
    const code = generateSync({ secret, epoch: world.clock.nowMs() / 1000 });
    const [recovery] = await confirmSecondFactor(world, maker, code);
    const { webauthn } = await preparePasskey(world, maker, { password: testPassword, totp: recovery, site }, source);
    const device = new TestPasskey(origin);
    await confirmPasskey(world, maker, { name: "Key", passkey: device.create(webauthn), site });
    if (state === "renamed") await updateUser(world, made.id, { email: "moved@example.org" });
    const user = await getUser(world, made.id);
    const [, token = ""] = resetLink(world, user).split("#");
    changes.length = 0;
    const left = await resetPassword(world, { token, new_password: wanted }, source);
    const factor = await readSecondFactor(world, user.id);
    const passkey = () =>
      signInByPasskey(world, { passkey: device.get(requestOfSignIn(world, site).webauthn), site }, source);
    const byPassword = signIn(world, { email: user.email, password: wanted }, source);
    if (confirmed) {
      assert.deepEqual([left.passkeys, factor.on, factor.app, factor.passkeys], [1, true, true, 1]);
      await assert.rejects(byPassword, { code: "second_factor" });
      assert.deepEqual(changes, ["password"]);
      await passkey();
    } else {
      assert.deepEqual([left.passkeys, factor.on, factor.recovery_codes_left], [0, false, 0]);
      await byPassword;
      assert.deepEqual(changes, ["password", "passkey_removed", "factor_off"]);
      await assert.rejects(passkey(), { code: "unauthenticated" });
    }
  }
});
