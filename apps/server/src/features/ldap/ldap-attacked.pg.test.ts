import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { after, before, beforeEach, test, type TestContext } from "node:test";
import { findProgram, requireComponent } from "@holdfast/tools/components";
import { type PersonGuard } from "../accounts/context/outside-passwords.ts";
import { failuresMax, openTestAccounts, type TestAccounts } from "../accounts/testing.ts";
import { resetLink, resetPassword } from "../accounts/proof/reset-password.ts";
import { signIn } from "../accounts/sign-in/sessions.ts";
import { makeFolder, removeFolder } from "../../acceptance/testing.ts";
import { readLdap } from "../../base/config/ldap-settings.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import type { ClaimsWorld } from "../issuer/follow-claims.ts";
import { talk } from "./conversation.ts";
import type { LdapSettings } from "../../base/config/ldap-settings.ts";
import { openLdap } from "./open-ldap.ts";
import { base, passwordOf, serviceDn, servicePassword, type Slapd, startSlapd } from "./testing-slapd.ts";

const folder = makeFolder("ldap-attacked");
const program = "slapd";
let databases: TestDatabases;
let slapd: Slapd;
let world: ClaimsWorld & TestAccounts;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  if (findProgram(program) === undefined) return;
  slapd = await startSlapd(folder);
  await slapd.person("mallory");
  await slapd.person("victim");
});
after(async () => {
  await databases?.stop();
  await slapd?.stop();
  removeFolder(folder);
});
beforeEach(async () => {
  world = { ...(await openTestAccounts(databases.shards)), log: { warn: () => {}, info: () => {} } };
});

const free: PersonGuard = (_, attempt) => attempt();
const short = { ms: 500, bytes: 64 * 1024 };
const unavailable = { code: "unavailable" };

function settingsOf(more: object): LdapSettings {
  const bind = { bind_dn: serviceDn, bind_password: servicePassword };
  return readLdap({ url: "ldap://127.0.0.1:1", base, ...bind, ...more })!;
}

const real = (more: object = {}) => settingsOf({ url: slapd.secureUrl, ca_file: slapd.caFile, ...more });

