import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { seededRandom } from "@holdfast/disk/seeded-random";
import { seed } from "@holdfast/tools/properties";
import { sql } from "kysely";
import { writePlans } from "../accounts/people/plans.ts";
import { openTestAccounts, type TestAccounts } from "../accounts/testing.ts";
import { describeUser, getUser, updateUser } from "../accounts/people/users.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { openTestSharing } from "../sharing/testing.ts";
import { createGroup, deleteGroup, updateGroup } from "./change-groups.ts";
import { removeMember, setMember } from "./change-members.ts";
import { groupKinds } from "./group-messages.ts";
import { callerFor, createUserIn } from "./testing.ts";

const plans = { free: 15, plus: 2000, business: null };
const settings = { plans, defaultPlan: "free" };

let databases: TestDatabases;
let world: TestAccounts;
let root: UserRow;
let people = 0;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  world = await openTestAccounts(databases.shards);
  root = await createUserIn(world, 1, "root@example.org", "Root");
});
beforeEach(async () => {
  await writePlans(world.shards, settings);
});
after(() => databases.stop());

const admin = () => callerFor(root, true);
const newGroup = async (plan: string | null, name = "Choir") =>
  (await updateGroup(world, admin(), (await createGroup(world, admin(), name)).id, { plan })).id;
const join = (groupId: string, { id: userId }: UserRow) =>
  setMember(world, admin(), { groupId, userId, role: "member" });
const leave = (groupId: string, { id: userId }: UserRow) => removeMember(world, admin(), { groupId, userId });

async function newPerson(bucket = 4000): Promise<UserRow> {
  const user = await createUserIn(world, bucket, `person${++people}@example.org`);
  await updateUser(world, user.id, { plan: "free", quotaBytes: "plan" });
  return user;
}

async function quotaOf({ id }: UserRow): Promise<number | null> {
  return (await describeUser(world, await getUser(world, id))).quota_bytes;
}

async function audit(): Promise<string[]> {
  const shards = world.shards.all();
  const memberships = await Promise.all(
    shards.map(({ db }) =>
      sql<{ user_id: string; plan: string }>`
        select m.user_id, g.plan from shard.groups g join shard.group_members m on m.group_id = g.id
        where g.plan is not null`.execute(db),
    ),
  );
  const had = JSON.stringify(memberships.flatMap(({ rows }) => rows));
  const wrong = await Promise.all(
    shards.map(({ db }) =>
      sql<{ text: string }>`
        select concat(u.id, ' has ', s.quota_bytes, ', not ', given.quota_bytes) as text
        from shard.users u join shard.spaces s on s.id = u.space_id, lateral (
          select case when bool_or(p.quota_bytes is null) then null else max(p.quota_bytes) end as quota_bytes
          from shard.plans p where p.name = u.plan or p.name in (
            select plan from jsonb_to_recordset(${had}::jsonb) as had (user_id uuid, plan text) where user_id = u.id)
        ) given
        where not s.quota_fixed and s.quota_bytes is distinct from given.quota_bytes`.execute(db),
    ),
  );
  return wrong.flatMap(({ rows }) => rows.map(({ text }) => text));
}

test("a member has the group plan's quota from joining to leaving, on every shard", async () => {
  const id = await newGroup("plus");
  for (const member of [await newPerson(1), await newPerson(4000)]) {
    assert.equal(await quotaOf(member), 15);
    await join(id, member);
    assert.equal(await quotaOf(member), 2000);
    await leave(id, member);
    assert.equal(await quotaOf(member), 15);
  }
  assert.deepEqual(await audit(), []);
});

test("the greatest of own and group plans applies, and the account's own quota overrides them", async () => {
  const [plus, business, free] = [await newGroup("plus"), await newGroup("business"), await newGroup("free")];
  const member = await newPerson();
  for (const id of [free, plus, business]) await join(id, member);
  assert.equal(await quotaOf(member), null);
  await leave(business, member);
  assert.equal(await quotaOf(member), 2000);
  await updateUser(world, member.id, { quotaBytes: 7 });
  await join(business, member);
  assert.equal(await quotaOf(member), 7);
  await updateUser(world, member.id, { quotaBytes: "plan" });
  assert.equal(await quotaOf(member), null);
  await leave(business, member);
  await updateUser(world, member.id, { plan: "business" });
  await leave(plus, member);
  assert.equal(await quotaOf(member), null);
  assert.deepEqual(await audit(), []);
});

