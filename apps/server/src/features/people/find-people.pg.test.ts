import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { GroupId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Scope } from "@holdfast/protocol/account-routes";
import { sql } from "kysely";
import { failuresMax, openTestAccounts, type TestAccounts } from "../accounts/testing.ts";
import { updateUser } from "../accounts/people/users.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { createGroup } from "../groups/change-groups.ts";
import { setMember } from "../groups/change-members.ts";
import { callerFor, createUserIn } from "../groups/testing.ts";
import { findPeople } from "./find-people.ts";

let databases: TestDatabases;
let world: TestAccounts;
let me: UserRow;
let groupId: GroupId;
let people = 0;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  world = await openTestAccounts(databases.shards);
  me = await createUserIn(world, 1, "me@example.org", "Maria Me");
  groupId = (await createGroup(world, callerFor(me, true), "Choir")).id as GroupId;
  await join(me);
});
after(() => databases.stop());

const newPerson = (name: string, bucket = 4000) => createUserIn(world, bucket, `p${++people}@example.org`, name);
const join = ({ id: userId }: UserRow) => setMember(world, callerFor(me, true), { groupId, userId, role: "member" });
const callerOf = (user: UserRow, groupIds: GroupId[], scopes: Scope[] = []) => ({
  userId: user.id,
  spaceId: user.space_id,
  groupIds,
  scopes: new Set(scopes),
});
const find = async (
  q: string,
  options: { openDirectory?: boolean; groupIds?: GroupId[]; as?: UserRow; scopes?: Scope[] } = {},
) => {
  const { as = me, groupIds = [groupId], openDirectory = false, scopes = ["account", "files:read"] } = options;
  const found = await findPeople({ ...world, openDirectory }, callerOf(as, groupIds, scopes), q);
  return found.map(({ name }) => name);
};

test("an exact address finds its account in any spelling, and a part of one finds none", async () => {
  const { id, email } = await newPerson("Ann Other");
  for (const q of [email, ` ${email.toUpperCase()} `])
    assert.deepEqual(await findPeople(world, callerOf(me, []), q), [{ id, name: "Ann Other", email }]);
  const as = await newPerson("Asks for parts");
  for (const q of [email.slice(0, -1), email.slice(1), "@example.org", "@", email.split("@")[0]!, "p%@example.org"])
    for (const openDirectory of [false, true]) assert.deepEqual(await find(q, { openDirectory, as }), [], q);
});

test("a name is found in a common group by the start of it or its last word, ignoring case and accents", async () => {
  await join(await newPerson("Zoë Müller-Lüdenscheidt"));
  await join(await newPerson("ＪÜRGEN  von Wolf", 7));
  await newPerson("Zora Nowhere");
  assert.deepEqual(await find("zo"), ["Zoë Müller-Lüdenscheidt"]);
  assert.deepEqual(await find("MULL"), ["Zoë Müller-Lüdenscheidt"]);
  assert.deepEqual(await find("Müll"), ["Zoë Müller-Lüdenscheidt"]);
  assert.deepEqual(await find("jurgen von"), ["ＪÜRGEN  von Wolf"]);
  assert.deepEqual(await find("wolf"), ["ＪÜRGEN  von Wolf"]);
  for (const q of ["oe", "z", "%", "_o", "zo%", "\\", "zo\u0000", "\ud800", "Maria"])
    assert.deepEqual(await find(q), [], q);
});

test("without a common group, a name is found only if the directory is open", async () => {
  await newPerson("Quirin Stranger");
  assert.deepEqual(await find("quirin"), []);
  assert.deepEqual(await find("quirin", { groupIds: [] }), []);
  assert.deepEqual(await find("quirin", { openDirectory: true, groupIds: [] }), ["Quirin Stranger"]);
  assert.deepEqual(await find("stranger", { openDirectory: true, groupIds: [] }), ["Quirin Stranger"]);
});

