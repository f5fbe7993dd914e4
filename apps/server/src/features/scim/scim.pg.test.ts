import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bucketOf, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { HoldfastError } from "@holdfast/core/errors";
import { sql } from "kysely";
import type { Caller } from "../accounts/context/caller.ts";
import { findUser } from "../accounts/context/directory.ts";
import { removeAccount } from "../accounts/proof/remove-account.ts";
import { openTestAccounts, type TestAccounts } from "../accounts/testing.ts";
import { updateUser } from "../accounts/people/users.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { createUserIn } from "../groups/testing.ts";
import { changeScimGroup, createScimGroup, listScimGroups } from "./groups.ts";
import { nameUser } from "./provisioned.ts";
import type { ScimCall } from "./scim-world.ts";
import { changeScimUser, deleteScimUser, getScimUser, listScimUsers } from "./users.ts";

let databases: TestDatabases;
let world: TestAccounts;
let root: UserRow;
let call: ScimCall;
let owed = 0;
let people = 0;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  world = await openTestAccounts(databases.shards);
  root = await createUserIn(world, 1, "root@example.org", "Root");
  await updateUser(world, root.id, { admin: true });
  const caller = {
    userId: root.id,
    spaceId: root.space_id,
    bucket: bucketOf(root.id),
    admin: true,
    scopes: new Set(["admin"]),
    credential: { kind: "token", id: root.id },
  } as unknown as Caller;
  call = { caller, publicUrl: "https://drive.example", owe: async (calls) => void (owed += calls), note: () => {} };
});
after(() => databases.stop());

interface Listed {
  readonly totalResults: number;
  readonly Resources: readonly { readonly id: string }[];
}
const list = async (query: object) => (await listScimUsers(world, call, query)) as Listed;
const newPerson = (bucket = people % 2 === 0 ? 4000 : 2) => createUserIn(world, bucket, `p${++people}@example.org`);
const codeOf = (code: string) => (error: unknown) => error instanceof HoldfastError && error.code === code;

test("pages cover all shards, contain each account once and omit removed ones", async () => {
  const made = [];
  for (let count = 0; count < 7; count += 1) made.push(await newPerson());
  await deleteScimUser(world, made[3]!.id);
  const seen: string[] = [];
  for (let startIndex = 1; ; startIndex += 3) {
    const { totalResults, Resources } = await list({ startIndex, count: 3 });
    assert.equal(totalResults, 7, "the administrator and six");
    if (Resources.length === 0) break;
    seen.push(...Resources.map(({ id }) => id));
  }
  const expected = [root, ...made.filter((_, index) => index !== 3)].map(({ id }) => id as string);
  assert.deepEqual(
    seen,
    expected.toSorted((left, right) => (left < right ? -1 : 1)),
  );
});

test("an externalId is found on every shard, and clearing it on one account keeps the other", async () => {
  const [first, second] = [await newPerson(2), await newPerson(4000)];
  for (const { id } of [first, second]) await nameUser(databases.shards, id, "same");
  const found = await list({ filter: 'externalId eq "same"' });
  assert.deepEqual(new Set(found.Resources.map(({ id }) => id)), new Set([first.id, second.id]));
  await changeScimUser(world, call, first.id, { externalId: null });
  assert.deepEqual(
    (await list({ filter: 'externalId eq "same"' })).Resources.map(({ id }) => id),
    [second.id],
  );
  await nameUser(databases.shards, "00000000-0000-8000-8000-000000000001" as UserId, "nobody");
  assert.equal((await list({ filter: 'externalId eq "nobody"' })).totalResults, 0);
});

test("a late change does not restore a removed account, but an administrator can", async () => {
  const { id } = await newPerson();
  await deleteScimUser(world, id);
  const late = { disabled: false, byIdentitySystem: true, by: call.caller } as const;
  await assert.rejects(updateUser(world, id, late), codeOf("not_found"));
  await assert.rejects(getScimUser(world, call, id), codeOf("not_found"));
  const removed = await findUser(databases.shards, id);
  assert.equal(removed?.leaving_until, world.clock.nowMicros() + world.graceMs * 1000);
  await updateUser(world, id, { disabled: false });
  assert.equal(((await getScimUser(world, call, id)) as { active: boolean }).active, true);
  world.clock.forwardMs(1000);
  await updateUser(world, id, { disabled: true });
  assert.equal(
    ((await getScimUser(world, call, id)) as { active: boolean }).active,
    false,
    "suspended, and not removed",
  );
  assert.equal((await findUser(databases.shards, id))?.leaving_until, null);
});

