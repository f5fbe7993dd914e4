import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test, type TestContext } from "node:test";
import { findProgram, requireComponent } from "@holdfast/tools/components";
import { longTest } from "@holdfast/tools/tiers";
import { Change, Attribute } from "ldapts";
import { type RawAnswer, requestRaw } from "../../acceptance/raw-request.ts";
import { wordsOf } from "../../acceptance/stranger.ts";
import {
  Api,
  administrator,
  eventually,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  type ServerOptions,
  startServer,
} from "../../acceptance/testing.ts";
import { base, dnOf, passwordOf, serviceDn, servicePassword, type Slapd, startSlapd } from "./testing-slapd.ts";

const folder = makeFolder("ldap");
const program = "slapd";
let slapd: Slapd;
let options: ServerOptions;
let server: RunningServer;
let admin: Api;
let settings: object;
let groups: Record<"staff" | "board", string>;

before(async () => {
  if (findProgram(program) === undefined) return;
  slapd = await startSlapd(`${folder}/slapd`);
  const first = await startServer({ dataFolder: `${folder}/data` });
  const api = await Api.signIn(first.url);
  const make = async (name: string) => (await ok(api, "POST", "/groups", { name })).id as string;
  groups = { staff: await make("Staff"), board: await make("Board") };
  await first.stop();
  settings = {
    url: slapd.url,
    starttls: true,
    ca_file: slapd.caFile,
    bind_dn: serviceDn,
    bind_password: servicePassword,
    name: "Example LDAP",
    base,
    quota_attribute: "employeeNumber",
    groups: { Staff: groups.staff, board: groups.board },
    link_by_address: ["example.com"],
    create_accounts: ["example.com"],
    sync_period: "off",
  };
  options = { dataFolder: `${folder}/data`, port: first.port, env: envOf({}) };
  server = await startServer(options);
  admin = await Api.signIn(server.url);
  await slapd.group("staff", []);
  await slapd.group("board", []);
});
after(async () => {
  await server?.stop();
  await slapd?.stop();
  removeFolder(folder);
});

const envOf = (more: object) => ({
  HOLDFAST_LDAP: JSON.stringify({ ...settings, ...more }),
  HOLDFAST_RATE_LIMIT_SIGN_IN: "0",
});
const there = (t: TestContext) => requireComponent(t, program);
const attempt = (email: string, password: string, more: object = {}) =>
  new Api(server.url).call("POST", "/sessions", { email, password, device_name: "test", ...more });

function joined(group: string, uid: string, operation: "add" | "delete" = "add"): Promise<void> {
  const modification = new Attribute({ type: "member", values: [dnOf(uid)] });
  return slapd.as((client) => client.modify(`cn=${group},ou=groups,${base}`, new Change({ operation, modification })));
}

async function memberOf(group: string, id: string): Promise<boolean> {
  const { items } = await ok(admin, "GET", `/groups/${group}/members`);
  return items.some((each: { user_id: string }) => each.user_id === id);
}

test("the first sign-in creates an account, and address and uid lead to the same one", async (t) => {
  if (!there(t)) return;
  await slapd.person("ann", { cn: "Ann Example", employeeNumber: "5  GB" });
  await joined("staff", "ann");
  const byMail = await Api.signIn(server.url, { email: "ann@example.com", password: passwordOf("ann") });
  const account = await ok(byMail, "GET", "/account");
  assert.deepEqual(
    [account.email, account.name, account.confirmed, account.quota_bytes],
    ["ann@example.com", "Ann Example", true, 5 * 2 ** 30],
  );
  assert.deepEqual([await memberOf(groups.staff, account.id), await memberOf(groups.board, account.id)], [true, false]);
  const byUid = await Api.signIn(server.url, { email: "ANN", password: passwordOf("ann") });
  assert.equal((await ok(byUid, "GET", "/account")).id, account.id);
  await joined("staff", "ann", "delete");
  await joined("board", "ann");
  await Api.signIn(server.url, { email: "ann", password: passwordOf("ann") });
  assert.deepEqual([await memberOf(groups.staff, account.id), await memberOf(groups.board, account.id)], [false, true]);
});

