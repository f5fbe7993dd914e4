import assert from "node:assert/strict";
import { after, before, beforeEach, test, type TestContext } from "node:test";
import { bucketOf, type GroupId, type UserId } from "@holdfast/core/ids";
import { findProgram, requireComponent } from "@holdfast/tools/components";
import { sql } from "kysely";
import { Attribute, Change } from "ldapts";
import { makeTestClock, openTestAccounts } from "../accounts/testing.ts";
import { findUser } from "../accounts/context/directory.ts";
import { startSession } from "../accounts/sign-in/sessions.ts";
import { updateUser } from "../accounts/people/users.ts";
import { makeFolder, removeFolder } from "../../acceptance/testing.ts";
import { readLdap } from "../../base/config/ldap-settings.ts";
import { oidcSchema, readOidc } from "../../base/config/oidc-settings.ts";
import { startTwoTestShards } from "../../base/db/testing.ts";
import { createGroup } from "../groups/change-groups.ts";
import type { ClaimsWorld } from "../issuer/follow-claims.ts";
import { sealAnswer } from "../issuer/answers.ts";
import { linkIdentity } from "../issuer/outside-identities.ts";
import { signInFromOutside } from "../issuer/sign-in-from-outside.ts";
import { testClient } from "../issuer/testing-provider.ts";
import { followPeople } from "./follow-people.ts";
import { readRun } from "./ldap-runs.ts";
import type { LdapSettings } from "../../base/config/ldap-settings.ts";
import { openLdap } from "./open-ldap.ts";
import { base, dnOf, passwordOf, serviceDn, servicePassword, type Slapd, startSlapd } from "./testing-slapd.ts";

const folder = makeFolder("ldap-follow");
const program = "slapd";
let databases: Awaited<ReturnType<typeof startTwoTestShards>>;
let slapd: Slapd;
let world: ClaimsWorld;
let settings: LdapSettings;

before(async () => {
  if (findProgram(program) === undefined) return;
  slapd = await startSlapd(folder);
  databases = await startTwoTestShards({ fsync: false });
});
after(async () => {
  await databases?.stop();
  await slapd?.stop();
  removeFolder(folder);
});
beforeEach(async () => {
  if (findProgram(program) === undefined) return;
  await sql`delete from shard.outside_identities`.execute(databases.shards.all()[0]!.db);
  await sql`delete from shard.outside_identities`.execute(databases.shards.all()[1]!.db);
  world = { ...(await openTestAccounts(databases.shards)), log: { warn: () => {}, info: () => {} } };
  settings = settingsWith({});
});

const there = (t: TestContext) => requireComponent(t, program);
const signal = new AbortController().signal;
let people = 0;

function settingsWith(more: object): LdapSettings {
  const written = {
    url: slapd.secureUrl,
    ca_file: slapd.caFile,
    bind_dn: serviceDn,
    bind_password: servicePassword,
    base,
    create_accounts: ["example.com"],
    ...more,
  };
  return readLdap(written)!;
}

interface Made {
  readonly uid: string;
  readonly id: UserId;
}

async function makePerson(): Promise<Made> {
  people += 1;
  const uid = `person${people}`;
  await slapd.person(uid);
  const found = await openLdap(world, settings).find(uid, passwordOf(uid), (_, attempt) => attempt());
  const user = await found!.enter();
  await startSession(world, user, {
    name: "test",
    browser: false,
    system: null,
    address: null,
    signed_in_by: "password",
  });
  return { uid, id: user.id };
}

const leave = (uid: string) => slapd.as((client) => client.del(dnOf(uid)));
const follow = () => followPeople(world, settings, signal);
const isOut = async ({ id }: Made) => (await findUser(world.shards, id))?.disabled_at !== null;
const sessionsOf = async ({ id }: Made) => {
  const { rows } = await sql`select from shard.sessions where user_id = ${id}`.execute(world.shards.ofId(id).db);
  return rows.length;
};
const runOf = async () =>
  (await Promise.all(world.shards.all().map(readRun))).find((each) => each !== undefined) ?? undefined;