test("a late suspension does not replace an administrator's, so no later push enables the account", async () => {
  const { id } = await newPerson();
  await updateUser(world, id, { disabled: true });
  const suspendedAt = (await findUser(databases.shards, id))?.disabled_at;
  world.clock.forwardMs(1000);
  await updateUser(world, id, { disabled: true, byIdentitySystem: true, by: call.caller });
  assert.equal((await findUser(databases.shards, id))?.disabled_at, suspendedAt);
  await updateUser(world, id, { disabled: false, byIdentitySystem: true, by: call.caller });
  assert.equal((await findUser(databases.shards, id))?.disabled_at, suspendedAt);
  await updateUser(world, id, { disabled: false });
});

test("a removal does not extend an earlier deletion, and repeated removals are one", async () => {
  const user = await newPerson();
  const until = world.clock.nowMicros() + 1000;
  await sql`update shard.users set disabled_at = 1, leaving_until = ${until} where id = ${user.id}`.execute(
    databases.shards.ofId(user.id).db,
  );
  await Promise.all([removeAccount(world, user), removeAccount(world, user)]);
  const { leaving_until: kept, disabled_at: at } = (await findUser(databases.shards, user.id))!;
  assert.equal(kept, until);
  world.clock.forwardMs(5000);
  await removeAccount(world, user);
  assert.equal((await findUser(databases.shards, user.id))?.disabled_at, at);
});

test("an account removed while absent from LDAP stays removed when it returns there", async () => {
  const user = await newPerson();
  await updateUser(world, user.id, { disabled: true, byLdap: true });
  await removeAccount(world, user);
  await updateUser(world, user.id, { disabled: false, byLdap: true });
  assert.notEqual((await findUser(databases.shards, user.id))?.disabled_at, null);
  await assert.rejects(getScimUser(world, call, user.id), codeOf("not_found"));
});

test("a recent administrator can be neither removed nor suspended", async () => {
  const user = await newPerson();
  await updateUser(world, user.id, { admin: true });
  await assert.rejects(removeAccount(world, user), codeOf("forbidden"));
  const late = { disabled: true, byIdentitySystem: true, by: call.caller } as const;
  await assert.rejects(updateUser(world, user.id, late), codeOf("forbidden"));
  await updateUser(world, user.id, { admin: false });
});

test("a page of groups is limited by members shown, and member changes are charged and limited", async () => {
  const member = await newPerson();
  const none = { added: new Set<UserId>(), removed: new Set<UserId>() };
  const ids: string[] = [];
  for (const displayName of ["A", "B", "C"]) {
    const made = await createScimGroup(world, call, { ...none, displayName, members: new Set([member.id]) });
    ids.push((made as { id: string }).id);
  }
  const shown = async (query: object = {}) => (await listScimGroups(world, call, query)) as Listed;
  assert.equal((await shown()).Resources.length, 3);
  await sql`update shard.groups set member_count = ${limits.scimMembersShownMax}`.execute(
    databases.shards.ofId(root.id).db,
  );
  assert.deepEqual([(await shown()).Resources.length, (await shown()).totalResults], [1, 3]);
  assert.equal((await shown({ excludedAttributes: "members" })).Resources.length, 3);
  await sql`update shard.groups set member_count = 1`.execute(databases.shards.ofId(root.id).db);
  const owedBefore = owed;
  await changeScimGroup(world, call, ids[0]!, { ...none, members: new Set() });
  assert.equal(owed - owedBefore, 1);
  const many = Array.from({ length: limits.scimMembersChangedMax + 1 }, (_, at) => {
    return `00000000-0000-8000-8000-${at.toString(16).padStart(12, "0")}` as UserId;
  });
  await assert.rejects(changeScimGroup(world, call, ids[0]!, { ...none, added: new Set(many) }), codeOf("too_large"));
});
