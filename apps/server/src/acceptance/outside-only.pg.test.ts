import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestProvider, testClient, type TestProvider } from "../features/issuer/testing-provider.ts";
import { OutsideVisit } from "./outside-visit.ts";
import {
  Api,
  holdfast,
  makeFolder,
  ok,
  queryDatabase,
  removeFolder,
  type RunningServer,
  type ServerOptions,
  startServer,
} from "./testing.ts";

const folder = makeFolder("outside-only");
let provider: TestProvider;
let options: ServerOptions;
let server: RunningServer;
let admin: Api;
let groups: Record<"staff" | "board" | "own", string>;

before(async () => {
  provider = await startTestProvider();
  const first = await startServer({ dataFolder: `${folder}/data` });
  const api = await Api.signIn(first.url);
  const make = async (name: string) => (await ok(api, "POST", "/groups", { name })).id as string;
  groups = { staff: await make("Staff"), board: await make("Board"), own: await make("Own") };
  await first.stop();
  const settings = {
    issuer: provider.issuer,
    ...testClient,
    name: "Example ID",
    only: true,
    sign_in_again: "30d",
    create_accounts: ["example.com"],
    groups_claim: "groups",
    groups: { everybody: groups.staff, directors: groups.board, missing: "01a20924-d1b6-822f-8178-b6cad27290c8" },
    plan_claim: "plan",
    plans: { gold: "plus", none: "free" },
  };
  const env = { HOLDFAST_OIDC: JSON.stringify(settings), HOLDFAST_RATE_LIMIT_SIGN_IN: "0" };
  options = { dataFolder: `${folder}/data`, port: first.port, env };
  server = await startServer(options);
  admin = await Api.signIn(server.url);
});
after(async () => {
  await server?.stop();
  await provider?.stop();
  removeFolder(folder);
});

test("with sign-in only by issuer, passwords are for administrators, and the login command names the issuer", async () => {
  const person = { email: "pia@example.com", password: "the password of Pia" };
  await ok(admin, "POST", "/admin/users", { ...person, name: "Pia" });
  assert.deepEqual((await new Api(server.url).call("GET", "/sessions/ways")).body, {
    outside: { name: "Example ID", only: true },
    mail: false,
    needs_setup: false,
  });
  assert.equal((await new Api(server.url).call("POST", "/sessions", { ...person, device_name: "t" })).status, 403);
  const guessed = await new Api(server.url).call("POST", "/sessions", { ...person, password: "not it at all" });
  assert.equal(guessed.status, 401, "who does not know the password is told nothing");
  const login = await holdfast(["login", server.url, "--email", person.email, "--password-stdin"], {
    input: `${person.password}\n`,
    env: { HOLDFAST_CONFIG_DIR: `${folder}/home` },
  });
  assert.notEqual(login.code, 0);
  assert.match(login.stderr, /sign in to this server through Example ID/);
});

test("with sign-in only by issuer, a new proof requires the same account at the issuer, not a password", async () => {
  const visit = new OutsideVisit(server.url);
  const api = await visit.signedIn("petra");
  const makeToken = async () => (await api.call("POST", "/tokens", { name: "t", scopes: ["files:read"] })).status;
  assert.equal(await makeToken(), 201, "who has just signed in there has proved it");
  await queryDatabase(`${folder}/data`, "update shard.sessions set proven_at = 0");
  assert.equal(await makeToken(), 403);
  const byPassword = await api.call("POST", "/sessions/current/proof", { password: "whatever it is" });
  assert.deepEqual([byPassword.status, byPassword.body.field], [403, "outside"]);
  // In a separate browser, because this one would end her session.
  await new OutsideVisit(server.url).signedIn("paul");
  const byPaul = await visit.prove(api, "paul");
  assert.deepEqual([byPaul.status, byPaul.body.field], [403, "outside"]);
  assert.equal(await makeToken(), 403);
  const [identity] = (await ok(api, "GET", "/account/outside")).items;
  assert.equal(identity.proves, true);
  const { status, body } = await visit.prove(api, "petra");
  assert.equal(status, 200);
  assert.ok(Date.parse(body.proven_until) > Date.now() + 50 * 60_000, body.proven_until);
  assert.equal(await makeToken(), 201);
});

