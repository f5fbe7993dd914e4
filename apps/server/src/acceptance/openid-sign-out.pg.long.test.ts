import assert from "node:assert/strict";
import { createHmac, createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { after, before, describe, test } from "node:test";
import * as openid from "openid-client";
import { serverFact } from "../features/accounts/context/server-secrets.ts";
import { openAdminStorage } from "../care/admin-storage/open-admin-storage.ts";
import { openAdminWrapper } from "../roles/admin/record-beside.ts";
import { readConfig } from "../base/config/read-config.ts";
import { newPerson } from "./new-person.ts";
import { Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";
import { askForCode, OpenidBrowser, type OpenidProgram, redirect, registerProgram } from "./testing-openid.ts";

describe("Sign-out requested by a program", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;

  before(async () => {
    folder = makeFolder("openid-sign-out");
    server = await startServer({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const out = "https://program.example/out?from=here%20";
  const openProgram = (more: object = {}) => registerProgram(admin, { post_logout_redirect_uris: [out], ...more });

  const letIn = async ({ config }: OpenidProgram, api: Api) => {
    const { url, verifier } = await askForCode(config, "openid email profile offline_access files:read");
    const back = await new OpenidBrowser(server.url).answer(url, api, { allow: true });
    return openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
  };

  const get = (query: Record<string, string>) =>
    fetch(`${server.url}/oauth/end?${new URLSearchParams(query).toString()}`, { redirect: "manual" });
  const post = (form: Record<string, string>) =>
    fetch(`${server.url}/oauth/end`, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
  const follow = async (answer: Response) => {
    assert.equal(answer.status, 303, await answer.clone().text());
    const [place, request] = (answer.headers.get("location") ?? "").split("#");
    assert.equal(place, "/sign-out");
    return ok(new Api(server.url), "POST", "/sessions/sign-out-requests", { sign_out_request: request });
  };
  const refused = async (answer: Response, why: RegExp) => {
    assert.equal(answer.headers.get("location"), null);
    assert.equal(answer.status, 400);
    assert.match(((await answer.json()) as { detail: string }).detail, why);
  };

  test("is discoverable, and the app gets the program, its account and the return URL with its state", async () => {
    const ann = await newPerson(admin);
    const program = await openProgram();
    assert.equal(program.config.serverMetadata().end_session_endpoint, `${server.url}/oauth/end`);
    assert.deepEqual(program.made.post_logout_redirect_uris, [out]);
    const { id_token: hint = "" } = await letIn(program, ann.api);
    const state = "ä state & such=#?/%41+ ";
    const url = openid.buildEndSessionUrl(program.config, {
      post_logout_redirect_uri: out,
      id_token_hint: hint,
      state,
      logout_hint: "nobody reads it",
      ui_locales: "de",
    });
    const expected = { name: "Reader", user_id: ann.id, url: `${out}&state=${encodeURIComponent(state)}` };
    assert.deepEqual(await follow(await fetch(url, { redirect: "manual" })), expected);
    assert.equal(new URL(expected.url).searchParams.get("state"), state);
    assert.deepEqual(await follow(await post(Object.fromEntries(url.searchParams))), expected);
    assert.equal((await ann.api.call("GET", "/account")).status, 200, "nobody is signed out by a link");
  });

  test("has no account with only a client_id, and no return URL without a program", async () => {
    const { made } = await openProgram();
    const byId = { client_id: made.id, post_logout_redirect_uri: out };
    assert.deepEqual(await follow(await get(byId)), { name: "Reader", user_id: null, url: out });
    assert.deepEqual(await follow(await get({ client_id: made.id, state: "s" })), {
      name: "Reader",
      user_id: null,
      url: null,
    });
    assert.deepEqual(await follow(await get({})), { name: null, user_id: null, url: null });
    assert.deepEqual(await follow(await get({ client_id: "" })), { name: null, user_id: null, url: null });
    await refused(await get({ post_logout_redirect_uri: out }), /requires client_id or id_token_hint/);
  });

  test("returns only to exact registered URIs, and to any port of a registered loopback URI", async () => {
    const { made } = await openProgram();
    for (const post_logout_redirect_uri of [
      redirect,
      `${out}x`,
      `${out}#part`,
      `${out}&x=1`,
      out.slice(0, -1),
      "https://program.example/out",
      "https://program.example:8443/out?from=here%20",
      "https://someone@program.example/out?from=here%20",
      "https://program.example.evil.example/out?from=here%20",
      "https://PROGRAM.example/out?from=here%20",
      "http://program.example/out?from=here%20",
      " https://program.example/out?from=here%20",
      "//evil.example",
      "/files",
      "javascript:alert(1)",
      "data:text/html,<script>alert(1)</script>",
      "\u0000",
    ]) {
      for (const ask of [get, post])
        await refused(await ask({ client_id: made.id, post_logout_redirect_uri }), /is not registered|cannot/);
    }
    const local = await openProgram({ public: true, post_logout_redirect_uris: ["http://127.0.0.1/out"] });
    const go = (uri: string) => get({ client_id: local.made.id, post_logout_redirect_uri: uri });
    assert.equal((await follow(await go("http://127.0.0.1:4711/out"))).url, "http://127.0.0.1:4711/out");
    for (const uri of [
      "http://127.0.0.1:4711/out/more",
      "http://127.0.0.1@evil.example/out",
      "http://x@127.0.0.1/out",
      "http://127.0.0.1\\@evil.example:80/out",
      "http://127.0.0.1.evil.example/out",
      "http://localhost/out",
      "https://127.0.0.1/out",
    ])
      await refused(await go(uri), /is not registered/);
    for (const uri of ["http://program.example/out", "https://program.example/#x", "javascript:alert(1)", "data:,x"]) {
      const json = { name: "x", redirect_uris: [], post_logout_redirect_uris: [uri] };
      const { status, body } = await admin.call("POST", "/admin/oauth-clients", json);
      assert.deepEqual([status, body.field], [422, "post_logout_redirect_uris"], uri);
    }
  });

  test("accepts an id_token that this server issued to this program, even if expired", async () => {
    const bob = await newPerson(admin);
    const [program, other] = [await openProgram(), await openProgram()];
    const { id_token: hint = "", access_token: access } = await letIn(program, bob.api);
    const go = (id_token_hint: string, more: Record<string, string> = {}) =>
      get({ id_token_hint, post_logout_redirect_uri: out, ...more });
    assert.equal((await follow(await go(hint, { client_id: program.made.id }))).user_id, bob.id);
    await refused(await go(hint, { client_id: other.made.id }), /of different programs/);
    const [header = "", payload = "", signature = ""] = hint.split(".");
    const encode = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url");
    const [head, claims] = [header, payload].map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const signed = (said: object, by: object = head) => {
      const text = `${encode(by)}.${encode(said)}`;
      return `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
    };
    const { keys } = (await (await fetch(`${server.url}/oauth/jwks`)).json()) as { keys: { n: string }[] };
    const byHmac = `${encode({ ...head, alg: "HS256" })}.${payload}`;
    const hmac = createHmac("sha256", keys[0]?.n ?? "")
      .update(byHmac)
      .digest("base64url");
    const forged = [
      signed(claims),
      signed(claims, { alg: "RS256" }),
      signed(claims, { ...head, jwk: publicKey.export({ format: "jwk" }) }),
      `${header}.${encode({ ...claims, sub: claims.sub.replace(/.$/, (last: string) => (last === "0" ? "1" : "0")) })}.${signature}`,
      `${header}.${encode({ ...claims, aud: other.made.id })}.${signature}`,
      `${encode({ alg: "none" })}.${payload}.`,
      `${byHmac}.${hmac}`,
    ];
    for (const each of forged) await refused(await go(each), /was not issued to the program by this server/);
    const broken = [access, "x", "a.b.c", "..", `${header}.${encode([])}.x`, `${header}.${encode({ aud: 7 })}.x`];
    for (const each of broken) await refused(await go(each), /is not an ID token/);
    const lost = `${header}.${encode({ ...claims, aud: "nobody" })}.${signature}`;
    await refused(await go(lost), /not registered/);
    for (const client_id of ["nobody", "'--", bob.id, "\u0000", "x".repeat(2000)])
      for (const ask of [get, post]) await refused(await ask({ client_id }), /not registered|cannot/);
  });

  const signedByServer = async (hint: string, change: object) => {
    const storage = await openAdminStorage(readConfig({ flags: { data: `${folder}/data` }, environment: {} }));
    try {
      const wrapper = await openAdminWrapper(storage);
      const { value } = await serverFact(storage.shards, wrapper, "openid_keys", () => assert.fail("no keys"));
      const [jwk] = JSON.parse(value.toString("utf8"));
      const [header = "", payload = ""] = hint.split(".");
      const claims = { ...JSON.parse(Buffer.from(payload, "base64url").toString()), ...change };
      const text = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
      const key = createPrivateKey({ key: jwk, format: "jwk" });
      return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
    } finally {
      await storage.close();
    }
  };

  test("accepts an id_token of last week, and rejects one with another issuer signed by the same key", async () => {
    const program = await openProgram();
    const { id_token: hint = "" } = await letIn(program, admin);
    const weekAgo = Math.floor(Date.now() / 1000) - 7 * 86_400;
    const old = await signedByServer(hint, { iat: weekAgo - 900, exp: weekAgo });
    assert.equal((await follow(await get({ id_token_hint: old, post_logout_redirect_uri: out }))).url, out);
    for (const change of [{ iss: "https://drive.example" }, { iss: `${server.url}/` }, { sub: 7 }])
      await refused(
        await get({ id_token_hint: await signedByServer(hint, change) }),
        /was not issued to the program by this server/,
      );
  });

  test("limits its size, rejects repeated parameters and opens a page that cannot be framed", async () => {
    const { made } = await openProgram();
    const byId = { client_id: made.id, post_logout_redirect_uri: out };
    for (const name of ["client_id", "post_logout_redirect_uri", "id_token_hint", "state"]) {
      const twice = await fetch(`${server.url}/oauth/end?${new URLSearchParams(byId).toString()}&${name}=a&${name}=b`);
      await refused(twice, /is set more than once/);
    }
    const long = { ...byId, state: "s".repeat(5000) };
    for (const ask of [get, post]) assert.equal((await ask(long)).status, 413);
    // Percent-encoding triples each byte.
    const body = `client_id=${made.id}&post_logout_redirect_uri=${encodeURIComponent(out)}&state=${"ä".repeat(1800)}`;
    const answer = await fetch(`${server.url}/oauth/end`, { method: "POST", body, redirect: "manual" });
    assert.deepEqual([answer.status, answer.headers.get("location")], [413, null]);
    const split = await follow(await get({ ...byId, state: "a\r\nset-cookie: b=c" }));
    assert.equal(split.url, `${out}&state=a%0D%0Aset-cookie%3A%20b%3Dc`);
    for (const path of ["/sign-out", "/oauth/end"]) {
      const { headers } = await fetch(`${server.url}${path}`, { redirect: "manual" });
      assert.match(headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/, path);
      assert.equal(headers.get("cache-control")?.includes("no-store") === true || path === "/sign-out", true);
    }
    assert.equal((await fetch(`${server.url}/oauth/end`, { method: "PUT" })).status, 405);
  });

  test("is accepted only with this server's seal and while the program is registered", async () => {
    const { made } = await openProgram();
    const answer = await get({ client_id: made.id, post_logout_redirect_uri: out });
    const sealed = answer.headers.get("location")?.split("#")[1] ?? "";
    const read = (text: string) =>
      new Api(server.url).call("POST", "/sessions/sign-out-requests", { sign_out_request: text });
    assert.equal((await read(sealed)).status, 200);
    const [text = "", proof = ""] = sealed.split(".");
    const asked = JSON.parse(Buffer.from(text, "base64url").toString());
    assert.deepEqual(Object.keys(asked), ["clientId", "userId", "url", "untilSeconds"]);
    const other = Buffer.from(JSON.stringify({ ...asked, url: "https://evil.example/" })).toString("base64url");
    for (const forged of [
      `${other}.${proof}`,
      text,
      `${text}.`,
      `.${proof}`,
      `${sealed}.`,
      `${text}.${"a".repeat(43)}`,
      ".",
    ])
      assert.equal((await read(forged)).status, 404, forged);
    assert.equal((await read("x".repeat(10_000))).status, 422);
    await ok(admin, "DELETE", `/admin/oauth-clients/${made.id}`);
    assert.equal((await read(sealed)).status, 404);
    await refused(await get({ client_id: made.id }), /not registered/);
  });

  test("repeated requests get 429", async () => {
    const narrow = await startServer({ dataFolder: `${folder}/narrow`, env: { HOLDFAST_RATE_LIMIT_ADDRESS: "20" } });
    try {
      const statuses = new Set<number>();
      for (let times = 0; times < 60; times++)
        statuses.add((await fetch(`${narrow.url}/oauth/end`, { redirect: "manual" })).status);
      assert.deepEqual(statuses, new Set([303, 429]));
    } finally {
      await narrow.stop();
    }
  });
});
