import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeId, toBucket } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { passwordResetter } from "../mail/mail-password.ts";
import { withoutMail } from "../mail/testing-world.ts";
import { startTestDatabases, type TestDatabases } from "../db/testing.ts";
import { resetLink, resetPassword } from "./reset-password.ts";
import { signIn } from "./sessions.ts";
import { createTestUser, openTestAccounts, type TestAccounts, testPassword } from "./testing.ts";

let databases: TestDatabases;
let world: TestAccounts;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  world = await openTestAccounts(databases.shards);
});
after(() => databases.stop());

const source = "192.0.2.1";
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

test("the link of a forgotten password is good for half an hour, and not a moment longer", async () => {
  assert.equal(limits.passwordResetMs, 30 * 60_000);
  const [inTime, late] = [await askedBy("in-time@example.org"), await askedBy("late@example.org")];
  world.clock.forwardMs(limits.passwordResetMs - 1);
  await inTime.reset();
  await inTime.signIn(wanted);
  world.clock.forwardMs(1);
  await assert.rejects(late.reset(), { code: "invalid_field", field: "token" });
  // Until when it is good is signed along.
  const later = late.token.replace(/_(\d+)_/, (_, until: string) => `_${Number(until) + 3600}_`);
  assert.notEqual(later, late.token);
  await assert.rejects(late.reset(later), { code: "invalid_field", field: "token" });
  await late.signIn(testPassword);
});

test("a link that was mailed while the clock was ahead keeps nobody from having one mailed now", async () => {
  const { email } = await createTestUser(world, "ahead@example.org");
  const kind = passwordResetter(withoutMail(world));
  const links = async () =>
    (
      await databases.shards
        .ofId(makeId(toBucket(0), 0, new Uint8Array(8)))
        .db.selectFrom("shard.unsent_links")
        .select("id")
        .where("address", "=", email)
        .execute()
    ).length;
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
