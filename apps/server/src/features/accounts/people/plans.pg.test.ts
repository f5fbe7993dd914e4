import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Kysely, sql } from "kysely";
import { inTransaction, openDatabase } from "../../../base/db/database.ts";
import { migrate } from "../../../base/db/migrate.ts";
import { shardMigrations } from "../../../base/db/shard-migrations/index.ts";
import type { ShardTables } from "../../../base/db/shard-tables.ts";
import { silentLog, startTestDatabase, startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { createInvitation } from "../invitations/invitations.ts";
import { listPlans, takePlan, writePlans } from "./plans.ts";
import { signUp } from "../invitations/sign-up.ts";
import { createTestUser, openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";
import { describeUser, getUser, updateUser } from "./users.ts";

let databases: TestDatabases;
let world: TestAccounts;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  world = await openTestAccounts(databases.shards);
});
after(async () => {
  await databases.stop();
});

const gb = 1e9;
const plans = { free: 15 * gb, plus: 2000 * gb, business: null };

const addressOf = (): string => `${randomUUID()}@example.org`;

async function quotaOf(email: string) {
  const { plan, quota_bytes, quota_fixed } = await describeUser(world, await getUser(world, email));
  return [plan, quota_bytes, quota_fixed];
}

test("by default accounts have no limit, and three plans exist", async () => {
  assert.deepEqual(await listPlans(world.shards), [
    { name: "business", quota_bytes: null, offered: true, default: true },
    { name: "free", quota_bytes: 15 * gb, offered: true, default: false },
    { name: "plus", quota_bytes: 2000 * gb, offered: true, default: false },
  ]);
  const { email } = await createTestUser(world, addressOf());
  assert.deepEqual(await quotaOf(email), ["business", null, false]);
});

test("a new account gets the default plan, its own plan or the one of its invitation", async () => {
  await writePlans(world.shards, { plans, defaultPlan: "free" });
  const invited = async (room: { plan?: string; quotaBytes?: number | null }) => {
    const { token } = await createInvitation(world, { kind: "invite", email: null, ...room });
    const email = addressOf();
    await signUp(world, { email, password: testPassword, name: "Ann", invite: token }, "here");
    return quotaOf(email);
  };
  assert.deepEqual(await quotaOf((await createTestUser(world, addressOf())).email), ["free", 15 * gb, false]);
  assert.deepEqual(await quotaOf((await createTestUser(world, addressOf(), { plan: "plus" })).email), [
    "plus",
    2000 * gb,
    false,
  ]);
  assert.deepEqual(await quotaOf((await createTestUser(world, addressOf(), { quotaBytes: null })).email), [
    "free",
    null,
    true,
  ]);
  assert.deepEqual(await invited({}), ["free", 15 * gb, false]);
  assert.deepEqual(await invited({ plan: "plus" }), ["plus", 2000 * gb, false]);
  assert.deepEqual(await invited({ plan: "plus", quotaBytes: 7 }), ["plus", 7, true]);
  assert.deepEqual(await invited({ quotaBytes: null }), ["free", null, true]);
  await writePlans(world.shards, { plans, defaultPlan: "business" });
});

test("an account's own quota overrides its plans until it is removed", async () => {
  const { email } = await createTestUser(world, addressOf(), { plan: "free" });
  await updateUser(world, email, { quotaBytes: 100 * gb });
  assert.deepEqual(await quotaOf(email), ["free", 100 * gb, true]);
  await updateUser(world, email, { plan: "plus" });
  assert.deepEqual(await quotaOf(email), ["plus", 100 * gb, true]);
  await updateUser(world, email, { quotaBytes: "plan" });
  assert.deepEqual(await quotaOf(email), ["plus", 2000 * gb, false]);
  await updateUser(world, email, { plan: "business" });
  assert.deepEqual(await quotaOf(email), ["business", null, false]);
  await updateUser(world, email, { plan: "free", quotaBytes: null });
  assert.deepEqual(await quotaOf(email), ["free", null, true]);
});

test("an unknown plan is rejected with its field, and changes nothing", async () => {
  const refusal = {
    code: "invalid_field",
    field: "plan",
    message: /no plan "gold"\. The plans are business, free, plus/,
  };
  await assert.rejects(createTestUser(world, "refused@example.org", { plan: "gold" }), refusal);
  const { email } = await createTestUser(world, addressOf(), { plan: "free" });
  await assert.rejects(updateUser(world, email, { plan: "gold", quotaBytes: 5 }), refusal);
  assert.deepEqual(await quotaOf(email), ["free", 15 * gb, false]);
});

