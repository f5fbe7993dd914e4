import { HoldfastError } from "@holdfast/core/errors";
import { toBucket, type UserId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import type { PlanSettings } from "../../../base/config/plan-settings.ts";
import { inTransaction } from "../../../base/db/database.ts";
import type { PlanRow } from "../../../base/db/account-tables.ts";
import type { ShardTables } from "../../../base/db/shard-tables.ts";
import type { Shards } from "../../../base/db/shards.ts";
import { followPlans } from "./quotas.ts";

type Db = Kysely<ShardTables>;
type PlanJson = Pick<PlanRow, "name" | "quota_bytes" | "offered"> & { readonly default: boolean };

const spreadUsersMax = 500;

/**
 * Gives accounts of changed plans their new quota, in portions. After a kill, the next start continues with plans still
 * marked.
 * @returns plans in use but not configured; they stay unchanged
 */
export async function writePlans(shards: Shards, settings: PlanSettings): Promise<string[]> {
  for (const { db } of shards.all()) await inTransaction(db, (transaction) => writeRows(transaction, settings));
  // From here on nobody can get another plan, so a plan unused on all shards stays unused.
  const left = await leftPlans(shards);
  for (const { db } of shards.all()) {
    await sql`delete from shard.plans where not offered and name <> all(${left}::text[])`.execute(db);
    const { rows } = await sql<PlanRow>`select * from shard.plans where not spread order by name`.execute(db);
    for (const plan of rows) await spreadPlan(db, plan);
  }
  return left;
}

/** Plans are the same on every shard. */
export async function listPlans(shards: Shards): Promise<PlanJson[]> {
  const rows = await shards.of(toBucket(0)).db.selectFrom("shard.plans").selectAll().orderBy("name").execute();
  return rows.map(({ name, quota_bytes, offered, is_default }) => ({
    name,
    quota_bytes,
    offered,
    default: is_default,
  }));
}

/** Keeps plans unchanged until the transaction ends, so that an account gets its plan's current quota. */
export async function holdPlans(transaction: Db): Promise<PlanRow[]> {
  const { rows } = await sql<PlanRow>`select * from shard.plans order by name for share`.execute(transaction);
  return rows;
}

/** Holds all plans, see `holdPlans`. @throws HoldfastError invalid_field for a plan that is not offered */
export async function takePlan(transaction: Db, name: string | undefined): Promise<PlanRow> {
  const rows = await holdPlans(transaction);
  const plan = rows.find((row) => row.offered && (name === undefined ? row.is_default : row.name === name));
  if (plan !== undefined) return plan;
  const offered = rows.flatMap((row) => (row.offered ? [row.name] : []));
  throw new HoldfastError(
    "invalid_field",
    `There is no plan ${JSON.stringify(name)}. The plans are ${offered.join(", ")}.`,
    {
      field: "plan",
    },
  );
}

/** Locks the table against other starts, and against requests that give a plan. */
async function writeRows(transaction: Db, { plans, defaultPlan }: PlanSettings): Promise<void> {
  await sql`lock table shard.plans in exclusive mode`.execute(transaction);
  const given = JSON.stringify(
    Object.entries(plans).map(([name, quota_bytes]) => ({ name, quota_bytes, is_default: name === defaultPlan })),
  );
  await sql`
    insert into shard.plans as plan (name, quota_bytes, is_default)
    select name, quota_bytes, is_default
    from jsonb_to_recordset(${given}::jsonb) as given (name text, quota_bytes int8, is_default boolean) order by name
    on conflict (name) do update set quota_bytes = excluded.quota_bytes, is_default = excluded.is_default,
      offered = true, spread = plan.spread and plan.quota_bytes is not distinct from excluded.quota_bytes
    where (plan.quota_bytes, plan.is_default, plan.offered)
      is distinct from (excluded.quota_bytes, excluded.is_default, true)`.execute(transaction);
  const names = Object.keys(plans);
  await sql`update shard.plans set offered = false, is_default = false
    where offered and name <> all(${names}::text[])`.execute(transaction);
}

/** Indexes: `users_plan` for accounts' own plans, `memberships_plan` for those of groups. */
async function spreadPlan(db: Db, { name, quota_bytes: quotaBytes }: PlanRow): Promise<void> {
  for (let last: UserId | null = null; ;) {
    const { rows }: { rows: { id: UserId }[] } = await sql<{ id: UserId }>`
      select id from (
        (select id from shard.users where plan = ${name} and (${last}::uuid is null or id > ${last}::uuid)
          order by id limit ${spreadUsersMax})
        union
        (select distinct user_id from shard.memberships
          where plan = ${name} and (${last}::uuid is null or user_id > ${last}::uuid)
          order by user_id limit ${spreadUsersMax})
      ) had order by id limit ${spreadUsersMax}`.execute(db);
    const ids = rows.map(({ id }) => id);
    await inTransaction(db, (transaction) => followPlans(transaction, ids));
    last = ids.at(-1) ?? null;
    if (ids.length < spreadUsersMax) break;
  }
  // A plan that another start changed meanwhile is spread by that start.
  await sql`update shard.plans set spread = true
    where name = ${name} and quota_bytes is not distinct from ${quotaBytes}`.execute(db);
}

/** A plan in use on one shard stays on all: members may get a group's plan anywhere. */
async function leftPlans(shards: Shards): Promise<string[]> {
  const left = new Set<string>();
  for (const { db } of shards.all()) {
    const { rows } = await sql<{ name: string }>`
      select name from shard.plans p where not offered and (
        exists (select from shard.users u where u.plan = p.name)
        or exists (select from shard.groups g where g.plan = p.name)
        or exists (select from shard.memberships m where m.plan = p.name))`.execute(db);
    for (const { name } of rows) left.add(name);
  }
  return [...left].toSorted();
}
