import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { sql } from "kysely";
import type { UserId } from "@holdfast/core/ids";
import { type RouteName, routes } from "@holdfast/protocol/routes";
import type { Route } from "@holdfast/protocol/route";
import { isLongTier } from "@holdfast/tools/tiers";
import { Secret, TOTP } from "otpauth";
import type { UserRow } from "../../../base/db/account-tables.ts";
import { eventually } from "../../../acceptance/testing.ts";
import { startTwoTestShards, type TestDatabases } from "../../../base/db/testing.ts";
import { createGroup, deleteGroup } from "../../groups/change-groups.ts";
import { removeMember, setMember } from "../../groups/change-members.ts";
import { groupKinds } from "../../groups/group-messages.ts";
import { callerFor, createUserIn } from "../../groups/testing.ts";
import { assertAdmitted } from "../../../edge/exchange/assert-admitted.ts";
import { openTestSharing } from "../../sharing/testing.ts";
import { Authenticator } from "../sign-in/authenticator.ts";
import { changeAccessRule, type RuleChange, setOwnAddresses, spreadAccessRules } from "../proof/change-access-rules.ts";
import { confirmSecondFactor, endSecondFactor, prepareSecondFactor } from "../proof/change-second-factor.ts";
import { findUser } from "../context/directory.ts";
import { listAccessRules } from "../proof/list-access-rules.ts";
import { findLiveCredentials } from "./live-credentials.ts";
import { createPersonalToken } from "../people/personal-tokens.ts";
import { resetLink, resetPassword } from "../proof/reset-password.ts";
import type { SecurityChange } from "../context/security-change.ts";
import { refreshSession, signIn } from "../sign-in/sessions.ts";
import { openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";
import { updateUser } from "../people/users.ts";

const inside = "10.1.2.3";
const outside = "192.0.2.9";
const day = 86_400;

/** Routes that a session may use whose account must set up a second factor first. */
const routesToEnroll: ReadonlySet<string> = new Set<RouteName>([
  "deleteCurrentSession",
  "deleteWebSession",
  "getAccount",
  "confirmAddress",
  "listOutsideIdentities",
  "beginOutsideProof",
  "confirmOutsideProof",
  "getSecondFactor",
  "prepareSecondFactor",
  "confirmSecondFactor",
  "listPasskeys",
  "preparePasskey",
  "confirmPasskey",
]);

describe("Access rules", () => {
  let databases: TestDatabases;
  let world: TestAccounts;
  let root: UserRow;
  let authenticator: Authenticator;
  let people = 0;

  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
    world = await openTestAccounts(databases.shards);
    authenticator = new Authenticator(world);
    root = await createUserIn(world, 1, "root@example.org", "Root");
  });
  beforeEach(async () => {
    for (const { db } of databases.shards.all()) await sql`delete from shard.access_rules`.execute(db);
  });
  after(() => databases.stop());

  const administrator = () => ({ ...callerFor(root, true), groupIds: [] });
  const change = (asked: RuleChange) => changeAccessRule(world, { caller: administrator(), address: inside }, asked);
  const required = (graceSeconds = 0) => ({ second_factor: { required: true, grace_seconds: graceSeconds } });
  const free = { second_factor: { required: false } };

  /** Bucket 4000 is on another shard than the administrator and the groups. */
  async function newPerson(bucket = 4000) {
    const user = await createUserIn(world, bucket, `person${++people}@example.org`);
    const credentials = { email: user.email, password: testPassword };
    let session = await signIn(world, { ...credentials, address: inside }, "test");
    const refresh = async () => (session = await refreshSession(world, session.refresh_token));
    const caller = () => authenticator.authenticate(session.access_token);
    const asks = async (route: Route, address = inside) => assertAdmitted(await caller(), route, address);
    const reads = (address = inside) => asks(routes.listFolder, address);
    const enroll = async () => {
      const { secret } = await prepareSecondFactor(world, await caller(), { password: testPassword }, "test");
      const codes = await confirmSecondFactor(world, await caller(), codeOf(secret));
      return { secret, codes };
    };
    return { user, credentials, session, refresh, caller, asks, reads, enroll };
  }

  function codeOf(secret: string): string {
    return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: world.clock.nowMs() });
  }

  test("restrict accounts without a second factor to enrolling after the grace period, by server, group or account", async () => {
    const group = await createGroup(world, callerFor(root, true), "Office");
    let turn = 0;
    for (const bucket of [1, 4000]) {
      const person = await newPerson(bucket);
      const { id: userId } = person.user;
      const { token } = await createPersonalToken(world, await person.caller(), {
        name: "script",
        scopes: ["files:read"],
        expiresAtMicros: null,
      });
      const byToken = async (route: Route) => assertAdmitted(await authenticator.authenticate(token), route, inside);
      await setMember(world, callerFor(root, true), { groupId: group.id, userId, role: "member" });
      for (const subject of [{}, { group_id: group.id }, { user: userId }]) {
        await change({ ...subject, ...required(14 * day) });
        await person.reads();
        assert.notEqual((await person.caller()).access?.factorDueAtMicros, undefined);
        assert.notEqual((await signIn(world, person.credentials, "test")).second_factor_due_at, undefined);
        world.clock.forwardMs(14 * day * 1000);
        await person.refresh();
        turn += 1;
        for (const [index, [name, route]] of Object.entries(routes).entries()) {
          if (route.access === "open" || route.access === "signed") continue;
          if (!isLongTier && index % 6 !== turn % 6) continue;
          const asked = () => person.asks(route);
          if (routesToEnroll.has(name)) await asked();
          else await assert.rejects(asked, { code: "second_factor_required" }, name);
          if (route !== routes.deleteCurrentSession) {
            await assert.rejects(byToken(route), { code: "second_factor_required" }, name);
          }
        }
        await change({ ...subject, ...free });
        await person.reads();
        await byToken(routes.listFolder);
      }
      await removeMember(world, callerFor(root, true), { groupId: group.id, userId });
    }
  });

  test("lift after enrolling, prevent removing the last factor, and cannot be reset by leaving and rejoining", async () => {
    const person = await newPerson();
    const group = await createGroup(world, callerFor(root, true), "Strict");
    const membership = { groupId: group.id, userId: person.user.id };
    await change({ group_id: group.id, ...required() });
    await person.reads();
    await setMember(world, callerFor(root, true), { ...membership, role: "member" });
    await assert.rejects(person.reads(), { code: "second_factor_required" });
    // The mailed link works without the second factor.
    await person.asks(routes.confirmAddress);
    await removeMember(world, callerFor(root, true), membership);
    await person.reads();
    await setMember(world, callerFor(root, true), { ...membership, role: "member" });
    const { codes } = await person.enroll();
    await person.reads();
    const end = async () =>
      endSecondFactor(world, await person.caller(), { password: testPassword, totp: codes[0] }, "test");
    await assert.rejects(end, { code: "conflict", message: /An administrator requires a second factor/ });
    await updateUser(world, person.user.id, { secondFactor: false });
    const session = await signIn(world, person.credentials, "test");
    const caller = await authenticator.authenticate(session.access_token);
    assert.throws(() => assertAdmitted(caller, routes.listFolder, inside), { code: "second_factor_required" });
  });

  test("reject other addresses for sessions, refresh tokens, personal tokens and sign-ins", async () => {
    const person = await newPerson();
    const { token } = await createPersonalToken(world, await person.caller(), {
      name: "script",
      scopes: ["files:read"],
      expiresAtMicros: null,
    });
    await change({ user: person.user.id, addresses: ["10.0.0.0/8"] });
    await person.reads(inside);
    await assert.rejects(person.reads(outside), { code: "address_not_allowed" });
    await assert.rejects(person.asks(routes.getAccount, outside), { code: "address_not_allowed" });
    await person.asks(routes.deleteCurrentSession, outside);
    const byToken = await authenticator.authenticate(token);
    assert.throws(() => assertAdmitted(byToken, routes.listFolder, outside), { code: "address_not_allowed" });
    const from = (address: string) => ({ ...person.credentials, address });
    await assert.rejects(signIn(world, from(outside), "test"), { code: "address_not_allowed" });
    const wrong = { ...from(outside), password: "none of it" };
    await assert.rejects(signIn(world, wrong, "test"), { code: "unauthenticated" });
    await signIn(world, from(inside), "test");
    // A thief's attempt does not rotate the refresh token, so the owner's next request is no replay.
    const stolen = person.session.refresh_token;
    await assert.rejects(refreshSession(world, stolen, { address: outside }), { code: "address_not_allowed" });
    await refreshSession(world, stolen, { address: inside });
  });

  test("apply together for server, groups and account, on every shard", async () => {
    const group = await createGroup(world, callerFor(root, true), "Both");
    const person = await newPerson();
    await setMember(world, callerFor(root, true), { groupId: group.id, userId: person.user.id, role: "member" });
    await change({ addresses: ["10.0.0.0/8", "192.0.2.0/24"] });
    await change({ group_id: group.id, addresses: ["10.1.0.0/16", "192.0.2.9", "172.16.0.0/12"] });
    const own = ["10.1.2.0/24", "10.2.0.0/16", "172.16.0.0/12", "192.0.2.9", "2001:db8::/32"];
    await change({ user: person.user.email, addresses: own });
    await person.reads(inside);
    await person.reads(outside);
    // Addresses rejected by the list of the account, of the group, of the server, and of the last two.
    for (const address of ["10.1.3.3", "10.2.2.3", "172.16.0.1", "2001:db8::1"]) {
      await assert.rejects(person.reads(address), { code: "address_not_allowed" }, address);
    }
    await deleteGroup(world, callerFor(root, true), group.id);
    const { queue } = openTestSharing(databases.shards, world.clock, groupKinds);
    await queue.idle();
    await queue.stop();
    const { items } = await listAccessRules(world, { limit: 10 });
    assert.deepEqual(
      items.map(({ of, name }) => [of, name]),
      [
        ["server", null],
        ["user", person.user.email],
      ],
    );
  });

  test("recheck a held poll when other lists apply or enrolling is due, but not before", async () => {
    const person = await newPerson();
    const { credential } = await person.caller();
    const liveness = async () => (await findLiveCredentials(world, [credential])).get(credential);
    assert.equal(await liveness(), "live");
    await change({ user: person.user.id, ...required(60) });
    assert.equal(await liveness(), "live");
    world.clock.forwardMs(60_000);
    assert.equal(await liveness(), "anew");
    await change({ user: person.user.id, ...free });
    assert.equal(await liveness(), "live");
    await change({ user: person.user.id, addresses: ["10.0.0.0/8"] });
    assert.equal(await liveness(), "anew");
    const { credential: bound } = await person.caller();
    assert.equal((await findLiveCredentials(world, [bound])).get(bound), "live");
    await change({ user: person.user.id, addresses: ["10.0.0.0/9"] });
    assert.equal((await findLiveCredentials(world, [bound])).get(bound), "anew");
  });

  test("cannot lock out the administrator who sets them, except from the command line", async () => {
    const group = await createGroup(world, callerFor(root, true), "Mine");
    await setMember(world, callerFor(root, true), { groupId: group.id, userId: root.id, role: "manager" });
    const shut = { code: "conflict", field: "addresses" };
    const me = { ...callerFor(root, true), groupIds: [group.id as never] };
    const ask = (asked: RuleChange, address: string | undefined = outside) =>
      changeAccessRule(world, { caller: me, address }, asked);
    for (const subject of [{}, { group_id: group.id }, { user: root.id }]) {
      await assert.rejects(ask({ ...subject, addresses: ["10.0.0.0/8"] }), shut);
      await ask({ ...subject, addresses: ["10.0.0.0/8", "192.0.2.9"] });
      await ask({ ...subject, addresses: [] });
    }
    const other = await createGroup(world, callerFor(root, true), "Other");
    await ask({ group_id: other.id, addresses: ["10.0.0.0/8"] });
    const join = (address?: string) =>
      setMember(world, callerFor(root, true), { groupId: other.id, userId: root.email, role: "member", address });
    await assert.rejects(join(outside), shut);
    await join(inside);
    const token = { ...me, credential: { kind: "token" as const, id: "" as never } };
    const byToken = (asked: RuleChange) => changeAccessRule(world, { caller: token, address: outside }, asked);
    await byToken(required(14 * day));
    await assert.rejects(byToken(free), { code: "forbidden" });
    await assert.rejects(byToken({ addresses: [] }), { code: "forbidden" });
    await ask(free);
    await changeAccessRule(world, { caller: me, address: undefined }, { addresses: ["10.0.0.0/8"] });
    const person = await newPerson();
    const own = async (addresses: string[], password = testPassword) =>
      setOwnAddresses(world, await person.caller(), { proof: { password }, addresses, address: inside }, "test");
    await assert.rejects(own(["192.0.2.0/24"]), shut);
    await assert.rejects(own(["10.0.0.0/8"], "no password"), { code: "invalid_field", field: "password" });
    assert.deepEqual(await own(["10.1.2.3"]), ["10.1.2.3/32"]);
    await assert.rejects(person.reads("10.1.2.4"), { code: "address_not_allowed" });
    await change({ user: person.user.id, addresses: [] });
    await person.reads("10.1.2.4");
  });

  test("cannot be narrowed for a group by a token while an administrator joins it", async () => {
    const boss = await newPerson();
    await updateUser(world, boss.user.id, { admin: true });
    const group = await createGroup(world, callerFor(root, true), "Joined");
    const token = { ...administrator(), credential: { kind: "token" as const, id: "" as never } };
    const shard = databases.shards.ofId(group.id as never);
    const joining = await shard.db.startTransaction().execute();
    try {
      await sql`select from shard.groups where id = ${group.id} for update`.execute(joining);
      const asked = changeAccessRule(
        world,
        { caller: token, address: outside },
        { group_id: group.id, addresses: ["192.0.2.9"] },
      );
      const refused = assert.rejects(asked, { code: "forbidden" });
      await eventually("the change waits for the group", 60_000, async () => {
        const { rows } = await sql`
          select from pg_stat_activity where wait_event_type = 'Lock' and query like '%shard.groups%'`.execute(
          shard.db,
        );
        return rows.length > 0 || undefined;
      });
      await sql`
        insert into shard.group_members (group_id, user_id, role) values (${group.id}, ${boss.user.id}, 'member')`.execute(
        joining,
      );
      await joining.commit().execute();
      await refused;
    } finally {
      if (!joining.isCommitted) await joining.rollback().execute();
      await sql`delete from shard.group_members where group_id = ${group.id}`.execute(shard.db);
    }
  });

  test("cannot bind an administrator whom a group's manager adds, and managers cannot end them", async () => {
    const manager = await newPerson();
    const member = await newPerson();
    const boss = await newPerson();
    await updateUser(world, boss.user.id, { admin: true });
    const group = await createGroup(world, callerFor(root, true), "Office");
    const at = (userId: string) => ({ groupId: group.id, userId });
    const asRoot = callerFor(root, true);
    const asManager = callerFor(manager.user);
    await setMember(world, asRoot, { ...at(manager.user.id), role: "manager" });
    await setMember(world, asManager, { ...at(boss.user.id), role: "member" });
    await removeMember(world, asManager, at(boss.user.id));
    await change({ group_id: group.id, addresses: ["10.0.0.0/8"] });
    await assert.rejects(setMember(world, asManager, { ...at(boss.user.id), role: "member" }), { code: "forbidden" });
    await setMember(world, asManager, { ...at(member.user.id), role: "member" });
    await assert.rejects(removeMember(world, asManager, at(member.user.id)), { code: "forbidden" });
    await assert.rejects(deleteGroup(world, asManager, group.id), { code: "forbidden" });
    await removeMember(world, asRoot, at(member.user.id));
    await deleteGroup(world, asRoot, group.id);
  });

  test("set by the account are mailed to it, and end with a password reset; others stay", async () => {
    const changes: SecurityChange[] = [];
    const notifySecurity = (_: unknown, __: unknown, what: SecurityChange) => Promise.resolve(void changes.push(what));
    const notifying = { ...world, notifySecurity };
    const wanted = "a new sentence of theirs";
    const byMail = async (id: UserId) => {
      const user = await findUser(databases.shards, id);
      assert.ok(user !== undefined);
      const [, token = ""] = resetLink(world, user).split("#");
      await resetPassword(world, { token, new_password: wanted }, "test");
    };
    const byAdministrator = (id: UserId) => updateUser(world, id, { password: wanted });
    for (const reset of [byMail, byAdministrator]) {
      const [person, bound] = [await newPerson(), await newPerson()];
      const { id } = bound.user;
      await change({ user: id, addresses: ["10.0.0.0/8"] });
      for (const each of [person, bound]) {
        changes.length = 0;
        const request = { proof: { password: testPassword }, addresses: ["10.1.2.3"], address: inside };
        await setOwnAddresses(notifying, await each.caller(), request, "test");
        assert.deepEqual(changes, ["own_addresses"]);
        await reset(each.user.id);
      }
      const signsIn = ({ user: { email } }: typeof person, address: string) =>
        signIn(world, { email, password: wanted, address }, "test");
      await signsIn(person, outside);
      await signsIn(bound, "10.9.9.9");
      await assert.rejects(signsIn(bound, outside), { code: "address_not_allowed" });
      const { rows } = await sql`select from shard.access_rules where subject_id = ${person.user.id}`.execute(
        databases.shards.ofId(person.user.id).db,
      );
      assert.deepEqual(rows, [], "an empty rule costs each request a look");
    }
  });

  test("are copied from the first shard at a start to a shard that was away", async () => {
    const person = await newPerson();
    await change({ addresses: ["10.0.0.0/8"] });
    const own = await newPerson();
    await change({ user: own.user.id, addresses: ["10.1.0.0/16"] });
    await sql`update shard.access_rules set addresses = '{}' where subject_id <> ${own.user.id}`.execute(
      databases.shards.ofId(person.user.id).db,
    );
    await person.reads(outside);
    await spreadAccessRules(databases.shards);
    await assert.rejects(person.reads(outside), { code: "address_not_allowed" });
    await assert.rejects(own.reads("10.2.0.1"), { code: "address_not_allowed" });
    await change({ addresses: [] });
    await person.reads(outside);
    for (const { db } of databases.shards.all()) {
      const { rows } = await sql`select from shard.access_rules where subject_id <> ${own.user.id}`.execute(db);
      assert.deepEqual(rows, []);
    }
  });
});
