import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { routes, type RouteName } from "@holdfast/protocol/routes";
import { Authenticator } from "../../features/accounts/sign-in/authenticator.ts";
import {
  createTestUser,
  failuresMax,
  makeTestClock,
  openTestAccounts,
  type TestAccounts,
  testPassword,
} from "../../features/accounts/testing.ts";
import { withoutMail } from "../../features/mail/testing-world.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import { accountHandlers } from "./account-handlers.ts";

let databases: TestDatabases;
let world: TestAccounts;
let server: TestServer;
const newPassword = "another long password";

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  world = await openTestAccounts(databases.shards, { clock: makeTestClock(Date.now()) });
  server = await startTestServer(accountHandlers(world, withoutMail(world)), {
    authenticator: new Authenticator(world),
    unmounted: new Set(Object.keys(routes) as RouteName[]),
  });
});
after(async () => {
  await server.close(0);
  await databases.stop();
});

async function call(method: string, path: string, token: string | undefined, body?: unknown) {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text === "" ? {} : JSON.parse(text) };
}

async function signIn(email: string, password = testPassword) {
  const { status, json } = await call("POST", "/sessions", undefined, { email, password });
  return { status, access: json.access_token as string, refresh: json.refresh_token as string };
}

const change = (token: string, current: string, wanted = newPassword) =>
  call("POST", "/account/password", token, { current_password: current, new_password: wanted });

test("a new password replaces the old one, and ends every session except the caller's", async () => {
  await createTestUser(world, "ann@example.org");
  await createTestUser(world, "bob@example.org");
  const [mine, other, bob] = [
    await signIn("ann@example.org"),
    await signIn("ann@example.org"),
    await signIn("bob@example.org"),
  ];
  const { json: token } = await call("POST", "/tokens", other.access, { name: "t", scopes: ["account"] });
  assert.equal((await change(mine.access, testPassword)).status, 204);
  assert.equal((await call("GET", "/account", mine.access)).status, 200);
  assert.equal((await call("POST", "/sessions/refresh", undefined, { refresh_token: mine.refresh })).status, 200);
  assert.equal((await call("GET", "/account", other.access)).status, 401);
  assert.equal((await call("POST", "/sessions/refresh", undefined, { refresh_token: other.refresh })).status, 401);
  assert.equal((await call("GET", "/account", token.token)).status, 401);
  assert.equal((await call("GET", "/account", bob.access)).status, 200);
  assert.equal((await signIn("ann@example.org")).status, 401);
  assert.equal((await signIn("ann@example.org", newPassword)).status, 200);
});

test("a wrong current password and a short new one are rejected with their fields", async () => {
  await createTestUser(world, "carl@example.org");
  const { access } = await signIn("carl@example.org");
  const wrong = await change(access, "not the password");
  assert.deepEqual([wrong.status, wrong.json.code, wrong.json.field], [422, "invalid_field", "current_password"]);
  const short = await change(access, testPassword, "short");
  assert.deepEqual([short.status, short.json.field], [422, "new_password"]);
  assert.equal((await signIn("carl@example.org")).status, 200);
});

test("a personal access token cannot change the password", async () => {
  await createTestUser(world, "dora@example.org");
  const { access } = await signIn("dora@example.org");
  const { json } = await call("POST", "/tokens", access, { name: "t", scopes: ["account"] });
  assert.equal((await change(json.token, testPassword)).status, 403);
  assert.equal((await signIn("dora@example.org")).status, 200);
});

test("password guesses in a session share the limit of sign-ins", async () => {
  await createTestUser(world, "erik@example.org");
  const { access } = await signIn("erik@example.org");
  for (let failure = 0; failure < failuresMax; failure += 1)
    assert.equal((await change(access, "a guess")).status, 422);
  assert.equal((await change(access, testPassword)).status, 429);
  assert.equal((await signIn("erik@example.org")).status, 429, "they are counted together");
});

test("one of two concurrent password changes succeeds, and its password is valid", async () => {
  await createTestUser(world, "fred@example.org");
  const { access } = await signIn("fred@example.org");
  const wanted = ["the first password", "the second password"];
  const answers = await Promise.all(wanted.map((each) => change(access, testPassword, each)));
  const done = answers.map(({ status }) => status).filter((status) => status === 204);
  const holds = await Promise.all(wanted.map((each) => signIn("fred@example.org", each)));
  assert.equal(holds.filter(({ status }) => status === 200).length, 1);
  assert.equal(done.length, 1);
});

test("an account can change its name, but not to an empty one or one with control characters", async () => {
  await createTestUser(world, "gina@example.org");
  const { access } = await signIn("gina@example.org");
  const { status, json } = await call("PATCH", "/account", access, { name: "  Gina Lollo  " });
  assert.deepEqual([status, json.name], [200, "Gina Lollo"]);
  for (const name of ["   ", "", "a\u0007b", "x".repeat(201)]) {
    const refused = await call("PATCH", "/account", access, { name });
    assert.deepEqual([refused.status, refused.json.field], [422, "name"], JSON.stringify(name));
  }
  assert.equal((await call("GET", "/account", access)).json.name, "Gina Lollo");
});