test("setting, changing, removing or deleting a group's plan changes its members' quotas", async () => {
  const id = await newGroup(null);
  const members = [await newPerson(1), await newPerson(4000)];
  for (const member of members) await join(id, member);
  const quotas = () => Promise.all(members.map(quotaOf));
  for (const [plan, quota] of [
    ["plus", 2000],
    ["business", null],
    [null, 15],
    ["plus", 2000],
  ] as const) {
    assert.equal((await updateGroup(world, admin(), id, { plan })).plan, plan);
    assert.deepEqual(await quotas(), [quota, quota]);
  }
  assert.equal((await updateGroup(world, admin(), id, { name: "Big choir" })).plan, "plus");
  await writePlans(world.shards, { ...settings, plans: { ...plans, plus: 3000 } });
  assert.deepEqual(await quotas(), [3000, 3000]);
  await deleteGroup(world, admin(), id);
  assert.deepEqual(await quotas(), [15, 15]);
  assert.deepEqual(await audit(), []);
});

test("only an administrator can set a group's plan, to an offered one, and non-members get not_found", async () => {
  const id = await newGroup("plus");
  const [manager, stranger] = [await newPerson(), await newPerson()];
  await setMember(world, admin(), { groupId: id, userId: manager.id, role: "manager" });
  const refused = (caller: typeof manager, plan: string | null) => updateGroup(world, callerFor(caller), id, { plan });
  for (const plan of ["business", "gold", null]) {
    await assert.rejects(refused(manager, plan), { code: "forbidden" });
    await assert.rejects(refused(stranger, plan), { code: "not_found" });
  }
  await assert.rejects(updateGroup(world, admin(), id, { plan: "gold" }), { code: "invalid_field", field: "plan" });
  assert.equal((await updateGroup(world, callerFor(manager), id, { name: "Ours", plan: "plus" })).name, "Ours");
  assert.equal(await quotaOf(manager), 2000);
});

test("a removed plan is kept while only a group of another shard has it", async () => {
  await writePlans(world.shards, { plans: { ...plans, gold: 9000 }, defaultPlan: "free" });
  const id = await newGroup("gold");
  assert.deepEqual(await writePlans(world.shards, settings), ["gold"]);
  const member = await newPerson(4000);
  await join(id, member);
  assert.equal(await quotaOf(member), 9000);
  await deleteGroup(world, admin(), id);
  assert.deepEqual(await writePlans(world.shards, settings), []);
  assert.equal(await quotaOf(member), 15);
});

test("members on an unavailable shard get their quota through the queue", async () => {
  const id = await newGroup(null);
  const member = await newPerson(4000);
  await join(id, member);
  const shard = databases.shards.ofId(member.id);
  const refuse = () => {
    throw new HoldfastError("unavailable", "The member's shard is away.");
  };
  const gone = { ...shard, db: shard.db.withPlugin({ transformQuery: refuse, transformResult: refuse }) };
  const away: Shards = {
    ...databases.shards,
    ofId: (asked) => (databases.shards.ofId(asked) === shard ? gone : databases.shards.ofId(asked)),
  };
  await updateGroup({ ...world, shards: away }, admin(), id, { plan: "plus" });
  assert.equal(await quotaOf(member), 15);
  const { queue } = openTestSharing(databases.shards, world.clock, groupKinds);
  await queue.idle();
  assert.equal(await quotaOf(member), 2000);
  await queue.stop();
});

test("concurrent joins, leaves, plan changes and starts end with the greatest plan", async (t) => {
  t.diagnostic(`HOLDFAST_SEED=${seed}`);
  const draw = seededRandom(seed);
  const below = (count: number) => Math.floor(draw() * count);
  const ids = [await newGroup("plus"), await newGroup(null), await newGroup("free")];
  const members = [await newPerson(1), await newPerson(4000), await newPerson(4001)];
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)]!;
  const act = () =>
    pick<() => Promise<unknown>>([
      () => join(pick(ids), pick(members)),
      () => leave(pick(ids), pick(members)),
      () => updateGroup(world, admin(), pick(ids), { plan: pick(["free", "plus", "business", null]) }),
      () => updateUser(world, pick(members).id, { plan: pick(["free", "plus"]) }),
      () => writePlans(world.shards, { ...settings, plans: { ...plans, plus: 16 + below(4984) } }),
    ])();
  for (let round = 0; round < 15; round += 1) {
    const results = await Promise.allSettled(Array.from({ length: 12 }, act));
    const failed = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    assert.deepEqual(
      failed.filter((error) => error.code !== "not_found"),
      [],
    );
    assert.deepEqual(await audit(), []);
  }
  const last = ids.pop()!;
  await Promise.all([deleteGroup(world, admin(), last), ...members.map((member) => join(ids[0]!, member))]);
  assert.deepEqual(await audit(), []);
});
