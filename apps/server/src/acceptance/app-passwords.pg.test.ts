import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Secret, TOTP } from "otpauth";
import { newPerson, type Person } from "./new-person.ts";
import {
  Api,
  endSoon,
  eventually,
  makeFolder,
  ok,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

describe("App password", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;

  before(async () => {
    folder = makeFolder("apps");
    server = await startServer({ dataFolder: `${folder}/data`, env: { HOLDFAST_RATE_LIMIT_SIGN_IN: "40" } });
    admin = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const both = ["files:read", "files:write"];
  const make = async ({ api, email, password }: Person, more: object = {}) => {
    const made = await ok(api, "POST", "/tokens/app-passwords", { name: "phone", scopes: both, password, ...more });
    return { ...made, secret: made.app_password as string, app: Api.withBasic(server.url, email, made.app_password) };
  };
  const statusOf = async (api: Api, path = "/account") => (await api.call("GET", path)).status;

  test("reads and writes with its account's address in any spelling, and is stored only as a hash", async () => {
    const ann = await newPerson(admin);
    const { secret, app, kind, last_used_at: unused } = await make(ann);
    assert.match(secret, /^[a-z]{5}-[a-z]{5}-[a-z]{5}-[a-z]{5}$/);
    assert.deepEqual([kind, unused], ["app_password", null]);
    assert.equal((await app.put("/a.txt", "hello")).status, 201);
    assert.equal(String((await ann.api.download("/a.txt")).body), "hello");
    for (const spelling of [secret.toUpperCase(), secret.replaceAll("-", ""), secret.replaceAll("-", " ")])
      assert.equal(await statusOf(Api.withBasic(server.url, ` ${ann.email.toUpperCase()} `, spelling)), 200, spelling);
    const { items } = await ok(ann.api, "GET", "/tokens");
    assert.equal(items[0].kind, "app_password");
    assert.notEqual(items[0].last_used_at, null, "its last use is told");
    assert.ok(!JSON.stringify(items).includes(secret));
    const rows = await queryDatabase(
      `${folder}/data`,
      "select secret_hash::text as hash, name from shard.tokens where app",
    );
    assert.ok(rows.length > 0);
    assert.ok(
      rows.every(({ hash }) => !String(hash).includes(Buffer.from(secret.replaceAll("-", "")).toString("hex"))),
    );
  });

  test("cannot write with the read scope, and never manages the account or sharing", async () => {
    const ben = await newPerson(admin);
    const { id } = (await ben.api.put("/b.txt", "b")).body;
    const { app } = await make(ben, { scopes: ["files:read"] });
    assert.equal(String((await app.download("/b.txt")).body), "b");
    assert.equal((await app.put("/c.txt", "c")).status, 403);
    const writer = (await make(ben)).app;
    const tries: [string, string, object?][] = [
      ["POST", `/files/${id}/share`, { email: "x@example.com", role: "viewer" }],
      ["POST", `/files/${id}/share`, { link: true, role: "viewer" }],
      ["POST", "/tokens", { name: "t", scopes: ["files:read"] }],
      ["POST", "/tokens/app-passwords", { name: "t", scopes: ["files:read"], password: ben.password }],
      ["GET", "/tokens"],
      ["PATCH", "/account", { name: "x" }],
      ["GET", "/admin/users"],
      ["GET", `/files/${id}/comments`],
    ];
    for (const [method, path, body] of tries) {
      const answer = await writer.call(method, path, body);
      assert.deepEqual([answer.status, answer.body.code], [403, "forbidden"], `${method} ${path}`);
    }
    const wide = { name: "t", password: ben.password };
    for (const scopes of [["account"], ["admin"], []])
      assert.equal((await ben.api.call("POST", "/tokens/app-passwords", { ...wide, scopes })).status, 422);
  });

  test("requires a session, the password and any second factor to be created, but no code to be used", async () => {
    const carl = await newPerson(admin);
    const request = { name: "tv", scopes: both, password: carl.password };
    const { token } = await ok(carl.api, "POST", "/tokens", { name: "t", scopes: [...both, "account"] });
    const ask = (api: Api, body: object) => api.call("POST", "/tokens/app-passwords", body);
    assert.equal((await ask(new Api(server.url, token), request)).status, 403);
    const wrong = await ask(carl.api, { ...request, password: "a guess" });
    assert.deepEqual([wrong.status, wrong.body.field], [422, "password"]);
    const { secret } = await ok(carl.api, "POST", "/account/second-factor", { password: carl.password });
    const totp = new TOTP({ secret: Secret.fromBase32(secret) });
    const confirmed = await ok(carl.api, "POST", "/account/second-factor/confirm", { totp: totp.generate() });
    const [code, other] = confirmed.recovery_codes;
    for (const without of [request, { ...request, totp: "000000" }]) {
      const refused = await ask(carl.api, without);
      assert.deepEqual([refused.status, refused.body.code], [401, "second_factor"]);
    }
    const { app_password: made } = await ok(carl.api, "POST", "/tokens/app-passwords", { ...request, totp: code });
    assert.equal(await statusOf(Api.withBasic(server.url, carl.email, made)), 200);
    assert.equal((await ask(carl.api, { ...request, totp: code })).status, 401, "a recovery code counts once");
    assert.equal(
      (await new Api(server.url).call("POST", "/sessions", { email: carl.email, password: made })).status,
      401,
    );
    const bySecret = { email: carl.email, password: made, totp: other };
    assert.equal((await new Api(server.url).call("POST", "/sessions", bySecret)).status, 401, "it makes no session");
    assert.equal(await statusOf(new Api(server.url, made)), 401, "it is no bearer token");
  });

  test("cannot be replaced by the account's password, a personal access token or another account's app password", async () => {
    const [dora, erik] = [await newPerson(admin), await newPerson(admin)];
    const { secret } = await make(dora);
    const { token } = await ok(dora.api, "POST", "/tokens", { name: "t", scopes: both });
    for (const [name, password] of [
      [dora.email, dora.password],
      [dora.email, token],
      [dora.email, ""],
      [erik.email, secret],
      ["nobody@example.com", secret],
      ["\u0000", secret],
      ["x".repeat(400), secret],
      ["", secret],
    ] as const) {
      const { status, body, headers } = await Api.withBasic(server.url, name, password).call("GET", "/account");
      assert.deepEqual([status, body.code], [401, "unauthenticated"], name);
      assert.doesNotMatch(headers.get("www-authenticate") ?? "", /basic/i, "a browser asks nobody for a password");
    }
    for (const header of ["Basic", "Basic !!", "Basic OjpvOg==", `Basic ${"A".repeat(5000)}`]) {
      const answer = await fetch(`${server.url}/api/v1/account`, { headers: { authorization: header } });
      assert.equal(answer.status, 401, header.slice(0, 20));
    }
  });

  test("is ignored in requests from other sites", async () => {
    const { app } = await make(await newPerson(admin));
    const ask = (site: string) => app.call("GET", "/account", undefined, { headers: { "sec-fetch-site": site } });
    assert.equal((await ask("cross-site")).status, 401);
    assert.equal((await ask("same-site")).status, 401);
    assert.equal((await ask("same-origin")).status, 200);
  });

  test("is ignored in requests from other origins without TLS", async () => {
    const { app } = await make(await newPerson(admin));
    const from = (origin: string) => app.call("GET", "/account", undefined, { headers: { origin } });
    assert.equal((await from("http://evil.example")).status, 401);
    assert.equal((await from(server.url)).status, 200);
  });

  test("cannot change who may share", async () => {
    const ann = await newPerson(admin);
    const { app } = await make(ann);
    const { id } = (await ok(ann.api, "POST", "/metadata", { path: "/shared", kind: "folder" })) as { id: string };
    assert.equal((await app.call("PATCH", `/files/${id}`, { editors_can_share: true })).status, 403);
    assert.equal((await app.call("PATCH", `/files/${id}`, { name: "other" })).status, 200);
  });

  test("ends when it is deleted or expires, and when the password changes, and pauses with the account", async () => {
    const fred = await newPerson(admin);
    const [first, second] = [await make(fred), await make(fred)];
    await ok(fred.api, "DELETE", `/tokens/${first.id}`);
    assert.deepEqual([await statusOf(first.app), await statusOf(second.app)], [401, 200]);
    await ok(fred.api, "DELETE", "/devices");
    assert.equal(await statusOf(second.app), 200, "it stays signed in, as personal tokens do");
    await ok(admin, "PATCH", `/admin/users/${fred.id}`, { disabled: true });
    assert.equal(await statusOf(second.app), 401);
    await ok(admin, "PATCH", `/admin/users/${fred.id}`, { disabled: false });
    assert.equal(await statusOf(second.app), 200);
    const api = await Api.signIn(server.url, fred);
    const request = { name: "tv", scopes: both, password: fred.password };
    const { body: short } = await endSoon((expires_at) =>
      api.call("POST", "/tokens/app-passwords", { ...request, expires_at }),
    );
    const app = Api.withBasic(server.url, fred.email, short.app_password);
    assert.match(short.app_password, /^[a-z]{5}-/);
    await eventually("it is over", 60_000, async () => ((await statusOf(app)) === 401 ? true : undefined));
    const next = { current_password: fred.password, new_password: "another sentence of somebody" };
    await ok(api, "POST", "/account/password", next);
    assert.equal(await statusOf(second.app), 401);
  });

  test("wrong guesses are limited per account and source, without blocking the right one or sign-in", async () => {
    const gina = await newPerson(admin);
    const { app } = await make(gina);
    const guess = () => statusOf(Api.withBasic(server.url, gina.email, "aaaaa-bbbbb-ccccc-ddddd"));
    await eventually("guesses are held up", 30_000, async () =>
      (await Promise.all(Array.from({ length: 10 }, guess))).includes(429) ? true : undefined,
    );
    assert.equal(await guess(), 429);
    assert.equal(await statusOf(app), 200);
    assert.equal(await statusOf(await Api.signIn(server.url, gina)), 200);
  });

  test("is audited when created and deleted, without its secret", async () => {
    const hal = await newPerson(admin);
    const { id, secret } = await make(hal);
    await ok(hal.api, "DELETE", `/tokens/${id}`);
    const { items } = await ok(admin, "GET", `/admin/audit?limit=200`);
    const ofHal = items.filter((entry: object) => JSON.stringify(entry).includes(hal.id));
    const actions = ofHal.map(({ action }: { action: string }) => action);
    for (const action of ["app_password.create", "token.delete"])
      assert.ok(actions.includes(action), actions.join(" "));
    assert.ok(!JSON.stringify(items).includes(secret) && !JSON.stringify(items).includes(hal.password));
  });
});
