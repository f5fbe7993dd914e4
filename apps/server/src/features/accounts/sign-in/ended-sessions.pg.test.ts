import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { Authenticator } from "./authenticator.ts";
import { expireCredentials } from "./expire-credentials.ts";
import { refreshSession, signIn } from "./sessions.ts";
import { createTestUser, openTestAccounts, testPassword } from "../testing.ts";

const unauthenticated = { code: "unauthenticated" };
const dayMs = 24 * 3600_000;

let databases: TestDatabases;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
});
after(() => databases?.stop());

test("both copies of a cloned login get the reason for its end for a day", async () => {
  const world = await openTestAccounts(databases.shards);
  const authenticator = new Authenticator(world);
  const email = "person@example.org";
  await createTestUser(world, email);
  const session = await signIn(world, { email, password: testPassword, device_name: "laptop" }, "192.0.2.1");
  const first = await refreshSession(world, session.refresh_token);
  await authenticator.authenticate(first.access_token);
  const isCopied = { ...unauthenticated, message: /used in two places.*in both/, body: { reason: "copied" } };
  await assert.rejects(refreshSession(world, session.refresh_token), isCopied);
  await assert.rejects(authenticator.authenticate(first.access_token), unauthenticated);
  await assert.rejects(refreshSession(world, first.refresh_token), isCopied);
  await assert.rejects(refreshSession(world, session.refresh_token), isCopied);
  world.clock.forwardMs(dayMs - 1000);
  await expireCredentials(world);
  await assert.rejects(refreshSession(world, first.refresh_token), isCopied);
  world.clock.forwardMs(1000);
  await expireCredentials(world);
  await assert.rejects(refreshSession(world, first.refresh_token), {
    ...unauthenticated,
    message: /^The session has ended/,
  });
});

test("a session continues if the database lost its last rotation, and ends if it lost more", async () => {
  const world = await openTestAccounts(databases.shards);
  const authenticator = new Authenticator(world);
  for (const [lost, works] of [
    [1, true],
    [2, false],
  ] as const) {
    const email = `lost${lost}@example.org`;
    await createTestUser(world, email);
    const session = await signIn(world, { email, password: testPassword, device_name: "laptop" }, "192.0.2.1");
    let newest = session;
    for (let rotation = 0; rotation < 2; rotation++) {
      newest = await refreshSession(world, newest.refresh_token);
      await authenticator.authenticate(newest.access_token);
    }
    const caller = await authenticator.authenticate(newest.access_token);
    await databases.shards
      .ofId(caller.userId)
      .db.updateTable("shard.sessions")
      .set({ number: 3 - lost })
      .where("user_id", "=", caller.userId)
      .execute();
    const refreshed = await refreshSession(world, newest.refresh_token).catch(() => undefined);
    assert.equal(refreshed !== undefined, works, String(lost));
    if (refreshed !== undefined) await authenticator.authenticate(refreshed.access_token);
    await assert.rejects(refreshSession(world, session.refresh_token), unauthenticated);
  }
});

test("a maximum browser session length ends browser sessions, and not those of devices", async () => {
  const hourMs = 3600_000;
  const accounts = await openTestAccounts(databases.shards);
  const world = { ...accounts, browserSessionMs: hourMs };
  const user = await createTestUser(world, "bounded@example.org");
  const request = { email: user.email, password: testPassword };
  const browser = await signIn(world, { ...request, browser: true }, "192.0.2.1");
  const device = await signIn(world, request, "192.0.2.1");
  world.clock.forwardMs(hourMs - 1);
  const used = await refreshSession(world, browser.refresh_token);
  world.clock.forwardMs(1);
  await assert.rejects(refreshSession(world, used.refresh_token), { code: "unauthenticated" });
  await refreshSession(world, device.refresh_token);
});