test("an account that left the directory is suspended with its sessions, and enabled when it returns", async (t) => {
  if (!there(t)) return;
  const [gone, stays] = [await makePerson(), await makePerson()];
  await follow();
  assert.deepEqual([await isOut(gone), await sessionsOf(gone)], [false, 1]);
  await slapd.as((client) => client.modifyDN(dnOf(gone.uid), `uid=${gone.uid}x,ou=people,${base}`));
  await follow();
  assert.equal(await isOut(gone), false, "a new name is no leaving");
  const hidden = { ...settings, peopleFilter: `(&(objectClass=person)(!(uid=${gone.uid}x)))` };
  await followPeople(world, hidden, signal);
  assert.deepEqual([await isOut(gone), await sessionsOf(gone)], [true, 0]);
  assert.deepEqual([await isOut(stays), await sessionsOf(stays)], [false, 1]);
  assert.deepEqual([(await runOf())?.problem, typeof (await runOf())?.done_at], [null, "number"]);
  await follow();
  assert.equal(await isOut(gone), false);
});

test("an account that left cannot sign in through another linked identity", async (t) => {
  if (!there(t)) return;
  const [gone] = [await makePerson(), await makePerson()];
  const issuer = "https://issuer.example";
  const claims = { issuer, subject: gone.uid, email: null, emailVerified: false, name: null, groups: null, plan: null };
  const whole = { ...claims, factorPassed: true, authenticatedAtMs: null };
  await linkIdentity(world, gone.id, whole);
  const oidc = readOidc(oidcSchema.parse({ issuer, ...testClient }), [])!;
  let states = 0;
  const byIssuer = () => {
    const leaving = { purpose: "sign-in", state: `state ${++states}`, untilMs: world.clock.nowMs() + 60_000 };
    const ticket = sealAnswer(world, { leaving: leaving as never, claims: whole });
    return signInFromOutside(world, oidc, { ticket, name: "Firefox", system: undefined, address: "192.0.2.1" });
  };
  await byIssuer();
  await leave(gone.uid);
  await follow();
  await assert.rejects(byIssuer(), { code: "forbidden", message: /disabled/ });
  assert.equal(await sessionsOf(gone), 0);
});

test("a password changed in the directory ends earlier sessions", async (t) => {
  if (!there(t)) return;
  const [ann, bob] = [await makePerson(), await makePerson()];
  const hourMicros = 3600_000_000;
  const begin = async (which: string, beganAt: number, provenAt = beganAt) => {
    const { rows } = await sql<{ id: string }>`
      insert into shard.sessions (id, user_id, device_id, number, number_used, created_at, expires_at, proven_at)
      select gen_random_uuid(), user_id, device_id, 1, false, ${beganAt}, expires_at, ${provenAt}
      from shard.sessions where user_id = ${ann.id} limit 1 returning id`.execute(world.shards.ofId(ann.id).db);
    return [rows[0]!.id, which] as const;
  };
  const now = Date.now() * 1000;
  world = { ...world, clock: makeTestClock(Date.now() + 1800_000) };
  const begun = new Map([
    await begin("before", now - hourMicros),
    await begin("before, and proved since", now - hourMicros, now + hourMicros),
    await begin("since", now + hourMicros),
  ]);
  const left = async () => {
    const { rows } = await sql<{ id: string }>`
      select id from shard.sessions where user_id = ${ann.id} order by created_at`.execute(
      world.shards.ofId(ann.id).db,
    );
    return rows.flatMap(({ id }) => begun.get(id) ?? []).toSorted();
  };
  await follow();
  assert.deepEqual(await left(), ["before", "before, and proved since", "since"]);
  await slapd.as((client) =>
    client.modify(
      dnOf(ann.uid),
      new Change({
        operation: "replace",
        modification: new Attribute({ type: "userPassword", values: ["another one"] }),
      }),
    ),
  );
  await follow();
  assert.deepEqual(await left(), ["before, and proved since", "since"]);
  world = { ...world, clock: makeTestClock(Date.now() - 1800_000) };
  await begin("before", now - 2 * hourMicros).then(([id, which]) => begun.set(id, which));
  await follow();
  assert.ok((await left()).includes("before"), "a clock that is ahead there is not believed yet");
  world = { ...world, clock: makeTestClock(Date.now() + 8 * 86_400_000) };
  await follow();
  assert.ok((await left()).includes("before"), "a change of more than a week ago is over");
  assert.equal(await sessionsOf(bob), 1);
});

