import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestDatabases, type TestDatabases } from "../db/testing.ts";
import { Authenticator } from "./authenticator.ts";
import { deleteDevice } from "./devices.ts";
import { signIn } from "./sessions.ts";
import { createTestUser, failuresMax, openTestAccounts, type TestAccounts, testPassword } from "./testing.ts";

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

async function newPerson() {
  const email = `person${++people}@example.org`;
  await createTestUser(world, email);
  return { email, session: await signIn(world, { email, password: testPassword }, "192.0.2.1") };
}

const unauthenticated = { code: "unauthenticated" };
const codeOf = (outcome: object) => (outcome as { reason?: { code?: string } }).reason?.code;

test("failures from elsewhere do not lock the owner out, and those from very many places all but known devices", async () => {
  const { email, session } = await newPerson();
  const secret = session.device_secret ?? assert.fail("a sign-in gives no device secret");
  const fail = (source: string, deviceSecret?: string) =>
    signIn(world, { email, password: "wrong password", device_secret: deviceSecret }, source);
  const right = (source: string, deviceSecret?: string) =>
    signIn(world, { email, password: testPassword, device_secret: deviceSecret }, source);
  for (let failure = 0; failure < failuresMax; failure += 1) await assert.rejects(fail("192.0.2.66"), unauthenticated);
  await assert.rejects(fail("192.0.2.66"), { code: "rate_limited" });
  await assert.rejects(right("192.0.2.66"), { code: "rate_limited" });
  await right("192.0.2.1");
  // A guesser with many addresses.
  let guesses = failuresMax;
  for (let source = 0; source < 100; source += 1) {
    const outcomes = await Promise.allSettled([fail(`198.51.100.${source}`), fail(`198.51.100.${source}`)]);
    const refused = outcomes.filter(({ status, ...rest }) => status === "rejected" && codeOf(rest) === "rate_limited");
    guesses += outcomes.length - refused.length;
  }
  assert.ok(guesses <= 10 * failuresMax + 1, `${guesses} guesses were let in`);
  await assert.rejects(right("192.0.2.1"), { code: "rate_limited" });
  const again = await right("192.0.2.1", secret);
  // That secret opens nothing by itself, has a count of its own, and counts for nobody else.
  for (let failure = 0; failure < failuresMax; failure += 1) {
    await assert.rejects(fail("192.0.2.1", secret), unauthenticated);
  }
  await assert.rejects(right("192.0.2.1", secret), { code: "rate_limited" });
  await right("192.0.2.1", again.device_secret);
  const stranger = await newPerson();
  const forged = [
    stranger.session.device_secret,
    `${secret.slice(0, -1)}_`,
    `hfd_${"0".repeat(32)}_${"A".repeat(43)}`,
    "x",
  ];
  for (const each of forged) await assert.rejects(right("192.0.2.1", each), { code: "rate_limited" });
  const caller = await authenticator.authenticate(again.access_token);
  await deleteDevice(world, caller, again.device_id);
  await assert.rejects(right("192.0.2.1", again.device_secret), { code: "rate_limited" });
});
