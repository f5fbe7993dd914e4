import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestDatabases } from "../db/testing.ts";
import { Authenticator } from "./authenticator.ts";
import { expireCredentials } from "./expire-credentials.ts";
import { refreshSession, signIn } from "./sessions.ts";
import { createTestUser, openTestAccounts, testPassword } from "./testing.ts";

const unauthenticated = { code: "unauthenticated" };
const dayMs = 24 * 3600_000;

test("of a login that was copied, as by a clone of the machine, both copies hear why it ended, for a day", async (t) => {
  const databases = await startTestDatabases({ fsync: false });
  t.after(() => databases.stop());
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
