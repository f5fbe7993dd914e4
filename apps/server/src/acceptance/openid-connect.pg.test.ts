import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as openid from "openid-client";
import { newPerson } from "./new-person.ts";
import { requestRaw } from "./raw-request.ts";
import { Api, makeFolder, ok, queryDatabase, removeFolder, type RunningServer, startServer } from "./testing.ts";
import { askForCode, OpenidBrowser, type OpenidProgram, redirect, registerProgram } from "./testing-openid.ts";

describe("Authorized program", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;

  before(async () => {
    folder = makeFolder("openid");
    server = await startServer({ dataFolder: `${folder}/data`, env: { HOLDFAST_RATE_LIMIT_SIGN_IN: "60" } });
    admin = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
  const everything = ["files:read", "files:write", "account", "admin"];
  const discover = (more: object = {}) => registerProgram(admin, { scopes: everything, ...more });
  const ask = async ({ config }: OpenidProgram, scope: string, more: Record<string, string> = {}) => ({
    ...(await askForCode(config, scope, { state: "a state & such", nonce: "a nonce", ...more })),
    browser: new OpenidBrowser(server.url),
  });
  const checks = (verifier: string) => ({
    pkceCodeVerifier: verifier,
    expectedState: "a state & such",
    expectedNonce: "a nonce",
  });
  const letIn = async (program: OpenidProgram, api: Api, scope: string, answer: object = {}) => {
    const { verifier, url, browser } = await ask(program, scope);
    const back = await browser.answer(url, api, { allow: true, ...answer });
    return { back, verifier, tokens: await openid.authorizationCodeGrant(program.config, back, checks(verifier)) };
  };
  const withToken = (token: string) => new Api(server.url, token);

  test("gets the account's claims, reads files within its scope and refreshes its tokens", async () => {
    const ann = await newPerson(admin);
    await ann.api.put("/a.txt", "hello");
    const program = await discover();
    const { tokens, back } = await letIn(program, ann.api, "openid email profile offline_access files:read");
    assert.equal(back.searchParams.get("state"), "a state & such");
    assert.equal(tokens.claims()?.sub, ann.id);
    assert.equal(tokens.claims()?.["nonce"], "a nonce");
    const user = await openid.fetchUserInfo(program.config, tokens.access_token, ann.id);
    assert.deepEqual([user.email, user.name], [ann.email, ann.email]);
    const reader = withToken(tokens.access_token);
    assert.equal(String((await reader.download("/a.txt")).body), "hello");
    assert.equal((await reader.put("/b.txt", "b")).status, 403);
    const next = await openid.refreshTokenGrant(program.config, tokens.refresh_token ?? "");
    assert.equal(String((await withToken(next.access_token).download("/a.txt")).body), "hello");
    assert.equal(
      (await withToken(tokens.id_token ?? "").call("GET", "/account")).status,
      401,
      "an id_token opens nothing",
    );
    const listed = await ok(ann.api, "GET", "/account/authorized-programs");
    assert.deepEqual(
      listed.items.map(({ name, scopes }: { name: string; scopes: string[] }) => [name, scopes]),
      [["Reader", ["files:read"]]],
    );
    const entry = `/account/authorized-programs/${listed.items[0].id}`;
    // An administrator counts as another user.
    for (const stranger of [admin, (await newPerson(admin)).api])
      assert.equal((await stranger.call("DELETE", entry)).status, 404);
    assert.equal((await withToken(next.access_token).call("GET", "/account")).status, 200);
    await ok(ann.api, "DELETE", entry);
    assert.equal((await withToken(next.access_token).call("GET", "/account")).status, 401);
    await assert.rejects(openid.refreshTokenGrant(program.config, next.refresh_token ?? ""), {
      error: "invalid_grant",
    });
  });

  test("reuse of a code ends its tokens, and another program cannot redeem it", async () => {
    const bob = await newPerson(admin);
    const [program, other] = [await discover(), await discover()];
    const { back, verifier, tokens } = await letIn(program, bob.api, "openid offline_access files:read");
    const again = () => openid.authorizationCodeGrant(program.config, back, checks(verifier));
    await assert.rejects(openid.authorizationCodeGrant(other.config, back, checks(verifier)), {
      error: "invalid_grant",
    });
    assert.equal(
      (await withToken(tokens.access_token).call("GET", "/account")).status,
      200,
      "a stranger's try ends nothing",
    );
    await assert.rejects(again(), { error: "invalid_grant" });
    assert.equal((await withToken(tokens.access_token).call("GET", "/account")).status, 401);
    await assert.rejects(openid.refreshTokenGrant(program.config, tokens.refresh_token ?? ""), {
      error: "invalid_grant",
    });
  });

  test("concurrent redemption of a code succeeds at most once, and its tokens are then revoked", async () => {
    const bea = await newPerson(admin);
    const program = await discover();
    const { verifier, url, browser } = await ask(program, "openid files:read");
    const back = await browser.answer(url, bea.api, { allow: true });
    const twice = await Promise.allSettled(
      [1, 2, 3].map(() => openid.authorizationCodeGrant(program.config, back, checks(verifier))),
    );
    const answered = twice.flatMap((each) => (each.status === "fulfilled" ? [each.value.access_token] : []));
    assert.ok(answered.length <= 1);
    for (const token of answered) assert.equal((await withToken(token).call("GET", "/account")).status, 401);
    assert.deepEqual((await ok(bea.api, "GET", "/account/authorized-programs")).items, []);
  });

  test("codes require PKCE with S256 and the right verifier", async () => {
    const cleo = await newPerson(admin);
    const program = await discover();
    for (const change of [{ code_challenge_method: "plain" }, { code_challenge: "" }]) {
      const { url, browser } = await ask(program, "openid", change);
      if (change.code_challenge === "")
        for (const name of ["code_challenge", "code_challenge_method"]) url.searchParams.delete(name);
      const answer = await browser.open(url);
      const sent = new URL(answer.headers.get("location") ?? "");
      assert.deepEqual([sent.origin, sent.searchParams.get("error")], ["https://program.example", "invalid_request"]);
      assert.equal(sent.searchParams.get("state"), "a state & such");
    }
    const { url, browser, verifier } = await ask(program, "openid files:read");
    const back = await browser.answer(url, cleo.api, { allow: true });
    const wrong = openid.randomPKCECodeVerifier();
    await assert.rejects(openid.authorizationCodeGrant(program.config, back, checks(wrong)), {
      error: "invalid_grant",
    });
    const { pkceCodeVerifier: _, ...without } = checks(verifier);
    await assert.rejects(openid.authorizationCodeGrant(program.config, back, without));
    // The wrong ones did not consume it.
    assert.ok((await openid.authorizationCodeGrant(program.config, back, checks(verifier))).access_token);
  });

  test("redirects only to exact registered URIs", async () => {
    const program = await discover();
    for (const uri of [
      `${redirect}/more`,
      `${redirect}?x=1`,
      `${redirect}#part`,
      "https://program.example:8443/back",
      "https://someone@program.example/back",
      "https://program.example.evil.example/back",
      "https://PROGRAM.example/back",
      "http://program.example/back",
      "http://127.0.0.1/back",
      "javascript:alert(1)",
    ]) {
      const { url, browser } = await ask(program, "openid", { redirect_uri: uri });
      const answer = await browser.open(url);
      assert.equal(answer.status, 400, uri);
      assert.equal(answer.headers.get("location"), null);
    }
    const refused = [
      "http://program.example/back",
      "https://program.example/#x",
      "https://me@program.example/",
      "http://127.0.0.1/back",
      "program:/back",
      "https://localhost/back",
    ];
    for (const uri of refused) {
      const { status } = await admin.call("POST", "/admin/oauth-clients", { name: "x", redirect_uris: [uri] });
      assert.equal(status, 422, uri);
    }
  });

  test("reuse of a refresh token ends the grant, and other programs cannot refresh, inspect or revoke it", async () => {
    const dan = await newPerson(admin);
    const [program, other] = [await discover(), await discover()];
    const { tokens } = await letIn(program, dan.api, "openid offline_access files:read");
    const first = tokens.refresh_token ?? "";
    await assert.rejects(openid.refreshTokenGrant(other.config, first), { error: "invalid_grant" });
    assert.equal((await openid.tokenIntrospection(other.config, tokens.access_token)).active, false);
    assert.equal((await openid.tokenIntrospection(program.config, tokens.access_token)).active, true);
    await openid.tokenRevocation(other.config, tokens.access_token).catch(() => {});
    assert.equal((await withToken(tokens.access_token).call("GET", "/account")).status, 200);
    const next = await openid.refreshTokenGrant(program.config, first);
    assert.notEqual(next.refresh_token, first);
    await assert.rejects(openid.refreshTokenGrant(program.config, first), { error: "invalid_grant" });
    for (const token of [tokens.access_token, next.access_token])
      assert.equal((await withToken(token).call("GET", "/account")).status, 401);
    await assert.rejects(openid.refreshTokenGrant(program.config, next.refresh_token ?? ""), {
      error: "invalid_grant",
    });
  });

  test("can only be authorized once, in the browser that started, by the app's own page and session", async () => {
    const [eve, finn] = [await newPerson(admin), await newPerson(admin)];
    const program = await discover();
    const { url, browser } = await ask(program, "openid files:read");
    const id = await browser.begin(url);
    const path = `/account/program-requests/${id}/answer`;
    const yes = { allow: true };
    const elsewhere = new OpenidBrowser(server.url);
    assert.equal((await elsewhere.call(finn.api, path, yes)).status, 404, "another browser");
    const cookie = browser.cookiesFor(`/api/v1${path}`);
    assert.match(cookie, /holdfast-openid-request=/);
    const by = (api: Api, origin: string) => api.call("POST", path, yes, { headers: { cookie, origin } });
    assert.equal((await by(eve.api, "https://evil.example")).status, 403, "a strange page");
    assert.equal((await by(new Api(server.url), server.url)).status, 401, "a cookie alone");
    const token = await ok(eve.api, "POST", "/tokens", { name: "t", scopes: ["account"] });
    assert.equal((await by(withToken(token.token), server.url)).status, 403, "a token");
    assert.equal((await by(eve.api, server.url)).status, 200);
    assert.equal((await by(finn.api, server.url)).status, 404, "it was answered");
    const page = await browser.open(`/authorize/${id}`);
    assert.match(page.headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
    const silent = await ask(program, "openid", { prompt: "none" });
    const back = new URL((await silent.browser.open(silent.url)).headers.get("location") ?? "");
    assert.equal(back.searchParams.get("error"), "login_required", "nobody is let in silently");
    const { origin, pathname, searchParams: body } = new URL(silent.url);
    const posted = await fetch(origin + pathname, { method: "POST", body, redirect: "manual" });
    assert.equal(posted.status, 303);
    const byGet = await fetch(new URL(posted.headers.get("location") ?? "", origin), { redirect: "manual" });
    assert.match(byGet.headers.get("location") ?? "", /error=login_required/);
    // Short in the request body, but three times as long when percent-encoded in an address.
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const form = `state=${"é".repeat(1500)}`;
    const long = await fetch(origin + pathname, { method: "POST", headers, body: form, redirect: "manual" });
    assert.equal(long.status, 413);
    const json = await fetch(origin + pathname, { method: "POST", body: "{}" });
    assert.equal(json.status, 400);
  });

  test("its grants, refreshes and revocations are audited, and its webhooks end with it", async () => {
    const since = new Date().toISOString();
    const kim = await newPerson(admin);
    const program = await discover();
    const device = await discover({ public: true, redirect_uris: [] });
    const { tokens } = await letIn(program, kim.api, "openid offline_access files:read account");
    const [{ id: grantId }] = (await ok(kim.api, "GET", "/account/authorized-programs")).items;
    const hook = { url: "https://program.example/hook", secret: "between us", events: ["created"] };
    const made = await ok(withToken(tokens.access_token), "POST", "/webhooks", hook);
    const script = await ok(kim.api, "POST", "/tokens", { name: "script", scopes: ["files:read", "account"] });
    await ok(withToken(script.token), "POST", "/webhooks", hook);
    const own = await ok(kim.api, "POST", "/webhooks", hook);
    const next = await openid.refreshTokenGrant(program.config, tokens.refresh_token ?? "");
    await assert.rejects(openid.refreshTokenGrant(program.config, "no such token"), { error: "invalid_grant" });
    const started = await openid.initiateDeviceAuthorization(device.config, { scope: "openid files:read" });
    const poll = openid.genericGrantRequest(device.config, deviceGrant, { device_code: started.device_code });
    await assert.rejects(poll, { error: "authorization_pending" });
    const ended = async () =>
      (await ok(kim.api, "GET", "/webhooks")).items.map((each: { ended?: true }) => each.ended === true);
    assert.deepEqual([made.ended, await ended()], [undefined, [false, false, false]]);
    await openid.tokenRevocation(program.config, "no such token");
    await openid.tokenRevocation(program.config, next.refresh_token ?? "");
    assert.deepEqual(await ended(), [true, false, false]);
    await ok(kim.api, "DELETE", `/tokens/${script.id}`);
    assert.deepEqual(await ended(), [true, true, false]);
    await ok(kim.api, "DELETE", `/webhooks/${own.id}`);
    const { items } = await ok(admin, "GET", `/admin/audit?limit=5000&from=${since}`);
    const ofProgram = (items as Record<string, unknown>[]).filter(({ action }) =>
      ["program.start", "program.refresh", "program.end"].includes(String(action)),
    );
    const [client_id, user_id] = [program.made.id, kim.id];
    assert.deepEqual(
      ofProgram.map(({ action, result, user_id: by, target, detail }) => [action, result, by, target, detail]),
      [
        ["program.start", "ok", user_id, grantId, { client_id }],
        ["program.refresh", "ok", user_id, grantId, { client_id }],
        ["program.refresh", "failed", undefined, undefined, { client_id, error: "invalid_grant" }],
        ["program.end", "ok", user_id, grantId, { client_id }],
      ],
    );
    const text = JSON.stringify(items);
    for (const secret of [tokens.access_token, next.refresh_token, next.access_token, started.device_code])
      assert.ok(secret !== undefined && !text.includes(secret));
  });

  test("ends immediately with a new password, a suspension or its registration", async () => {
    for (const end of ["password", "suspension", "registration"] as const) {
      const gil = await newPerson(admin);
      const program = await discover();
      const { tokens } = await letIn(program, gil.api, "openid offline_access files:read account");
      const bearer = withToken(tokens.access_token);
      const minted = await ok(bearer, "POST", "/tokens", {
        name: "made by it",
        scopes: ["files:read"],
        expires_at: new Date(Date.now() + 60_000).toISOString(),
      });
      assert.equal((await bearer.call("GET", "/account")).status, 200);
      const next = { current_password: gil.password, new_password: "another sentence of mine" };
      if (end === "password") await ok(gil.api, "POST", "/account/password", next);
      if (end === "suspension") await ok(admin, "PATCH", `/admin/users/${gil.id}`, { disabled: true });
      if (end === "registration") await ok(admin, "DELETE", `/admin/oauth-clients/${program.made.id}`);
      assert.equal((await bearer.call("GET", "/account")).status, 401, end);
      assert.equal((await withToken(minted.token).call("GET", "/account")).status, 401, `what it made, ${end}`);
      await assert.rejects(openid.refreshTokenGrant(program.config, tokens.refresh_token ?? ""), end);
      await assert.rejects(openid.fetchUserInfo(program.config, tokens.access_token, gil.id), end);
    }
  });

  test("has no admin rights without an administrator's explicit approval, and cannot authorize other programs", async () => {
    const hal = await newPerson(admin);
    const program = await discover();
    const { tokens } = await letIn(program, hal.api, "openid files:read account admin", { admin: true });
    assert.equal((await withToken(tokens.access_token).call("GET", "/admin/users")).status, 403);
    const silently = await letIn(program, admin, "openid files:read admin");
    assert.equal((await withToken(silently.tokens.access_token).call("GET", "/admin/users")).status, 403);
    const { url, browser } = await ask(program, "openid files:read");
    const id = await browser.begin(url);
    const path = `/account/program-requests/${id}/answer`;
    assert.equal((await browser.call(withToken(tokens.access_token), path, { allow: true })).status, 403);
  });

  test("its device gets tokens after the account entered the code, and other programs do not", async () => {
    const ivy = await newPerson(admin);
    const [program, other] = [await discover({ public: true, redirect_uris: [] }), await discover()];
    const started = await openid.initiateDeviceAuthorization(program.config, { scope: "openid files:read" });
    assert.match(started.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    assert.equal(started.verification_uri, `${server.url}/device`);
    const withCode = `${server.url}/device#${started.user_code}`;
    assert.equal(started.verification_uri_complete, withCode, "the page reads it there, and no log has it");
    const asked = await ok(ivy.api, "POST", "/account/device-requests", { user_code: started.user_code });
    assert.deepEqual([asked.name, asked.session, asked.address], ["Reader", false, "127.0.0.1"]);
    const answer = { user_code: started.user_code, allow: true };
    await ok(ivy.api, "POST", "/account/device-requests/answer", answer);
    const code = { device_code: started.device_code };
    await assert.rejects(openid.genericGrantRequest(other.config, deviceGrant, code), { error: "invalid_grant" });
    const tokens = await openid.genericGrantRequest(program.config, deviceGrant, code);
    assert.equal((await withToken(tokens.access_token).call("GET", "/account")).status, 200);
    await assert.rejects(openid.genericGrantRequest(program.config, deviceGrant, code), { error: "invalid_grant" });
    assert.equal((await ivy.api.call("POST", "/account/device-requests/answer", answer)).status, 404);
  });

  test("repeated wrong device codes get 429, even for the right code", async () => {
    const jan = await newPerson(admin);
    const statuses = new Set<number>();
    for (let guess = 0; guess < 70; guess++) {
      const letters = Array.from(String(guess).padStart(4, "0"), (digit) => "BCDFGHJKLM"[Number(digit)]);
      const user_code = `BCDF-${letters.join("")}`;
      statuses.add((await jan.api.call("POST", "/account/device-requests", { user_code })).status);
    }
    assert.ok(statuses.has(429));
    const started = await ok(new Api(server.url), "POST", "/sessions/device", { device_name: "d" });
    const { status } = await jan.api.call("POST", "/account/device-requests", { user_code: started.user_code });
    assert.equal(status, 429, "the right one too");
  });

  test("sees the same issuer despite forwarded headers, and none under another host name", async () => {
    const answer = await fetch(`${server.url}/.well-known/openid-configuration`);
    const { issuer, code_challenge_methods_supported: methods } = (await answer.json()) as Record<string, unknown>;
    assert.deepEqual([issuer, methods], [server.url, ["S256"]]);
    const forwarded = {
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
      forwarded: "host=evil.example",
    };
    const discovery = `${server.url}/.well-known/openid-configuration`;
    assert.equal((await requestRaw(discovery, { headers: forwarded })).json.issuer, server.url);
    const elsewhere = await requestRaw(discovery, { headers: { host: "evil.example" } });
    assert.deepEqual([elsewhere.status, elsewhere.json.code], [400, "bad_request"]);
  });

  test("gets 400 for NUL characters in any parameter", async () => {
    const program = await discover({ public: true });
    for (const more of [{ state: "a\0b" }, { nonce: "\0" }])
      assert.equal((await fetch((await ask(program, "openid", more)).url, { redirect: "manual" })).status, 400);
    const body = new URLSearchParams({ client_id: program.made.id, scope: "openid", nonce: "\0" });
    const post = (path: string, sent: object) => fetch(`${server.url}/oauth/${path}`, { method: "POST", ...sent });
    for (const path of ["device", "token", "revoke", "introspect"])
      assert.equal((await post(path, { body })).status, 400, path);
    const authorization = `Basic ${Buffer.from("%00:secret").toString("base64")}`;
    const named = { headers: { authorization }, body: new URLSearchParams({ grant_type: "refresh_token" }) };
    assert.equal((await post("token", named)).status, 400);
  });

  test("has its secrets stored only as hashes", async () => {
    const kim = await newPerson(admin);
    const program = await discover();
    const { tokens, back } = await letIn(program, kim.api, "openid offline_access files:read");
    const rows = await queryDatabase(`${folder}/data`, "select * from shard.oauth_artifacts");
    const [clients] = [await queryDatabase(`${folder}/data`, "select * from shard.oauth_clients")];
    const kept = JSON.stringify([rows, clients]);
    for (const secret of [
      tokens.access_token,
      tokens.refresh_token,
      back.searchParams.get("code"),
      program.made.secret,
    ])
      assert.ok(!kept.includes(String(secret)));
    assert.ok(rows.some(({ user_id: id }) => id === kim.id));
  });
});
