import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generateSync } from "otplib";
import { startTestProvider, testClient, type TestProvider } from "../features/issuer/testing-provider.ts";
import { itemsOf, OutsideVisit } from "./outside-visit.ts";
import { Api, makeFolder, ok, queryDatabase, removeFolder, type RunningServer, startServer } from "./testing.ts";

const folder = makeFolder("no-password");
let provider: TestProvider;
let server: RunningServer;
let admin: Api;

before(async () => {
  provider = await startTestProvider();
  const oidc = {
    issuer: provider.issuer,
    ...testClient,
    name: "Example ID",
    create_accounts: ["example.com"],
    link_by_verified_address: ["example.com"],
  };
  const env = { HOLDFAST_OIDC: JSON.stringify(oidc), HOLDFAST_RATE_LIMIT_SIGN_IN: "0" };
  server = await startServer({ dataFolder: `${folder}/data`, env });
  admin = await Api.signIn(server.url);
});
after(async () => {
  await server?.stop();
  await provider?.stop();
  removeFolder(folder);
});

const proven = (minutesAgo: number) =>
  queryDatabase(
    `${folder}/data`,
    `update shard.sessions set proven_at = (extract(epoch from now()) * 1000000)::int8 - ${minutesAgo} * 60000000::int8`,
  );
const hasPassword = async (api: Api) => (await ok(api, "GET", "/account")).has_password as boolean;

test("an account without a password uses a proof at its issuer to enroll, create app passwords and be deleted", async () => {
  const visit = new OutsideVisit(server.url);
  const api = await visit.signedIn("nora");
  assert.equal(await hasPassword(api), false);
  const asked: [string, string, object][] = [
    ["POST", "/account/second-factor", {}],
    ["PUT", "/account/addresses", { addresses: [] }],
    ["POST", "/tokens/app-passwords", { name: "p", scopes: ["files:read"] }],
    ["POST", "/account/password", { new_password: "a sentence of Nora" }],
    ["DELETE", "/account", {}],
  ];
  await proven(11);
  for (const [method, path, body] of asked) {
    const { status, body: problem } = await api.call(method, path, body);
    assert.deepEqual([status, problem.code], [403, "proof_required"], `${method} ${path} ${problem.detail}`);
    const guessed = await api.call(method, path, { ...body, password: "a guess", current_password: "a guess" });
    assert.deepEqual([guessed.status, guessed.body.code], [422, "invalid_field"], `${method} ${path}`);
  }
  assert.equal((await visit.prove(api, "nora")).status, 200);
  const { secret } = await ok(api, "POST", "/account/second-factor", {});
  const codes = await ok(api, "POST", "/account/second-factor/confirm", { totp: generateSync({ secret }) });
  const [first, second, third] = codes.recovery_codes as string[];
  const app = { name: "p", scopes: ["files:read"] };
  assert.equal((await api.call("POST", "/tokens/app-passwords", app)).body.code, "second_factor");
  assert.equal((await api.call("POST", "/tokens/app-passwords", { ...app, totp: first })).status, 201);
  await proven(11);
  assert.equal((await api.call("POST", "/tokens/app-passwords", { ...app, totp: second })).body.code, "proof_required");
  const again = await visit.prove(api, "nora");
  assert.equal(again.body.code, "second_factor", "as at a sign-in");
  assert.equal((await visit.prove(api, "nora", { totp: second })).status, 200);
  assert.equal((await api.call("DELETE", "/account", { totp: third })).status, 200);
});

test("a proof sets the first password, which is required from then on", async () => {
  const visit = new OutsideVisit(server.url);
  const api = await visit.signedIn("felix");
  const wanted = "a sentence of Felix";
  assert.equal((await api.call("POST", "/account/password", { new_password: wanted })).status, 204);
  assert.equal(await hasPassword(api), true);
  const without = await api.call("POST", "/account/second-factor", {});
  assert.deepEqual([without.status, without.body.field], [422, "password"], "a proof does not do any more");
  const other = await api.call("POST", "/account/password", { new_password: "another sentence" });
  assert.deepEqual([other.status, other.body.field], [422, "current_password"]);
  await ok(api, "POST", "/account/second-factor", { password: wanted });
  await Api.signIn(server.url, { email: "felix@example.com", password: wanted });
});

test("a password set by an administrator counts, and existing accounts keep theirs unless linked by address", async () => {
  const { id } = await ok(await new OutsideVisit(server.url).signedIn("agnes"), "GET", "/account");
  const agnes = { email: "agnes@example.com", password: "the password of Agnes" };
  await ok(admin, "PATCH", `/admin/users/${id}`, { password: agnes.password });
  assert.equal(await hasPassword(await Api.signIn(server.url, agnes)), true);
  const bert = { email: "bert@example.com", password: "the password of Bert" };
  await ok(admin, "POST", "/admin/users", { ...bert, name: "Bert" });
  const own = await Api.signIn(server.url, bert);
  assert.equal((await new OutsideVisit(server.url).link(own, { password: bert.password }, "bert")).status, 201);
  const api = await new OutsideVisit(server.url).signedIn("bert");
  assert.equal(await hasPassword(api), true);
  const without = await api.call("POST", "/account/second-factor", {});
  assert.deepEqual([without.status, without.body.field], [422, "password"]);
  const clara = { email: "clara@example.com", password: "the password of Clara" };
  await ok(admin, "POST", "/admin/users", { ...clara, name: "Clara" });
  assert.equal(await hasPassword(await new OutsideVisit(server.url).signedIn("clara")), false);
  assert.equal((await new Api(server.url).call("POST", "/sessions", clara)).status, 401);
});

test("an account that must set up a second factor can do so with a proof, and is blocked until then", async () => {
  const visit = new OutsideVisit(server.url);
  const { id } = await ok(await visit.signedIn("mona"), "GET", "/account");
  await ok(admin, "PATCH", "/admin/access-rules", { user: id, second_factor: { required: true } });
  const { status, body } = await visit.signIn("mona");
  assert.equal(status, 200);
  const api = new Api(server.url, body.access_token);
  await proven(11);
  assert.equal((await api.call("GET", "/tokens")).body.code, "second_factor_required");
  assert.equal((await api.call("POST", "/account/second-factor", {})).body.code, "proof_required");
  assert.equal((await itemsOf(api, "/account/outside"))[0].proves, true);
  assert.equal((await visit.prove(api, "mona")).status, 200);
  const { secret } = await ok(api, "POST", "/account/second-factor", {});
  await ok(api, "POST", "/account/second-factor/confirm", { totp: generateSync({ secret }) });
  assert.equal((await api.call("GET", "/tokens")).status, 200);
});

test("the last linked sign-in can be removed only after a password is set", async () => {
  const visit = new OutsideVisit(server.url);
  const api = await visit.signedIn("lars");
  const [identity] = await itemsOf(api, "/account/outside");
  const unlink = (proof: object) => api.call("POST", `/account/outside/${identity.id}/remove`, proof);
  const alone = await unlink({});
  assert.deepEqual([alone.status, alone.body.field], [409, "password"]);
  assert.equal((await itemsOf(api, "/account/outside")).length, 1);
  assert.equal((await visit.link(api, {}, "lars-too")).status, 201);
  assert.equal((await unlink({})).status, 204, "another one is left");
  const [other] = await itemsOf(api, "/account/outside");
  const password = "a sentence of Lars";
  await ok(api, "POST", "/account/password", { new_password: password });
  assert.equal((await api.call("POST", `/account/outside/${other.id}/remove`, { password })).status, 204);
});
