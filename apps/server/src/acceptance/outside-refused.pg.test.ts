import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestProvider, testClient, type TestProvider } from "../features/issuer/testing-provider.ts";
import { OutsideVisit } from "./outside-visit.ts";
import { Api, makeFolder, ok, queryDatabase, removeFolder, type RunningServer, startServer } from "./testing.ts";

const folder = makeFolder("outside-refused");
const inside = "192.0.2.7";
const outside = "198.51.100.7";
let provider: TestProvider;
let server: RunningServer;
let admin: Api;
let staff: string;

before(async () => {
  provider = await startTestProvider();
  const first = await startServer({ dataFolder: `${folder}/data` });
  staff = (await ok(await Api.signIn(first.url), "POST", "/groups", { name: "Staff" })).id;
  await first.stop();
  const oidc = {
    issuer: provider.issuer,
    ...testClient,
    name: "Example ID",
    link_by_verified_address: ["example.com"],
    create_accounts: ["example.com"],
    groups_claim: "groups",
    groups: { staff },
  };
  server = await startServer({
    dataFolder: `${folder}/data`,
    port: first.port,
    args: ["--behind-proxy"],
    env: {
      HOLDFAST_OIDC: JSON.stringify(oidc),
      HOLDFAST_RATE_LIMIT_SIGN_IN: "0",
      HOLDFAST_RATE_LIMIT_ADDRESS: "5000",
    },
  });
  admin = await Api.signIn(server.url);
});
after(async () => {
  await server?.stop();
  await provider?.stop();
  removeFolder(folder);
});

const visitFrom = (address: string) => new OutsideVisit(server.url, address);
const addPerson = async (name: string) => {
  const person = { email: `${name}@example.com`, password: `the password of ${name}` };
  return { ...person, id: (await ok(admin, "POST", "/admin/users", { ...person, name })).id as string };
};
const count = async (from: string) => (await queryDatabase(`${folder}/data`, `select from shard.${from}`)).length;
const isMember = async (id: string) =>
  ((await ok(admin, "GET", `/groups/${staff}/members`)).items as { user_id: string }[]).some(
    (each) => each.user_id === id,
  );
const refusal = async (signingIn: ReturnType<OutsideVisit["signIn"]>) => {
  const { status, body } = await signingIn;
  return [status, body.code];
};

test("issuer sign-ins from a blocked address create no account, link or membership", async () => {
  const linked = await addPerson("linked");
  const here = await visitFrom(inside).signIn("known");
  const known = (await ok(new Api(server.url, here.body.access_token), "GET", "/account")).id as string;
  for (const login of ["newcomer", "linked", "known"]) await provider.setClaims(login, { groups: ["staff"] });
  const rows = () => Promise.all(["users", "outside_identities", "outside_directory"].map(count));
  const former = await rows();
  await ok(admin, "PATCH", "/admin/access-rules", { addresses: [`${inside}/32`, "127.0.0.0/8"] });
  for (const login of ["newcomer", "linked", "known"])
    assert.deepEqual(await refusal(visitFrom(outside).signIn(login)), [403, "address_not_allowed"], login);
  assert.deepEqual(await rows(), former);
  assert.equal(await isMember(known), false);
  await ok(admin, "PATCH", "/admin/access-rules", { user: linked.id, addresses: ["203.0.113.0/24"] });
  assert.deepEqual(await refusal(visitFrom(inside).signIn("linked")), [403, "address_not_allowed"]);
  assert.deepEqual(await rows(), former, "the account's own list");
  for (const login of ["newcomer", "known"]) assert.equal((await visitFrom(inside).signIn(login)).status, 200, login);
  assert.equal(await isMember(known), true);
  await ok(admin, "PATCH", "/admin/access-rules", { addresses: [] });
});

test("a reused ticket changes nothing", async () => {
  await provider.setClaims("twice", { groups: ["staff"] });
  const visit = visitFrom(inside);
  const ticket = await visit.ticket("twice");
  const signIn = () => visit.call("POST", "/sessions/web/outside", { ticket });
  const { status, body } = await signIn();
  assert.equal(status, 200);
  const { id } = await ok(new Api(server.url, body.access_token), "GET", "/account");
  assert.equal(await isMember(id), true);
  // The issuer accepts it at the next sign-in.
  await provider.setClaims("twice", { groups: [] });
  assert.equal((await visit.signIn("twice")).status, 200);
  assert.equal(await isMember(id), false);
  assert.deepEqual(await refusal(signIn()), [401, "unauthenticated"]);
  assert.equal(await isMember(id), false);
});

test("an account that must have a second factor can do nothing but set one up", async () => {
  const { id } = await addPerson("must");
  await ok(admin, "PATCH", "/admin/access-rules", { user: id, second_factor: { required: true } });
  const { status, body } = await visitFrom(inside).signIn("must");
  assert.equal(status, 200);
  const api = new Api(server.url, body.access_token);
  const account = await ok(api, "GET", "/account");
  assert.ok(Date.parse(account.second_factor_due_at) <= Date.now(), account.second_factor_due_at);
  for (const path of ["/tokens", "/activity", "/devices"])
    assert.deepEqual([path, (await api.call("GET", path)).body.code], [path, "second_factor_required"]);
  await ok(api, "GET", "/account/second-factor");
});

test("a suspended account gets no link and no membership", async () => {
  const { id } = await addPerson("stopped");
  await provider.setClaims("stopped", { groups: ["staff"] });
  await ok(admin, "PATCH", `/admin/users/${id}`, { disabled: true });
  const { status, body } = await visitFrom(inside).signIn("stopped");
  assert.deepEqual([status, body.code, /is disabled/.test(body.detail)], [403, "forbidden", true]);
  assert.equal(await isMember(id), false);
  assert.equal(await count(`outside_identities where user_id = '${id}'`), 0);
});

test("a deleted account is reported at an issuer sign-in, which can restore it", async () => {
  const visit = visitFrom(inside);
  const { body } = await visit.signIn("returning");
  const api = new Api(server.url, body.access_token);
  const { id } = await ok(api, "GET", "/account");
  assert.equal((await api.call("DELETE", "/account", {})).status, 200);
  const ticket = await visit.ticket("returning");
  const response = await visit.call("POST", "/sessions/web/outside", { ticket });
  assert.deepEqual([response.status, response.body.code], [403, "account_leaving"]);
  assert.ok(Date.parse(response.body.until) > Date.now(), response.body.until);
  const back = await visit.call("POST", "/sessions/web/outside", { ticket, keep_account: true });
  assert.equal(back.status, 200);
  assert.equal((await ok(new Api(server.url, back.body.access_token), "GET", "/account")).id, id);
});
