import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { routes, type RouteName } from "@holdfast/protocol/routes";
import { Authenticator } from "../../features/accounts/sign-in/authenticator.ts";
import { createTestUser, makeTestClock, openTestAccounts, testPassword } from "../../features/accounts/testing.ts";
import { withoutMail } from "../../features/mail/testing-world.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import { accountHandlers } from "./account-handlers.ts";

let databases: TestDatabases;
let server: TestServer;
let token: string;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  const world = await openTestAccounts(databases.shards, { clock: makeTestClock(Date.now()) });
  server = await startTestServer(accountHandlers({ ...world, language: "de" }, withoutMail(world)), {
    authenticator: new Authenticator(world),
    unmounted: new Set(Object.keys(routes) as RouteName[]),
  });
  await createTestUser(world, "ann@example.org");
  token = (await call("POST", "/sessions", { email: "ann@example.org", password: testPassword })).json.access_token;
});
after(async () => {
  await server.close(0);
  await databases.stop();
});

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: JSON.parse(await response.text()) };
}

const defaults = {
  share: "mail",
  comment: "mail",
  mention: "mail",
  watch: "app",
  quota: "mail",
  device: "mail",
  report: "mail",
  server: "mail",
  digest: "daily",
};

test("an account without settings has the server's language and the default notifications", async () => {
  const { json } = await call("GET", "/account");
  assert.deepEqual([json.language, json.notify], ["de", defaults]);
});

test("a partial change of settings keeps the others", async () => {
  const first = await call("PATCH", "/account", { language: "en", notify: { share: "off", digest: "never" } });
  assert.deepEqual([first.status, first.json.language], [200, "en"]);
  await call("PATCH", "/account", { notify: { watch: "mail" } });
  const { json } = await call("GET", "/account");
  assert.deepEqual(json.notify, { ...defaults, share: "off", digest: "never", watch: "mail" });
  assert.equal(json.language, "en");
  assert.equal((await call("PATCH", "/account", { language: null })).json.language, "de");
});

test("an account reports whether shares are mounted automatically", async () => {
  assert.equal((await call("GET", "/account")).json.auto_mount, false);
  assert.equal((await call("PATCH", "/account", { auto_mount: true })).json.auto_mount, true);
  assert.equal((await call("PATCH", "/account", { notify: {} })).json.auto_mount, true);
});

test("concurrent changes of different settings are all kept", async () => {
  const kinds = ["share", "comment", "mention", "watch", "quota", "device", "report", "server"];
  await Promise.all(kinds.map((kind) => call("PATCH", "/account", { notify: { [kind]: "app" } })));
  const { json } = await call("GET", "/account");
  assert.deepEqual(
    kinds.map((kind) => json.notify[kind]),
    kinds.map(() => "app"),
  );
});

test("an unknown kind, choice or language is 422 and names the field", async () => {
  const wrong: [unknown, string][] = [
    [{ notify: { shares: "mail" } }, "notify"],
    [{ notify: { share: "loud" } }, "notify.share"],
    [{ notify: { digest: "mail" } }, "notify.digest"],
    [{ language: "fr" }, "language"],
  ];
  for (const [body, field] of wrong) {
    const { status, json } = await call("PATCH", "/account", body);
    assert.deepEqual([status, json.code, json.field], [422, "invalid_field", field], JSON.stringify(body));
  }
});