test("a browser can sign in with the same password", async (t) => {
  if (!there(t)) return;
  await slapd.person("web");
  const headers = { origin: server.url };
  const body = { email: "web", password: passwordOf("web") };
  const answer = await new Api(server.url).call("POST", "/sessions/web", body, { headers });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
});

test("a wrong password, an unknown name and a filter as name get the same response", async (t) => {
  if (!there(t)) return;
  await slapd.person("bob");
  const refused = async (email: string, password: string) => {
    const { status, body } = await attempt(email, password);
    return { status, ...body, request_id: undefined };
  };
  const wrong = await refused("bob", "not it");
  assert.equal(wrong.status, 401);
  const names = [
    "nobody",
    "nobody@example.com",
    "*",
    "bob*",
    "*)(uid=*",
    "bob)(|(uid=*",
    "b\\6fb",
    "bo\u0000b",
    "{dn}",
  ];
  for (const name of names) assert.deepEqual(await refused(name, passwordOf("bob")), wrong, name);
  assert.deepEqual(await refused(administrator.email, "not it"), wrong, "an account of this server");
});

test("status, headers and length do not disclose whether an account exists in the directory or here", async (t) => {
  if (!there(t)) return;
  // Equal lengths, so that responses have equal lengths, too.
  const address = (who: string) => `enum-${who}@example.com`;
  for (const who of ["linked", "notyet", "closed"]) await slapd.person(`enum-${who}`);
  for (const who of ["linked", "closed"])
    assert.equal((await attempt(address(who), passwordOf(`enum-${who}`))).status, 200);
  await ok(admin, "PATCH", `/admin/users/${address("closed")}`, { disabled: true });
  await ok(admin, "POST", "/admin/users", { email: address("ofhere"), password: "a sentence of theirs" });
  const post = (path: string, body: object) =>
    requestRaw(`${server.url}/api/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: new URL(server.url).origin },
      body: JSON.stringify(body),
    });
  const asks: Record<string, (email: string) => Promise<RawAnswer>> = {
    "a sign-in": (email) => post("/sessions", { email, password: "a guess" }),
    "a sign-in with a code": (email) => post("/sessions", { email, password: "a guess", totp: "123456" }),
    "a sign-in of a browser": (email) => post("/sessions/web", { email, password: "a guess" }),
    "a sign-in without a password": (email) => post("/sessions", { email, password: "" }),
    "a passkey": (email) => post("/sessions/passkey", { email }),
    "a link that is mailed": (email) => post("/account/password/reset/mail", { email }),
  };
  for (const [name, ask] of Object.entries(asks)) {
    const heard = [];
    for (const who of ["linked", "notyet", "closed", "ofhere", "nobody"]) heard.push(wordsOf(await ask(address(who))));
    for (const words of heard) assert.equal(words, heard[0], name);
  }
});

longTest("an ambiguous name of two unlinked entries signs in neither", async (t) => {
  if (!there(t)) return;
  await slapd.person("twin1", { mail: ["twin1@example.com", "twins@example.com"] });
  await slapd.person("twin2", { mail: ["twin2@example.com", "twins@example.com"] });
  assert.equal((await attempt("twins@example.com", passwordOf("twin1"))).status, 401);
  assert.equal((await attempt("twin1", passwordOf("twin1"))).status, 200);
});

longTest("other entries with a linked account's address neither block nor open it", async (t) => {
  if (!there(t)) return;
  const email = "ivy@example.com";
  const idOf = async (login: string, uid: string) => {
    const { status, body } = await attempt(login, passwordOf(uid));
    return status === 200 ? (await ok(new Api(server.url, body.access_token), "GET", "/account")).id : status;
  };
  await slapd.person("ivy");
  await slapd.person("kai");
  const [ivy, kai] = [await idOf(email, "ivy"), await idOf("kai", "kai")];
  await slapd.person("copy", { mail: email });
  assert.equal(await idOf(email, "ivy"), ivy);
  assert.equal(await idOf(email, "copy"), 401);
  assert.equal(await idOf("copy", "copy"), 403, "the address has an account");
  assert.match(readFileSync(server.logFile, "utf8"), /"dns":\["uid=copy,ou=people[^\n]*several entries/);
  // A person can change their own address on the LDAP server.
  const modification = new Attribute({ type: "mail", values: ["kai@example.com", email] });
  await slapd.as((client) => client.modify(dnOf("kai"), new Change({ operation: "replace", modification })));
  assert.equal(await idOf(email, "ivy"), ivy);
  assert.equal(await idOf(email, "kai"), 401);
  assert.equal(await idOf("kai", "kai"), kai);
  for (let more = 0; more < 4; more += 1) await slapd.person(`copy${more}`, { mail: email });
  assert.equal(await idOf(email, "ivy"), ivy);
  await slapd.person("newcomer", { uid: ["newcomer", "kai"] });
  assert.equal(await idOf("kai", "kai"), kai, "a name that is no address");
  assert.equal(await idOf("kai", "newcomer"), 401);
});

test("an account with the address is linked, and its earlier credentials end", async (t) => {
  if (!there(t)) return;
  const former = "a password from before";
  const { id } = await ok(admin, "POST", "/admin/users", { email: "cleo@example.com", password: former, name: "Cleo" });
  const squatter = await Api.signIn(server.url, { email: "cleo@example.com", password: former });
  const { token } = await ok(squatter, "POST", "/tokens", { name: "t", scopes: ["account"] });
  await slapd.person("cleo");
  const api = await Api.signIn(server.url, { email: "cleo", password: passwordOf("cleo") });
  assert.equal((await ok(api, "GET", "/account")).id, id);
  assert.equal((await attempt("cleo@example.com", former)).status, 401);
  for (const by of [squatter, new Api(server.url, token)]) assert.equal((await by.call("GET", "/account")).status, 401);
  const { items } = await ok(api, "GET", "/account/outside");
  assert.equal(items[0]?.issuer, `ldap:${base}`);
});

test("an account with a blocked source address is not linked", async (t) => {
  if (!there(t)) return;
  const email = "clara@example.com";
  const { id } = await ok(admin, "POST", "/admin/users", { email, password: "hers from before", name: "Clara" });
  await slapd.person("clara");
  await ok(admin, "PATCH", "/admin/access-rules", { user: id, addresses: ["203.0.113.0/24"] });
  const refused = await attempt("clara", passwordOf("clara"));
  assert.deepEqual([refused.status, refused.body.code], [403, "address_not_allowed"]);
  await ok(admin, "PATCH", "/admin/access-rules", { user: id, addresses: [] });
  assert.equal((await attempt(email, "hers from before")).status, 200, "her password is here still");
});

test("an administrator, and an address outside the configured domains, are not linked", async (t) => {
  if (!there(t)) return;
  await slapd.person("impostor", { mail: administrator.email });
  const asAdmin = await attempt("impostor", passwordOf("impostor"));
  assert.deepEqual([asAdmin.status, asAdmin.body.code], [403, "forbidden"]);
  await slapd.person("stranger", { mail: "stranger@elsewhere.example" });
  const elsewhere = await attempt("stranger", passwordOf("stranger"));
  assert.deepEqual([elsewhere.status, elsewhere.body.detail], [403, asAdmin.body.detail]);
  assert.match(asAdmin.body.detail, /no account on this server/);
});

test("the account's password is requested here and changed in the directory", async (t) => {
  if (!there(t)) return;
  await slapd.person("dora");
  const api = await Api.signIn(server.url, { email: "dora", password: passwordOf("dora") });
  const change = { current_password: passwordOf("dora"), new_password: "one that is only here" };
  const refused = await api.call("POST", "/account/password", change);
  assert.equal(refused.status, 403, JSON.stringify(refused.body));
  assert.match(refused.body.detail, /Example LDAP/);
  const { id } = await ok(api, "GET", "/account");
  const byAdmin = await admin.call("PATCH", `/admin/users/${id}`, { password: "one that is only here" });
  assert.deepEqual([byAdmin.status, byAdmin.body.field], [403, "ldap"]);
  const [identity] = (await ok(api, "GET", "/account/outside")).items;
  const unlink = `/account/outside/${identity.id}/remove`;
  const unlinked = await api.call("POST", unlink, { password: passwordOf("dora") });
  assert.deepEqual([unlinked.status, unlinked.body.field], [403, "ldap"], JSON.stringify(unlinked.body));
  const wrong = await api.call("POST", "/account/second-factor", { password: "not it" });
  assert.equal(wrong.status, 422, JSON.stringify(wrong.body));
  const right = await api.call("POST", "/account/second-factor", { password: passwordOf("dora") });
  assert.equal(right.status, 201, JSON.stringify(right.body));
});

test("an account suspended here cannot sign in, regardless of the LDAP server", async (t) => {
  if (!there(t)) return;
  await slapd.person("emil");
  const api = await Api.signIn(server.url, { email: "emil", password: passwordOf("emil") });
  const { id } = await ok(api, "GET", "/account");
  await ok(admin, "PATCH", `/admin/users/${id}`, { disabled: true });
  const refused = await attempt("emil", passwordOf("emil"));
  assert.deepEqual([refused.status, refused.body.code], [403, "forbidden"]);
});

test("while the LDAP server is unavailable, its accounts get 503 and local ones can sign in", async (t) => {
  if (!there(t)) return;
  await slapd.stop();
  try {
    const away = await attempt("ann", passwordOf("ann"));
    assert.deepEqual([away.status, away.body.code, away.body.field], [503, "unavailable", "ldap"]);
    await Api.signIn(server.url);
    const { items } = await ok(admin, "GET", "/admin/doctor");
    assert.equal(items.find(({ check }: { check: string }) => check === "ldap")?.state, "warn");
    await server.stop();
    server = await startServer(options);
    admin = await Api.signIn(server.url);
  } finally {
    await slapd.start();
  }
  assert.equal((await attempt("ann", passwordOf("ann"))).status, 200);
});

longTest("a running server suspends former members within its period, and reports that", async (t) => {
  if (!there(t)) return;
  await slapd.person("fred");
  const fred = await Api.signIn(server.url, { email: "fred", password: passwordOf("fred") });
  const { id } = await ok(fred, "GET", "/account");
  await server.stop();
  server = await startServer({ ...options, env: envOf({ sync_period: "1s", absent_share_max: 1 }) });
  admin = await Api.signIn(server.url);
  await ok(fred, "GET", "/account");
  await slapd.as((client) => client.del(dnOf("fred")));
  const refused = await eventually("the session ends", 30_000, async () => {
    const { status } = await fred.call("GET", "/account");
    return status === 200 ? undefined : status;
  });
  assert.equal(refused, 401);
  const { items } = await ok(admin, "GET", "/admin/users?limit=100");
  const disabled = items.filter((each: { disabled: boolean }) => each.disabled).map((each: { id: string }) => each.id);
  assert.ok(disabled.includes(id));
  // The run that suspended them may continue for a moment.
  await eventually("the turn is in the figures", 30_000, async () => {
    const metrics = (await admin.call("GET", `${server.url}/metrics`)).body.toString();
    const wanted = [/^ldap_sync_stopped(?:\{[^}]*\})? 0$/m, /^ldap_sync_age_seconds(?:\{[^}]*\})? \d/m];
    return wanted.every((figure) => figure.test(metrics)) ? true : undefined;
  });
});
