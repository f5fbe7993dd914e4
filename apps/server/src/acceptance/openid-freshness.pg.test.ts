import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as openid from "openid-client";
import { newPerson, type Person } from "./new-person.ts";
import { Api, makeFolder, ok, queryDatabase, removeFolder, type RunningServer, startServer } from "./testing.ts";
import { askForCode, OpenidBrowser, type OpenidProgram, registerProgram } from "./testing-openid.ts";

describe("Program with a required account or authentication age", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let program: OpenidProgram;

  before(async () => {
    folder = makeFolder("openid-freshness");
    server = await startServer({ dataFolder: `${folder}/data`, env: { HOLDFAST_RATE_LIMIT_SIGN_IN: "60" } });
    admin = await Api.signIn(server.url);
    program = await registerProgram(admin);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
  const nowSeconds = () => Math.floor(Date.now() / 1000);
  /** Session that began 20 days ago, with a proof of the same age. */
  const signedInAgo = async (provenSecondsAgo: number): Promise<Person> => {
    const person = await newPerson(admin);
    const at = (secondsAgo: number) => `${(Date.now() - secondsAgo * 1000) * 1000}`;
    await queryDatabase(
      `${folder}/data`,
      `update shard.sessions set created_at = ${at(20 * 86_400)}, proven_at = ${at(provenSecondsAgo)} where user_id = '${person.id}'`,
    );
    return person;
  };
  const prove = ({ api, password }: Person) => ok(api, "POST", "/sessions/current/proof", { password });
  const begin = async (more: Record<string, string>) => {
    const { url, verifier } = await askForCode(program.config, "openid offline_access files:read", more);
    const browser = new OpenidBrowser(server.url);
    const request = `/account/program-requests/${await browser.begin(url)}`;
    const path = `${request}/answer`;
    const maxAge = more["max_age"] === undefined ? {} : { maxAge: Number(more["max_age"]) };
    return {
      read: async (person: Person) => (await browser.call(person.api, request, {})).body,
      allow: (person: Person) => browser.call(person.api, path, { allow: true }),
      refuse: (person: Person) => browser.call(person.api, path, { allow: false }),
      finish: async (address: string) => {
        const back = (await browser.open(address)).headers.get("location") ?? "";
        return openid.authorizationCodeGrant(program.config, new URL(back), { pkceCodeVerifier: verifier, ...maxAge });
      },
    };
  };
  const grants = async (person: Person) => (await ok(person.api, "GET", "/account/authorized-programs")).items.length;

  test("gets the time of the proof, not of the session's start", async () => {
    const person = await signedInAgo(600);
    const question = await begin({ max_age: "3600" });
    const { status, body } = await question.allow(person);
    assert.equal(status, 200, JSON.stringify(body));
    const tokens = await question.finish(body.url);
    const age = nowSeconds() - Number(tokens.claims()?.auth_time);
    assert.ok(age >= 600 && age < 700, String(age));
  });

  test("requires a proof older than max_age to be renewed, and gets its time", async () => {
    const person = await signedInAgo(600);
    const question = await begin({ max_age: "300" });
    const { status, body } = await question.allow(person);
    assert.deepEqual([status, body.code], [403, "proof_required"]);
    assert.equal(await grants(person), 0, "nothing was granted");
    const since = nowSeconds();
    await prove(person);
    const tokens = await question.finish((await question.allow(person)).body.url);
    assert.ok(Number(tokens.claims()?.auth_time) >= since);
    const next = await openid.refreshTokenGrant(program.config, tokens.refresh_token ?? "");
    assert.equal(next.claims()?.auth_time, tokens.claims()?.auth_time, "to refresh is no proof");
  });

  test("requires a proof for each request with prompt=login or max_age=0, and still gets a refresh token", async () => {
    for (const more of [{ prompt: "login" }, { prompt: "login consent" }, { max_age: "0" }]) {
      const person = await signedInAgo(5);
      const question = await begin(more);
      assert.equal((await question.allow(person)).body.code, "proof_required", JSON.stringify(more));
      const since = nowSeconds();
      await prove(person);
      const tokens = await question.finish((await question.allow(person)).body.url);
      assert.ok(Number(tokens.claims()?.auth_time) >= since);
      assert.equal(tokens.scope, "openid offline_access files:read");
      assert.equal(typeof tokens.refresh_token, "string");
      await queryDatabase(`${folder}/data`, "update shard.sessions set proven_at = proven_at - 5000000");
      assert.equal(
        (await (await begin(more)).allow(person)).body.code,
        "proof_required",
        "that was for the one before",
      );
    }
  });

  test("gets a refresh token with any interactive prompt, and a refusal needs no proof", async () => {
    const person = await signedInAgo(600);
    const consented = await begin({ prompt: "consent" });
    const tokens = await consented.finish((await consented.allow(person)).body.url);
    assert.equal(typeof tokens.refresh_token, "string");
    const refused = await begin({ prompt: "login" });
    const { status, body } = await refused.refuse(person);
    assert.equal(status, 200);
    await assert.rejects(refused.finish(body.url), { error: "access_denied" });
  });

  test("gets an error for prompt=none, regardless of max_age", async () => {
    for (const [more, error] of [
      [{ prompt: "none" }, "login_required"],
      [{ prompt: "none", max_age: "0" }, "login_required"],
      [{ prompt: "none login" }, "invalid_request"],
    ] as const) {
      const { url } = await askForCode(program.config, "openid", more);
      const answer = await new OpenidBrowser(server.url).open(url);
      const back = new URL(answer.headers.get("location") ?? "");
      assert.equal(back.searchParams.get("error"), error, JSON.stringify(more));
    }
  });

  test("can only be authorized by the account of its id_token_hint", async () => {
    const [ann, bob] = [await newPerson(admin), await newPerson(admin)];
    const first = await begin({});
    const { id_token: hint = "" } = await first.finish((await first.allow(ann)).body.url);
    const other = await begin({ id_token_hint: hint });
    assert.equal((await other.read(bob)).other_account, true);
    const refused = await other.allow(bob);
    assert.deepEqual([refused.status, refused.body.code], [403, "forbidden"]);
    assert.equal(await grants(bob), 0, "nothing was granted");
    assert.equal((await other.read(ann)).other_account, false);
    const tokens = await other.finish((await other.allow(ann)).body.url);
    assert.equal(tokens.claims()?.sub, ann.id, "the person signed in as the right account, and answered");
    const left = await begin({ id_token_hint: hint });
    await assert.rejects(left.finish((await left.refuse(bob)).body.url), { error: "login_required" });
    const denied = await begin({ id_token_hint: hint });
    await assert.rejects(denied.finish((await denied.refuse(ann)).body.url), { error: "access_denied" });
    assert.equal((await (await begin({})).read(bob)).other_account, false, "a program without a hint takes anybody");
  });

  test("can also require an account on a device", async () => {
    const device = await registerProgram(admin, { public: true, redirect_uris: [] });
    const [ann, bob] = [await newPerson(admin), await newPerson(admin)];
    const start = (more: Record<string, string>) =>
      openid.initiateDeviceAuthorization(device.config, { scope: "openid files:read", ...more });
    const call = ({ api }: Person, path: string, body: object) =>
      api.call("POST", `/account/device-requests${path}`, body);
    const finish = (code: string) => openid.genericGrantRequest(device.config, deviceGrant, { device_code: code });
    const first = await start({});
    await call(ann, "/answer", { user_code: first.user_code, allow: true });
    const { id_token: hint = "" } = await finish(first.device_code);
    const started = await start({ id_token_hint: hint });
    const answer = { user_code: started.user_code, allow: true };
    assert.equal((await call(bob, "", { user_code: started.user_code })).body.other_account, true);
    assert.equal((await call(bob, "/answer", answer)).status, 403);
    assert.equal(await grants(bob), 0);
    assert.equal((await call(ann, "/answer", answer)).status, 204);
    assert.equal((await finish(started.device_code)).claims()?.sub, ann.id);
  });

  test("can also require an authentication age on a device", async () => {
    const device = await registerProgram(admin, { public: true, redirect_uris: [] });
    for (const max_age of ["0", "300"]) {
      const person = await signedInAgo(600);
      const started = await openid.initiateDeviceAuthorization(device.config, { scope: "openid files:read", max_age });
      const answer = () =>
        person.api.call("POST", "/account/device-requests/answer", { user_code: started.user_code, allow: true });
      assert.equal((await answer()).body.code, "proof_required", max_age);
      assert.equal(await grants(person), 0);
      const since = nowSeconds();
      await prove(person);
      assert.equal((await answer()).status, 204);
      const code = { device_code: started.device_code };
      const tokens = await openid.genericGrantRequest(device.config, deviceGrant, code);
      assert.ok(Number(tokens.claims()?.auth_time) >= since);
    }
  });
});