test("a changed plan changes all its accounts without their own quota", async () => {
  const { email: follows } = await createTestUser(world, addressOf(), { plan: "plus" });
  const { email: own } = await createTestUser(world, addressOf(), { plan: "plus", quotaBytes: 3 });
  const { email: other } = await createTestUser(world, addressOf(), { plan: "free" });
  assert.deepEqual(await writePlans(world.shards, { plans: { ...plans, plus: 5 * gb }, defaultPlan: "business" }), []);
  assert.deepEqual(await quotaOf(follows), ["plus", 5 * gb, false]);
  assert.deepEqual(await quotaOf(own), ["plus", 3, true]);
  assert.deepEqual(await quotaOf(other), ["free", 15 * gb, false]);
  await writePlans(world.shards, { plans, defaultPlan: "business" });
  assert.deepEqual(await quotaOf(follows), ["plus", 2000 * gb, false]);
});

test("a plan removed from the configuration stays for its accounts, but cannot be assigned", async () => {
  await writePlans(world.shards, { plans: { ...plans, gold: 9 * gb }, defaultPlan: "gold" });
  const { email } = await createTestUser(world, addressOf());
  assert.deepEqual(await quotaOf(email), ["gold", 9 * gb, false]);
  assert.deepEqual(await writePlans(world.shards, { plans, defaultPlan: "business" }), ["gold"]);
  assert.deepEqual(await quotaOf(email), ["gold", 9 * gb, false]);
  await assert.rejects(createTestUser(world, addressOf(), { plan: "gold" }), { code: "invalid_field", field: "plan" });
  await updateUser(world, email, { quotaBytes: 1 });
  await updateUser(world, email, { quotaBytes: "plan" });
  assert.deepEqual(await quotaOf(email), ["gold", 9 * gb, false]);
});

test("a start that died while quotas were changed is completed by the next", async () => {
  const { email } = await createTestUser(world, addressOf(), { plan: "plus" });
  const { db } = world.shards.ofId((await getUser(world, email)).id);
  await sql`update shard.plans set quota_bytes = 8, spread = false where name = 'plus'`.execute(db);
  await writePlans(world.shards, { plans: { ...plans, plus: 8 }, defaultPlan: "plus" });
  assert.deepEqual(await quotaOf(email), ["plus", 8, false]);
  assert.deepEqual((await sql`select from shard.plans where not spread`.execute(db)).rows, []);
  await writePlans(world.shards, { plans, defaultPlan: "business" });
});

test("an account that gets a plan during its change gets the new quota", async () => {
  const { email } = await createTestUser(world, addressOf(), { plan: "free" });
  const { db } = world.shards.ofId((await getUser(world, email)).id);
  const changed = { plans: { ...plans, plus: 6 }, defaultPlan: "business" };
  let writing: Promise<unknown> = Promise.resolve();
  await inTransaction(db, async (transaction) => {
    await takePlan(transaction, "plus");
    writing = writePlans(world.shards, changed);
    await waitForLock(db);
    await sql`update shard.users set plan = 'plus' where email = ${email}`.execute(transaction);
    await sql`update shard.spaces set quota_bytes = ${plans.plus} where id = (
      select space_id from shard.users where email = ${email})`.execute(transaction);
  });
  await writing;
  assert.deepEqual(await quotaOf(email), ["plus", 6, false]);
  await writePlans(world.shards, { plans, defaultPlan: "business" });
});

async function waitForLock(db: Kysely<ShardTables>): Promise<void> {
  for (let tries = 0; tries < 10_000; tries++) {
    const { rows } = await sql`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
    if (rows.length > 0) return;
  }
  throw new Error("nobody waits for a lock");
}

test("accounts from before plans keep their quotas", async () => {
  const database = await startTestDatabase({ fsync: false });
  const earlier = Object.fromEntries(Object.entries(shardMigrations.migrations).filter(([name]) => name < "094"));
  await migrate(database.connection, { ...shardMigrations, migrations: earlier }, silentLog);
  const { db, close } = openDatabase<ShardTables>({
    connection: database.connection,
    schema: "shard",
    applicationName: "test",
    log: silentLog,
  });
  const quotas = [null, 5, 0];
  const ids = await Promise.all(
    quotas.map(async (quota) => {
      const id = randomUUID();
      await sql`insert into shard.spaces (id, owner_id, root_id, epoch, quota_bytes, created_at)
        values (${id}, ${id}, ${id}, 'e', ${quota}, 0)`.execute(db);
      await sql`insert into shard.users (id, email, name, password_hash, admin, space_id, root_id, created_at)
        values (${id}, ${id}, 'Ann', '', false, ${id}, ${id}, 0)`.execute(db);
      return id;
    }),
  );
  await migrate(database.connection, shardMigrations, silentLog);
  await writePlans(
    { ...world.shards, all: () => [{ id: "old", db, primary: db, connection: {} }] },
    { plans, defaultPlan: "free" },
  );
  const { rows } = await sql`select u.plan, s.quota_bytes, s.quota_fixed from shard.users u
    join shard.spaces s on s.id = u.space_id order by array_position(${ids}::uuid[], u.id)`.execute(db);
  assert.deepEqual(rows, [
    { plan: "business", quota_bytes: null, quota_fixed: false },
    { plan: "business", quota_bytes: 5, quota_fixed: true },
    { plan: "business", quota_bytes: 0, quota_fixed: true },
  ]);
  await close();
  await database.stop();
});