test("a returning account is enabled by its sign-in, but not if an administrator suspended it", async (t) => {
  if (!there(t)) return;
  const [ann, bob, carl] = [await makePerson(), await makePerson(), await makePerson()];
  await makePerson();
  const without = ({ uid }: Made) => ({ ...settings, peopleFilter: `(&(objectClass=person)(!(uid=${uid})))` });
  await followPeople(world, without(ann), signal);
  assert.equal(await isOut(ann), true);
  const found = await openLdap(world, settings).find(ann.uid, passwordOf(ann.uid), (_, attempt) => attempt());
  await found!.enter();
  assert.equal(await isOut(ann), false);

  await followPeople(world, without(bob), signal);
  await updateUser(world, bob.id, { disabled: true });
  await updateUser(world, carl.id, { disabled: true });
  await followPeople(world, without(carl), signal);
  await follow();
  const again = await openLdap(world, settings).find(bob.uid, passwordOf(bob.uid), (_, attempt) => attempt());
  await again!.enter();
  assert.deepEqual([await isOut(bob), await isOut(carl)], [true, true], "an administrator's word stays");
});

test("an unavailable or empty directory, or one that loses many at once, suspends no account and is reported", async (t) => {
  if (!there(t)) return;
  const all = [await makePerson(), await makePerson(), await makePerson(), await makePerson()];
  await follow();
  const none = async (words: RegExp) => {
    for (const each of all) assert.deepEqual([await isOut(each), await sessionsOf(each)], [false, 1]);
    assert.match((await runOf())?.problem ?? "", words);
    assert.equal(typeof (await runOf())?.done_at, "number", "the last that came to its end is known still");
  };
  await assert.rejects(followPeople(world, { ...settings, peopleFilter: "(uid=nobody)" }, signal));
  await none(/has no people below the base/);
  await assert.rejects(followPeople(world, { ...settings, bind: { dn: serviceDn, password: "not it" } }, signal));
  await none(/did not answer: .*[Cc]redentials/);
  await assert.rejects(followPeople(world, { ...settings, bind: undefined }, signal));
  await none(/did not answer|has no people/);
  await slapd.stop();
  await assert.rejects(follow(), /did not answer/);
  await none(/did not answer/);
  await slapd.start();
  await leave(all[0]!.uid);
  await leave(all[1]!.uid);
  await assert.rejects(follow(), /no longer has 2 of 4 people/);
  await none(/at most 1 are suspended in one run/);
  settings = settingsWith({ absent_share_max: 0.5 });
  await follow();
  assert.deepEqual(await Promise.all(all.map(isOut)), [true, true, false, false]);
  assert.equal((await runOf())?.problem, null);
});

test("groups are updated without a sign-in, and kept while none of the configured ones exist", async (t) => {
  if (!there(t)) return;
  const keeper = await makePerson();
  const user = (await findUser(world.shards, keeper.id))!;
  const caller = { userId: user.id, spaceId: user.space_id, bucket: bucketOf(user.id), administrates: true };
  const group = (await createGroup(world, caller, "Crew")).id as GroupId;
  settings = settingsWith({ groups: { crew: group } });
  const member = await makePerson();
  const isMember = async () => {
    const { db } = world.shards.ofId(group);
    const { rows } = await sql`
      select from shard.group_members where group_id = ${group} and user_id = ${member.id}`.execute(db);
    return rows.length > 0;
  };
  await slapd.group("crew", [member.uid]);
  await follow();
  assert.equal(await isMember(), true);
  await followPeople(world, { ...settings, groups: { ...settings.groups!, attribute: "description" } }, signal);
  assert.equal(await isMember(), true, "a filter that finds no group says nothing of them");
  await slapd.as((client) => client.del(`cn=crew,ou=groups,${base}`));
  await slapd.group("crew", []);
  await follow();
  assert.equal(await isMember(), false);
});
