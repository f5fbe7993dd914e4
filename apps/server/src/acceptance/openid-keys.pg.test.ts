import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as openid from "openid-client";
import { replaceServerFact, serverFact } from "../features/accounts/context/server-secrets.ts";
import { openAdminStorage } from "../care/admin-storage/open-admin-storage.ts";
import { openAdminWrapper } from "../roles/admin/record-beside.ts";
import { readConfig } from "../base/config/read-config.ts";
import { Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";
import { OpenidBrowser } from "./testing-openid.ts";

const dayMicros = 86_400_000_000;

describe("Program during rotations of the server's signing keys", () => {
  let folder: string;
  let dataFolder: string;
  let server: RunningServer;

  before(async () => {
    folder = makeFolder("openid-keys");
    dataFolder = `${folder}/data`;
    server = await startServer({ dataFolder });
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const age = async (days: number) => {
    const storage = await openAdminStorage(readConfig({ flags: { data: dataFolder }, environment: {} }));
    try {
      const wrapper = await openAdminWrapper(storage);
      const stored = await serverFact(storage.shards, wrapper, "openid_keys", () => assert.fail("no keys"));
      const [newest, ...others] = JSON.parse(stored.value.toString("utf8"));
      newest.made_micros -= days * dayMicros;
      const aged = Buffer.from(JSON.stringify([newest, ...others]));
      assert.ok(await replaceServerFact(storage.shards, wrapper, stored, aged));
    } finally {
      await storage.close();
    }
    const { port } = server;
    await server.stop();
    server = await startServer({ dataFolder, port });
  };
  const told = async (): Promise<string[]> => {
    const { keys } = (await (await fetch(`${server.url}/oauth/jwks`)).json()) as { keys: { kid: string }[] };
    return keys.map(({ kid }) => kid);
  };
  const signedBy = (idToken = "") => JSON.parse(Buffer.from(idToken.split(".")[0] ?? "", "base64url").toString()).kid;

  test("signs in and refreshes with the signing key, and verifies tokens while their key is published", async () => {
    const admin = await Api.signIn(server.url);
    const redirect = "https://program.example/back";
    const made = await ok(admin, "POST", "/admin/oauth-clients", {
      name: "Reader",
      redirect_uris: [redirect],
      scopes: ["files:read"],
    });
    // A client requests keys at most once a minute, which simulated days do not take.
    const openProgram = () =>
      openid.discovery(new URL(server.url), made.id, made.secret, undefined, {
        // oxlint-disable-next-line typescript/no-deprecated -- so called to be seen; the server is on this machine
        execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks],
      });
    const config = await openProgram();
    const verifier = openid.randomPKCECodeVerifier();
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: redirect,
      scope: "openid offline_access files:read",
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    const back = await new OpenidBrowser(server.url).answer(url, admin, { allow: true });
    let tokens = await openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
    const refresh = async () => {
      tokens = await openid.refreshTokenGrant(await openProgram(), tokens.refresh_token ?? "");
      return signedBy(tokens.id_token);
    };
    const [first] = await told();
    assert.equal(signedBy(tokens.id_token), first);
    const query = new URLSearchParams({ id_token_hint: tokens.id_token ?? "" }).toString();
    const signsOut = async () => (await fetch(`${server.url}/oauth/end?${query}`, { redirect: "manual" })).status;
    await age(91);
    const [, second, ...more] = await told();
    assert.ok(second !== undefined && more.length === 0);
    assert.equal(await refresh(), first);
    await age(1);
    assert.deepEqual(await told(), [second, first]);
    assert.equal(await refresh(), second);
    assert.equal(await signsOut(), 303);
    await age(30);
    assert.deepEqual(await told(), [second]);
    assert.equal(await signsOut(), 400);
    assert.equal(await refresh(), second);
    assert.equal((await new Api(server.url, tokens.access_token).call("GET", "/account")).status, 200);
  });
});
