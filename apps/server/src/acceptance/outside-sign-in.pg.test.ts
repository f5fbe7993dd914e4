import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generateSync } from "otplib";
import {
  startTestProvider,
  testClient,
  type TestProvider,
  visitProvider,
} from "../features/issuer/testing-provider.ts";
import { itemsOf, OutsideVisit } from "./outside-visit.ts";
import {
  administrator,
  Api,
  eventually,
  makeFolder,
  queueWorked,
  ok,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

const folder = makeFolder("outside");
let provider: TestProvider;
let server: RunningServer;
let admin: Api;

before(async () => {
  provider = await startTestProvider();
  const settings = {
    issuer: provider.issuer,
    ...testClient,
    name: "Example ID",
    link_by_verified_address: ["example.com"],
    create_accounts: ["example.com"],
    trust_second_factor: { amr: ["mfa"] },
  };
  server = await startServer({
    dataFolder: `${folder}/data`,
    env: { HOLDFAST_OIDC: JSON.stringify(settings), HOLDFAST_RATE_LIMIT_SIGN_IN: "0" },
  });
  admin = await Api.signIn(server.url);
});
after(async () => {
  await server?.stop();
  await provider?.stop();
  removeFolder(folder);
});

const addPerson = async (name: string) => {
  const person = { email: `${name}@example.com`, password: `the password of ${name}` };
  const user = await ok(admin, "POST", "/admin/users", { ...person, name });
  return { ...person, id: user.id as string };
};

test("a verified address of an allowed domain creates an account, which is then identified by its subject", async () => {
  await provider.setClaims("newcomer", { name: "New Comer" });
  const api = await new OutsideVisit(server.url).signedIn("newcomer");
  const account = await ok(api, "GET", "/account");
  assert.deepEqual(
    [account.email, account.name, account.confirmed, account.admin],
    ["newcomer@example.com", "New Comer", true, false],
  );
  const [identity] = await itemsOf(api, "/account/outside");
  assert.equal(identity.issuer, provider.issuer);
  // Only the subject counts, even if the address is different or not verified.
  await provider.setClaims("newcomer", { email: "elsewhere@example.net", email_verified: false });
  const again = await ok(await new OutsideVisit(server.url).signedIn("newcomer"), "GET", "/account");
  assert.equal(again.id, account.id);
});

test("a verified address of a trusted domain links the existing account, but no second subject", async () => {
  const person = await addPerson("linda");
  const api = await new OutsideVisit(server.url).signedIn("linda");
  assert.equal((await ok(api, "GET", "/account")).id, person.id);
  assert.equal((await itemsOf(api, "/account/outside")).length, 1);
  // The issuer has assigned the address to another subject.
  await provider.setClaims("next-linda", { email: "linda@example.com" });
  const { status, body } = await new OutsideVisit(server.url).signIn("next-linda");
  assert.equal(status, 403);
  assert.match(body.detail, /No account on this server is linked to your sign-in at Example ID/);
});

test("a repeated callback is rejected", async () => {
  const visit = new OutsideVisit(server.url);
  const back = await visitProvider(await visit.begin(), "replayed");
  const cookies = visit.copy();
  assert.equal((await visit.answer(back)).status, 200);
  assert.equal((await visit.answer(back)).status, 401, "the browser keeps nothing any more");
  assert.equal((await cookies.answer(back)).status, 401, "the provider gives nothing for a code twice");
});

test("a returning browser is not reported as a new device, and another browser is", async () => {
  const person = await addPerson("returning");
  const api = await Api.signIn(server.url, person);
  const visit = new OutsideVisit(server.url);
  assert.equal((await visit.link(api, { password: person.password }, "returning")).status, 201);
  const toldOf = async () => {
    await queueWorked(`${folder}/data`);
    return (await itemsOf(api, "/notifications")).find(({ kind }) => kind === "device")?.detail.device_id;
  };
  const deviceOf = async (by: OutsideVisit) => (await ok(await by.signedIn("returning"), "GET", "/account")).device_id;
  const first = await deviceOf(visit);
  assert.equal(await toldOf(), first);
  assert.notEqual(await deviceOf(visit), first);
  assert.equal(await toldOf(), first);
  const other = await deviceOf(new OutsideVisit(server.url));
  assert.equal(await toldOf(), other);
});

test("an account's second factor is required after the issuer, unless the issuer's own is trusted", async () => {
  const person = await addPerson("factor");
  const api = await Api.signIn(server.url, person);
  const visit = new OutsideVisit(server.url);
  assert.equal((await visit.link(api, { password: "not the password" }, "factor")).status, 422);
  assert.equal((await visit.link(api, { password: person.password }, "factor")).status, 201);
  let codes = { recovery_codes: [] as string[] };
  const turnOn = async () => {
    const { secret } = await ok(api, "POST", "/account/second-factor", { password: person.password });
    codes = await ok(api, "POST", "/account/second-factor/confirm", { totp: generateSync({ secret }) });
  };
  // A link begun with only the password cannot be completed after a second factor was enabled.
  const late = await visit.link(api, { password: person.password }, "factor-2", turnOn);
  assert.deepEqual([late.status, late.body.field], [401, "ticket"]);
  const ticket = await visit.ticket("factor");
  const asked = await visit.call("POST", "/sessions/web/outside", { ticket });
  assert.deepEqual([asked.status, asked.body.code], [401, "second_factor"]);
  const wrong = await visit.call("POST", "/sessions/web/outside", { ticket, totp: "000000" });
  assert.deepEqual([wrong.status, wrong.body.code], [401, "second_factor"]);
  const [totp] = codes.recovery_codes;
  assert.equal((await visit.call("POST", "/sessions/web/outside", { ticket, totp })).status, 200);
  assert.equal((await visit.link(api, { password: person.password }, "factor-2")).body.code, "second_factor");
  await provider.setClaims("factor", { amr: ["pwd"] });
  assert.equal((await visit.signIn("factor")).body.code, "second_factor");
  await provider.setClaims("factor", { amr: ["pwd", "mfa"] });
  assert.equal((await visit.signIn("factor")).status, 200);
});

test("a suspended account cannot sign in, and an unlinked account only after a new link", async () => {
  const person = await addPerson("suspended");
  const visit = new OutsideVisit(server.url);
  const api = await Api.signIn(server.url, person);
  assert.equal((await visit.link(api, { password: person.password }, "other-name")).status, 201);
  const taken = await visit.link(admin, { password: administrator.password }, "other-name");
  assert.equal(taken.status, 409, "one sign-in opens one account");
  await ok(admin, "PATCH", `/admin/users/${person.id}`, { disabled: true });
  assert.equal((await visit.signIn("other-name")).status, 403);
  await ok(admin, "PATCH", `/admin/users/${person.id}`, { disabled: false });
  await visit.signedIn("other-name");
  const again = await Api.signIn(server.url, person);
  const [identity] = await itemsOf(again, "/account/outside");
  const unlink = (password: string) => again.call("POST", `/account/outside/${identity.id}/remove`, { password });
  assert.equal((await unlink("not the password")).status, 422);
  assert.equal((await unlink(person.password)).status, 204);
  await provider.setClaims("other-name", { email_verified: false });
  assert.equal((await visit.signIn("other-name")).status, 403);
});

test("a shredded account leaves no rows of its issuer sign-ins", async () => {
  const visit = new OutsideVisit(server.url);
  const account = await ok(await visit.signedIn("shredded"), "GET", "/account");
  const rows = () =>
    queryDatabase(
      `${folder}/data`,
      ["identities", "directory", "answers"]
        .map((table) => `select from shard.outside_${table} where user_id = '${account.id}'`)
        .join(" union all "),
    );
  assert.equal((await rows()).length, 3);
  await ok(admin, "PATCH", `/admin/users/${account.id}`, { disabled: true });
  await ok(admin, "POST", `/admin/users/${account.id}/shred`, {});
  await eventually("its rows are gone", 60_000, async () => ((await rows()).length === 0 ? true : undefined));
});