test("a local password is no proof in a session that the issuer started", async () => {
  const visit = new OutsideVisit(server.url);
  const api = await visit.signedIn("pablo");
  const password = "a password from before";
  // The session is new, so a first password needs no other proof.
  assert.equal((await api.call("POST", "/account/password", { new_password: password })).status, 204);
  assert.equal((await ok(api, "GET", "/account")).has_password, false, "the app asks for none");
  const make = () => api.call("POST", "/tokens/app-passwords", { name: "t", scopes: ["files:read"], password });
  await queryDatabase(`${folder}/data`, "update shard.sessions set proven_at = 0");
  const refused = await make();
  assert.deepEqual([refused.status, refused.body.code], [403, "proof_required"]);
  assert.equal((await visit.prove(api, "pablo")).status, 200);
  assert.equal((await make()).status, 201);
});

test("after the configured time without an issuer sign-in, all access is rejected until the next one", async () => {
  const visit = new OutsideVisit(server.url);
  const api = await visit.signedIn("quinn");
  const { token } = await ok(api, "POST", "/tokens", { name: "t", scopes: ["files:read"] });
  const { id } = await ok(api, "GET", "/account");
  const status = async () => [
    (await api.call("GET", "/account")).status,
    (await new Api(server.url, token).call("GET", "/files/root")).status,
  ];
  assert.deepEqual(await status(), [200, 200]);
  const { token: since } = await ok(api, "GET", "/changes/start_token");
  const headers = { timeout: "50" };
  const poll = api.call("GET", `/notifications/poll?since_token=${since}`, undefined, { headers });
  const monthMicros = 30 * 24 * 3600_000_000;
  await queryDatabase(
    `${folder}/data`,
    `update shard.outside_identities set last_used_at = last_used_at - ${monthMicros} where user_id = '${id}'`,
  );
  assert.deepEqual(await status(), [401, 401]);
  assert.equal((await poll).status, 401, "a poll that was held before ends as well");
  // Another browser of theirs.
  await new OutsideVisit(server.url).signedIn("quinn");
  assert.deepEqual(await status(), [200, 200]);
});

test("each sign-in assigns the groups and plan in the claims, and removes only those that it assigned", async () => {
  await provider.setClaims("greta", { groups: ["everybody", "directors", "missing", "unknown"], plan: "gold" });
  const visit = new OutsideVisit(server.url);
  const api = await visit.signedIn("greta");
  const { id, plan } = await ok(api, "GET", "/account");
  assert.equal(plan, "plus");
  const members = async (group: string) =>
    ((await ok(admin, "GET", `/groups/${group}/members`)).items as { user_id: string }[]).some(
      (member) => member.user_id === id,
    );
  const all = async () => [await members(groups.staff), await members(groups.board), await members(groups.own)];
  assert.deepEqual(await all(), [true, true, false]);
  // Assigned by hand, which no claim removes.
  await ok(admin, "PUT", `/groups/${groups.own}/members/${id}`, { role: "member" });
  await provider.setClaims("greta", { groups: ["everybody"], plan: "none" });
  const again = await visit.signedIn("greta");
  assert.deepEqual(await all(), [true, false, true]);
  assert.equal((await ok(again, "GET", "/account")).plan, "free");
  // An issuer without groups changes nothing.
  await provider.setClaims("greta", {});
  await visit.signedIn("greta");
  assert.deepEqual(await all(), [true, false, true]);
  await provider.setClaims("greta", { groups: [] });
  await visit.signedIn("greta");
  assert.deepEqual(await all(), [false, false, true]);
});

test("a manual membership is not removed by claims for the same group", async () => {
  await provider.setClaims("gustav", { groups: [] });
  const visit = new OutsideVisit(server.url);
  const { id } = await ok(await visit.signedIn("gustav"), "GET", "/account");
  await ok(admin, "PUT", `/groups/${groups.staff}/members/${id}`, { role: "manager" });
  await provider.setClaims("gustav", { groups: ["everybody"] });
  await visit.signedIn("gustav");
  await provider.setClaims("gustav", { groups: [] });
  await visit.signedIn("gustav");
  const { items } = await ok(admin, "GET", `/groups/${groups.staff}/members`);
  assert.equal(items.find((member: { user_id: string }) => member.user_id === id)?.role, "manager");
});

test("the doctor reports an unreachable issuer, and the server starts without it", async () => {
  const finding = async () => {
    const { items } = await ok(admin, "GET", "/admin/doctor");
    return items.find(({ check }: { check: string }) => check === "issuer");
  };
  assert.equal((await finding())?.state, "ok");
  await provider.stop();
  const now = await finding();
  assert.equal(now?.state, "warn");
  assert.match(now.detail, /Example ID/);
  await server.stop();
  server = await startServer(options);
  const begun = await new OutsideVisit(server.url).call("POST", "/sessions/outside", {});
  assert.deepEqual([begun.status, begun.body.code], [503, "unavailable"]);
  await Api.signIn(server.url);
});
