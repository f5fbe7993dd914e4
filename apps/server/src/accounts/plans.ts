import { HoldfastError } from "@holdfast/core/errors";
import { toBucket, type UserId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { inTransaction } from "../db/database.ts";
import type { PlanRow } from "../db/account-tables.ts";
import type { ShardTables } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";
import { followPlans } from "./quotas.ts";

/** What the configuration says of plans. */
export interface PlanSettings {
  /** Bytes that an account may keep, by the plan's name; null: no limit. */
  readonly plans: Readonly<Record<string, number | null>>;
  /** Of new accounts; one of them. */
  readonly defaultPlan: string;
}

type Db = Kysely<ShardTables>;
type PlanJson = Pick<PlanRow, "name" | "quota_bytes" | "offered"> & { readonly default: boolean };

/** So many accounts get their new quota in one transaction. */
const spreadUsersMax = 500;

/**
 * Writes the plans of the configuration on every shard, and gives the accounts of those that changed their new quota, in
 * portions: a start that is killed on the way leaves the plan marked, and the next one goes on.
 * @returns plans that accounts or groups have and the configuration does not name; they stand as they were
 */
export async function writePlans(shards: Shards, settings: PlanSettings): Promise<string[]> {
  for (const { db } of shards.all()) await inTransaction(db, (transaction) => writeRows(transaction, settings));
  // From here on nobody gets any other, so that what nobody has now on any shard nobody will have.
  const left = await leftPlans(shards);
  for (const { db } of shards.all()) {
    await sql`delete from shard.plans where not offered and name <> all(${left}::text[])`.execute(db);
    const { rows } = await sql<PlanRow>`select * from shard.plans where not spread order by name`.execute(db);
    for (const plan of rows) await spreadPlan(db, plan);
  }
  return left;
}

/** The same on every shard, so that of bucket 0 speaks for all. */
export async function listPlans(shards: Shards): Promise<PlanJson[]> {
  const rows = await shards.of(toBucket(0)).db.selectFrom("shard.plans").selectAll().orderBy("name").execute();
  return rows.map(({ name, quota_bytes, offered, is_default }) => ({
    name,
    quota_bytes,
    offered,
    default: is_default,
  }));
}

/** Until the transaction ends no start changes what plans give, so that whoever gets one now has what it gives then. */
export async function holdPlans(transaction: Db): Promise<PlanRow[]> {
  const { rows } = await sql<PlanRow>`select * from shard.plans order by name for share`.execute(transaction);
  return rows;
}

/**
 * The plan of this name, or the one that new accounts get, held like all of them.
 * @throws HoldfastError invalid_field for one that is not offered
 */
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

/** The table is locked against the starts of other servers, and against whoever is about to get one of the plans. */
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

/** Own plans by users_plan, those of groups by memberships_plan. */
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
  // What another start has changed since, that one spreads.
  await sql`update shard.plans set spread = true
    where name = ${name} and quota_bytes is not distinct from ${quotaBytes}`.execute(db);
}

/** A group's members may be told of its plan on any shard, so what is had on one stands on all. */
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