async function startLiar(t: TestContext, talkTo: (socket: Socket) => void): Promise<{ url: string; asked: Buffer[] }> {
  const asked: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => asked.push(data));
    talkTo(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => void server.close());
  return { url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

test("an empty password is rejected, even if the LDAP server accepts it", async (t) => {
  if (!requireComponent(t, program)) return;
  const settings = real();
  const taken = await talk(settings, short, async ({ client }) => {
    await client.bind(`uid=victim,ou=people,${base}`, "");
    return true;
  });
  assert.equal(taken, true, "the server takes it");
  const ldap = openLdap(world, settings);
  assert.equal(await ldap.find("victim", "", free), undefined);
  assert.ok((await ldap.find("victim", passwordOf("victim"), free)) !== undefined);
});

test("a mailed link cannot set the password of an LDAP account", async (t) => {
  if (!requireComponent(t, program)) return;
  const ldap = openLdap(world, real({ create_accounts: ["example.com"] }));
  const person = await ldap.find("mallory", passwordOf("mallory"), free);
  const token = resetLink(world, await person!.enter()).split("#")[1]!;
  const reset = { token, new_password: "one that outlives the leaving" };
  const refused = resetPassword({ ...world, outsidePasswords: ldap }, reset, "one source");
  await assert.rejects(refused, { code: "forbidden", field: "ldap" });
  await resetPassword(world, reset, "one source");
});

test("a typed name is escaped in the filter", async (t) => {
  if (!requireComponent(t, program)) return;
  const ldap = openLdap(world, real());
  const typed = [
    "*",
    "mal*",
    "mallory)(uid=*",
    "*)(|(uid=mallory",
    "mallory)(!(uid=x)",
    "\\6dallory",
    "{dn}",
    "mal\u0000",
  ];
  for (const login of typed) assert.equal(await ldap.find(login, passwordOf("mallory"), free), undefined, login);
  const odd = openLdap(world, real({ login_filter: "(&(uid={login})(!(cn={dn})))" }));
  assert.ok((await odd.find("mallory", passwordOf("mallory"), free)) !== undefined);
  assert.equal(await odd.find("{dn}", passwordOf("mallory"), free), undefined);
});

test("guesses are counted per account, for every spelling of the name", async (t) => {
  if (!requireComponent(t, program)) return;
  const asking: TestAccounts = {
    ...world,
    outsidePasswords: openLdap(world, real({ create_accounts: ["example.com"] })),
  };
  const uid = "vic tim";
  await slapd.person(uid, { mail: "vic@example.com" });
  // LDAP treats any number of spaces as one, so there are endless spellings.
  const names = ["vic tim", "VIC tim", "vic@example.com", "Vic@EXAMPLE.com"];
  for (let more = 2; names.length < failuresMax; more += 1) names.push(`vic${" ".repeat(more)}tim`);
  for (const email of names) {
    const guess = signIn(asking, { email, password: "a guess" }, "one source");
    await assert.rejects(guess, { code: "unauthenticated" }, JSON.stringify(email));
  }
  const right = { email: "vic      tim       ", password: passwordOf(uid) };
  await assert.rejects(signIn(asking, right, "one source"), { code: "rate_limited" });
});

test("a server with an untrusted certificate receives no password, by TLS or STARTTLS", async (t) => {
  if (!requireComponent(t, program)) return;
  for (const url of [slapd.secureUrl, slapd.url]) {
    const ldap = openLdap(world, settingsOf({ url, ...(url === slapd.url ? { starttls: true } : {}) }));
    await assert.rejects(ldap.find("victim", passwordOf("victim"), free), unavailable, url);
    const other = settingsOf({
      url: url.replace("localhost", "127.0.0.1"),
      ca_file: slapd.caFile,
      starttls: !url.startsWith("ldaps"),
    });
    const named = url.startsWith("ldaps") ? { ...other, startTls: false } : other;
    await assert.rejects(openLdap(world, named).find("victim", passwordOf("victim"), free), unavailable, "its name");
  }
});

test("a server that rejects STARTTLS or closes the connection receives no further data", async (t) => {
  const noTls = Buffer.from("300c02010278070a010204000400", "hex");
  for (const say of [(socket: Socket) => socket.end(noTls), (socket: Socket) => socket.destroy()]) {
    const liar = await startLiar(t, (socket) => socket.once("data", () => say(socket)));
    const ldap = openLdap(world, settingsOf({ url: liar.url, starttls: true }), short);
    await assert.rejects(ldap.find("victim", "a secret of victim", free), unavailable);
    assert.doesNotMatch(Buffer.concat(liar.asked).toString("latin1"), /secret|looks people up/);
  }
});

test("a broken connection is not reopened without authentication", async (t) => {
  let connections = 0;
  const bound = Buffer.from("300c02010261070a010004000400", "hex");
  const liar = await startLiar(t, (socket) => {
    connections += 1;
    socket.once("data", () => socket.end(bound));
  });
  const ldap = openLdap(world, settingsOf({ url: liar.url }), short);
  await assert.rejects(ldap.find("victim", "a password", free), unavailable);
  assert.equal(connections, 1);
});

test("a server that never answers delays sign-ins only briefly", async (t) => {
  const liar = await startLiar(t, () => {});
  const ldap = openLdap(world, settingsOf({ url: liar.url }), short);
  await assert.rejects(ldap.find("victim", "a password", free), unavailable);
  await assert.rejects(ldap.find("victim", "a password", free), unavailable);
  assert.equal(Buffer.concat(liar.asked).toString("latin1").split("looks people up").length - 1, 1, "asked once");
});

test("endless and oversized responses end only their own connection", async (t) => {
  const endless = Buffer.from("30847fffffff", "hex");
  const tiny = Buffer.from("3005020102".concat("6100"), "hex");
  const chunks: Buffer[] = [
    Buffer.concat([endless, Buffer.alloc(4 * 1024 * 1024, 0x41)]),
    Buffer.concat(Array.from({ length: 9000 }, () => tiny)),
    Buffer.alloc(1024, 0xff),
  ];
  for (const said of chunks) {
    const liar = await startLiar(t, (socket) => socket.once("data", () => socket.write(said)));
    const ldap = openLdap(world, settingsOf({ url: liar.url }), short);
    await assert.rejects(ldap.find("victim", "a password", free), unavailable);
  }
});

test("referrals are not followed in searches and binds", async (t) => {
  if (!requireComponent(t, program)) return;
  let asked = 0;
  const elsewhere = await startLiar(t, () => void (asked += 1));
  await slapd.as((client) =>
    client.add(`cn=elsewhere,ou=people,${base}`, {
      objectClass: ["referral", "extensibleObject"],
      cn: "elsewhere",
      ref: `${elsewhere.url}/ou=people,${base}`,
    }),
  );
  const ldap = openLdap(world, real());
  assert.equal(await ldap.find("elsewhere", "a password", free), undefined);
  assert.ok((await ldap.find("victim", passwordOf("victim"), free)) !== undefined, "the others go on");
  assert.equal(asked, 0);
});