test("accounts with access to the caller's items are found by name or start of address, and others are not", async () => {
  const [asking, guest] = [await newPerson("Asks again"), await newPerson("Yara Guest", 7)];
  const [editor, late] = [await newPerson("Yan Editor"), await newPerson("Yasmin Late")];
  const grant = async (space: UserRow, by: UserRow, to: UserRow, expiresAt: number | null = null) =>
    sql`insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at, expires_at)
      values (${space.space_id}, gen_random_uuid(), ${space.root_id}, 'user', ${to.id}, 'viewer', ${by.id}, 0, ${expiresAt})`.execute(
      databases.shards.ofId(space.space_id).db,
    );
  const ask = (q: string, as = asking) => find(q, { as, groupIds: [] });
  assert.deepEqual(await ask("yara"), []);
  await grant(asking, asking, guest);
  await grant(asking, asking, late, 1);
  await grant(guest, editor, asking);
  assert.deepEqual(
    [await ask("yara"), await ask("gue"), await ask("ya")],
    [["Yara Guest"], ["Yara Guest"], ["Yara Guest"]],
  );
  assert.deepEqual(await ask(guest.email.split("@")[0]!), ["Yara Guest"]);
  assert.deepEqual(await ask("asks", guest), ["Asks again"], "an editor shared an item of the guest");
  assert.deepEqual(await ask("asks", editor), [], "the item belongs to another person");
  assert.deepEqual(await ask("yara", editor), []);
  assert.deepEqual(await ask("asks", me), []);
  assert.deepEqual(await find("yara", { as: asking, groupIds: [], scopes: ["account"] }), []);
  await updateUser(world, guest.id, { disabled: true });
  assert.deepEqual(await ask("yara"), []);
});

test("former members and suspended accounts are not found", async () => {
  const [left, suspended] = [await newPerson("Xaver Left"), await newPerson("Xenia Suspended")];
  for (const user of [left, suspended]) await join(user);
  assert.deepEqual(await find("x"), [], "one letter is too few");
  assert.deepEqual(await find("xa"), ["Xaver Left"]);
  await sql`update shard.memberships set role = null where user_id = ${left.id}`.execute(
    databases.shards.ofId(left.id).db,
  );
  await updateUser(world, suspended.id, { disabled: true });
  assert.deepEqual([await find("xa"), await find("xe"), await find(suspended.email)], [[], [], []]);
  assert.deepEqual(await find("xe", { openDirectory: true }), []);
});

test("lookups of unknown addresses are limited per caller, and successful ones are not", async () => {
  const asking = await newPerson("Asking");
  const ask = (q: string) => find(q, { as: asking });
  for (let count = 0; count < 3 * failuresMax; count += 1) assert.deepEqual(await ask(me.email), [me.name]);
  for (let count = 0; count < failuresMax; count += 1) assert.deepEqual(await ask(`nobody${count}@example.org`), []);
  await assert.rejects(ask("another@example.org"), { code: "rate_limited" });
  await assert.rejects(ask(me.email), { code: "rate_limited" });
  assert.deepEqual(await find(asking.email), ["Asking"], "others are not held up");
});

test("results are limited, and a large directory is searched by its index", async () => {
  const { db } = databases.shards.ofId(me.id);
  await sql`insert into shard.users (id, email, name, password_hash, space_id, root_id, created_at, plan)
    select gen_random_uuid(), n || '@x', 'Many ' || n || ' Name' || n, '', gen_random_uuid(), gen_random_uuid(), 0, 'business'
    from generate_series(1, 20000) n`.execute(db);
  await sql`analyze shard.users`.execute(db);
  assert.equal((await find("many", { openDirectory: true })).length, limits.peopleFoundMax);
  assert.deepEqual(await find("name19999", { openDirectory: true }), ["Many 19999 Name19999"]);
  const { rows } = await sql<{ "QUERY PLAN": string }>`
    explain select id from shard.users u where u.disabled_at is null
    and (shard.folded_last_name(u.name) collate "C" >= 'name1999' and shard.folded_last_name(u.name) collate "C" < ${"name1999\u{10ffff}"})
    order by shard.folded_last_name(u.name) collate "C" limit 21`.execute(db);
  assert.match(rows.map((row) => row["QUERY PLAN"]).join("\n"), /users_last_name/);
});
