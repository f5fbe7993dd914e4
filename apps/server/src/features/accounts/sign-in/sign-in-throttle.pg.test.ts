import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { toHoldfastError } from "@holdfast/core/errors";
import { startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { Authenticator } from "./authenticator.ts";
import { deleteDevice } from "./devices.ts";
import { changeOwnPassword } from "../proof/own-password.ts";
import { proveSession } from "./prove-session.ts";
import { signIn } from "./sessions.ts";
import { createTestUser, failuresMax, openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";

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

test("failures from one address do not lock the owner out, and those from very many lock all but known devices", async () => {
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
  let guesses = failuresMax;
  for (let source = 0; source < 60; source += 1) {
    const outcomes = await Promise.allSettled([fail(`198.51.100.${source}`), fail(`198.51.100.${source}`)]);
    const refused = outcomes.filter(({ status, ...rest }) => status === "rejected" && codeOf(rest) === "rate_limited");
    guesses += outcomes.length - refused.length;
  }
  assert.ok(guesses <= 10 * failuresMax + 1, `${guesses} guesses were let in`);
  await assert.rejects(right("192.0.2.1"), { code: "rate_limited" });
  const again = await right("192.0.2.1", secret);
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

test("guesses from very many addresses do not block proofs of sessions, whose guesses are limited too", async () => {
  const { email, session } = await newPerson();
  const caller = await authenticator.authenticate(session.access_token);
  const change = (current: string, source: string, wanted = "a new sentence of theirs") =>
    changeOwnPassword(world, caller, { current_password: current, new_password: wanted }, source);
  const guesses = Array.from({ length: 110 }, (_, at) => `198.51.100.${at}`);
  for (const source of guesses)
    await assert.rejects(signIn(world, { email, password: "wrong password" }, source), (error: unknown) =>
      ["unauthenticated", "rate_limited"].includes(toHoldfastError(error).code),
    );
  await assert.rejects(signIn(world, { email, password: testPassword }, "192.0.2.1"), { code: "rate_limited" });
  await proveSession(world, caller, { password: testPassword }, "192.0.2.1");
  await change(testPassword, "192.0.2.1");
  for (const source of guesses.slice(0, failuresMax))
    await assert.rejects(change("wrong password", `203.0.113.${source.slice(11)}`), { code: "invalid_field" });
  await assert.rejects(change("a new sentence of theirs", "203.0.113.99", testPassword), { code: "rate_limited" });
});

test("one source that tries 200 accounts is limited, without affecting others", async () => {
  const { email, session } = await newPerson();
  const other = await newPerson();
  const source = "192.0.2.77";
  const keysBefore = world.failures.size;
  const guess = (at: number) =>
    signIn(world, { email: `guessed${at}@example.org`, password: "wrong password" }, source).catch(
      (error: unknown) => toHoldfastError(error).code,
    );
  const guesses = Array.from({ length: 200 }, (_, at) => guess(at));
  // Both finish while most of the guesses sent before still wait.
  let undone = guesses.length;
  const codes = Promise.all(guesses.map((each) => each.finally(() => (undone -= 1))));
  await signIn(world, { email: other.email, password: testPassword }, "192.0.2.1");
  const known = { email, password: testPassword, device_secret: session.device_secret };
  await signIn(world, known, source);
  assert.ok(undone > guesses.length / 2, `${guesses.length - undone} guesses were before them`);
  const tried = (await codes).filter((code) => code === "unauthenticated").length;
  assert.ok(tried >= 10 * failuresMax && tried < 10 * failuresMax + 10, `${tried} guesses were let in`);
  assert.equal((await codes).filter((code) => code === "rate_limited").length, guesses.length - tried);
  assert.equal(await guess(1000), "rate_limited");
  await assert.rejects(signIn(world, { email, password: testPassword }, source), { code: "rate_limited" });
  await signIn(world, known, source);
  await signIn(world, { email, password: testPassword }, "192.0.2.1");
  // A refused attempt leaves no key. Each one tried leaves two: account, and account with source.
  assert.equal(world.failures.size - keysBefore, 2 * tried + 1);
});
