import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as openid from "openid-client";
import { Api, makeFolder, ok, queryDatabase, removeFolder, type RunningServer, startServer } from "./testing.ts";
import { OpenidBrowser } from "./testing-openid.ts";

const home = "192.0.2.7";
const away = "198.51.100.7";

/** The server runs behind a proxy that reports each client's address. */
describe("Access after its withdrawal", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let people = 0;

  before(async () => {
    folder = makeFolder("taken-back");
    server = await startServer({
      dataFolder: `${folder}/data`,
      args: ["--behind-proxy"],
      env: { HOLDFAST_RATE_LIMIT_SIGN_IN: "20", HOLDFAST_RATE_LIMIT_ADDRESS: "5000" },
    });
    admin = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const newPerson = async () => {
    const account = { email: `person${++people}@example.com`, password: `a sentence of somebody` };
    const { id } = await ok(admin, "POST", "/admin/users", account);
    return { ...account, id: id as string, api: await Api.signIn(server.url, account) };
  };
  const redirect = "https://program.example/back";
  const from = (address: string) => async (url: string, options: openid.CustomFetchOptions) =>
    fetch(url, {
      ...(options as RequestInit),
      headers: { ...options.headers, "x-forwarded-for": address },
    });
  const discover = async (more: object = {}) => {
    const made = await ok(admin, "POST", "/admin/oauth-clients", {
      name: "Reader",
      redirect_uris: [redirect],
      scopes: ["files:read", "files:write", "account", "admin"],
      ...more,
    });
    const configAt = async (address: string) =>
      openid.discovery(
        new URL(server.url),
        made.id,
        made.secret ?? undefined,
        made.secret === null ? openid.None() : openid.ClientSecretBasic(made.secret),
        // oxlint-disable-next-line typescript/no-deprecated -- so called to be seen; the server is on this machine
        { execute: [openid.allowInsecureRequests], [openid.customFetch]: from(address) },
      );
    return { made, config: await configAt(home), awayConfig: await configAt(away) };
  };
  type Program = Awaited<ReturnType<typeof discover>>;
  const letIn = async (program: Program, api: Api, scope: string, answer: object = {}) => {
    const verifier = openid.randomPKCECodeVerifier();
    const url = openid.buildAuthorizationUrl(program.config, {
      redirect_uri: redirect,
      scope,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state: "s",
      nonce: "n",
    });
    const browser = new OpenidBrowser(server.url);
    const back = await browser.answer(url, api, { allow: true, ...answer });
    const checks = { pkceCodeVerifier: verifier, expectedState: "s", expectedNonce: "n" };
    return openid.authorizationCodeGrant(program.config, back, checks);
  };
  const at = (address: string, token: string | undefined, method: string, path: string) =>
    new Api(server.url, token).call(method, path, undefined, { headers: { "x-forwarded-for": address } });

  test("programs outside an account's allowed addresses get no account data and no new tokens", async () => {
    const ann = await newPerson();
    const program = await discover();
    const tokens = await letIn(program, ann.api, "openid email profile offline_access files:read");
    await ok(admin, "PATCH", "/admin/access-rules", { user: ann.email, addresses: [`${home}/32`] });
    assert.equal((await at(away, tokens.access_token, "GET", "/account")).status, 403);
    await assert.rejects(openid.fetchUserInfo(program.awayConfig, tokens.access_token, ann.id));
    const refresh = tokens.refresh_token ?? "";
    await assert.rejects(openid.refreshTokenGrant(program.awayConfig, refresh), { error: "invalid_grant" });
    const userInfo = await openid.fetchUserInfo(program.config, tokens.access_token, ann.id);
    assert.equal(userInfo.email, ann.email);
    const next = await openid.refreshTokenGrant(program.config, refresh);
    assert.equal((await at(home, next.access_token, "GET", "/account")).status, 200);
  });

  test("programs get no data of an account without its required second factor", async () => {
    const bob = await newPerson();
    const program = await discover();
    const tokens = await letIn(program, bob.api, "openid email offline_access files:read");
    await ok(admin, "PATCH", "/admin/access-rules", { user: bob.email, second_factor: { required: true } });
    await assert.rejects(openid.fetchUserInfo(program.config, tokens.access_token, bob.id));
    await assert.rejects(openid.refreshTokenGrant(program.config, tokens.refresh_token ?? ""), {
      error: "invalid_grant",
    });
  });

  const started = async () => {
    const asker = new Api(server.url);
    const begun = await ok(asker, "POST", "/sessions/device", { device_name: "another" });
    const finish = () => asker.call("POST", "/sessions/device/token", { device_code: begun.device_code });
    const answer = { user_code: begun.user_code as string, allow: true };
    return { finish, letIn: (api: Api) => ok(api, "POST", "/account/device-requests/answer", answer) };
  };

  test("signing out everywhere cancels approved device sign-ins", async () => {
    const cleo = await newPerson();
    const device = await started();
    await device.letIn(cleo.api);
    await ok(cleo.api, "DELETE", "/devices");
    assert.equal((await device.finish()).status, 401);
    assert.equal((await device.finish()).status, 401);
  });

  test("signing out a device cancels the device sign-ins that it approved", async () => {
    const emil = await newPerson();
    const device = await started();
    const { email, password } = emil;
    const stolen = await ok(new Api(server.url), "POST", "/sessions", { email, password, device_name: "stolen" });
    await device.letIn(new Api(server.url, stolen.access_token));
    await ok(emil.api, "DELETE", `/devices/${stolen.device_id}`);
    assert.equal((await device.finish()).status, 401);
    const { items } = await ok(emil.api, "GET", "/devices");
    assert.equal(items.length, 1);
    const own = await started();
    await own.letIn(emil.api);
    assert.equal((await own.finish()).status, 200);
  });

  test("a program's device gets no tokens after the approving session ended, and keeps earlier ones", async () => {
    const program = await discover({ public: true, redirect_uris: [] });
    const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
    const begin = async () => {
      const begun = await openid.initiateDeviceAuthorization(program.config, { scope: "openid files:read" });
      const answer = { user_code: begun.user_code, allow: true };
      return {
        letIn: (api: Api) => ok(api, "POST", "/account/device-requests/answer", answer),
        finish: () => openid.genericGrantRequest(program.config, deviceGrant, { device_code: begun.device_code }),
      };
    };
    const fay = await newPerson();
    const { email, password } = fay;
    const ways: Record<string, (session: { api: Api; device_id: string }) => Promise<unknown>> = {
      "signs out": ({ api }) => ok(api, "DELETE", "/sessions/current"),
      "is signed out": ({ device_id }) => ok(fay.api, "DELETE", `/devices/${device_id}`),
      expires: ({ device_id }) =>
        queryDatabase(`${folder}/data`, `update shard.sessions set expires_at = 1 where device_id = '${device_id}'`),
    };
    for (const [way, end] of Object.entries(ways)) {
      const device_name = "approves";
      const begun = await ok(new Api(server.url), "POST", "/sessions", { email, password, device_name });
      const session = { api: new Api(server.url, begun.access_token), device_id: begun.device_id as string };
      const [fetched, late] = [await begin(), await begin()];
      await fetched.letIn(session.api);
      await late.letIn(session.api);
      const tokens = await fetched.finish();
      await end(session);
      await assert.rejects(late.finish(), { error: "invalid_grant" }, way);
      await assert.rejects(late.finish(), { error: "invalid_grant" }, way);
      assert.equal((await at(home, tokens.access_token, "GET", "/account")).status, 200, way);
    }
  });

  test("pending requests are limited in size and number per source address", async () => {
    const device = await discover({ public: true, redirect_uris: [] });
    const web = await discover({ public: true });
    const stranger = { "x-forwarded-for": "198.51.100.66" };
    const askDevice = (more: Record<string, string>, headers = stranger) => {
      const body = new URLSearchParams({ client_id: device.made.id, scope: "openid", ...more });
      return fetch(`${server.url}/oauth/device`, { method: "POST", body, headers });
    };
    const errorIn = async (answer: Response) => ((await answer.json()) as { error?: string }).error;
    const askWeb = (state: string) => {
      const url = openid.buildAuthorizationUrl(web.config, {
        redirect_uri: redirect,
        scope: "openid",
        code_challenge: "a".repeat(43),
        code_challenge_method: "S256",
        state,
        login_hint: "h".repeat(2000),
      });
      return fetch(url, { redirect: "manual", headers: stranger });
    };
    for (const field of ["login_hint", "acr_values", "nonce", "ui_locales", "resource"]) {
      const answer = await askDevice({ [field]: "x".repeat(50_000) });
      assert.deepEqual([answer.status, await errorIn(answer)], [413, "invalid_request"], field);
    }
    assert.equal((await askWeb("y".repeat(6000))).status, 413);
    assert.equal((await askDevice({ login_hint: "h".repeat(3000) })).status, 200);
    assert.equal((await askWeb("y")).status, 303);
    const kept = await queryDatabase(
      `${folder}/data`,
      "select kind, length(payload::text) as size from shard.oauth_artifacts where expires_at > 0 order by 2 desc limit 1",
    );
    assert.ok(Number(kept[0]?.["size"]) < 2000, JSON.stringify(kept));
    // The bucket refills during the test, so requests are sent until one is refused.
    const firstRefused = async (ask: () => Promise<Response>, passed: number) => {
      for (let asked = 0; asked < 7000; asked += 50) {
        const answers = await Promise.all(Array.from({ length: 50 }, ask));
        const refused = answers.find(({ status }) => status !== passed);
        if (refused !== undefined) return { refused, batches: asked / 50 + 1 };
      }
      throw new Error("7000 questions of one source passed");
    };
    const { refused } = await firstRefused(() => askDevice({}), 200);
    assert.deepEqual([refused.status, await errorIn(refused)], [429, "temporarily_unavailable"]);
    const inBrowser = await firstRefused(() => askWeb("y"), 303);
    assert.deepEqual([inBrowser.refused.status, inBrowser.batches], [429, 1]);
    assert.equal((await askDevice({}, { "x-forwarded-for": "192.0.2.9" })).status, 200);
  });
});
