import { HoldfastError } from "@holdfast/core/errors";
import pg from "pg";
import { type BucketRange, isInRange, movedTables, tablePlaces } from "../../base/db/bucket-columns.ts";
import { isMigrated, migrate } from "../../base/db/migrate.ts";
import { shardMigrations } from "../../base/db/shard-migrations/index.ts";
import type { DatabaseLog } from "../../base/db/database-log.ts";
import type { Databases, Shard } from "../../base/db/shards.ts";
import { movedBuckets } from "../../base/db/shard-map.ts";
import { tryToSubscribe } from "./replication.ts";
import { withSession } from "./session.ts";

export interface WantedMove {
  readonly buckets: BucketRange;
  readonly to: string;
}

export interface MovePlan {
  readonly from: Shard;
  readonly target: Shard;
  readonly accounts: number;
  /** Size of the tables by the share of the accounts, an estimate. */
  readonly bytes: number;
}

/**
 * Checks that the move can begin, and changes nothing. The tables of the new shard need not exist.
 * @throws HoldfastError invalid_field, not_found or conflict that says what prevents the move
 */
export async function planMove(databases: Databases, wanted: WantedMove): Promise<MovePlan> {
  const target = targetOf(databases, wanted.to);
  const from = sourceOf(databases, wanted);
  return withSession(from.connection, (source) =>
    withSession(target.connection, async (session) => {
      await assertCanPublish(source, from.id);
      await assertCanSubscribe(session, target.id);
      await assertEmpty(session, target.id);
      await tryToSubscribe(session, from.connection).catch((error: unknown) => {
        throw unable(target.id, `it cannot subscribe to ${from.id} (${(error as Error).message})`);
      });
      return { from, target, ...(await measure(source, wanted.buckets)) };
    }),
  );
}

/** Makes the tables of a new shard. @throws HoldfastError not_found, conflict if it is in use */
export async function addShard(databases: Databases, id: string, log: DatabaseLog): Promise<Shard> {
  const shard = targetOf(databases, id);
  if (!(await isMigrated(shard.db, shardMigrations))) await migrate(shard.connection, shardMigrations, log);
  await withSession(shard.connection, async (session) => {
    await assertCanSubscribe(session, id);
    await assertEmpty(session, id);
  });
  return shard;
}

function targetOf(databases: Databases, id: string): Shard {
  const target = databases.shard(id);
  if (target === undefined) {
    throw new HoldfastError(
      "not_found",
      `There is no shard ${id}. Add it to HOLDFAST_TOPOLOGY of each server, with "buckets": [] and its database_url.`,
    );
  }
  if (databases.shards.all().includes(target)) {
    throw new HoldfastError(
      "conflict",
      `The shard ${id} already has buckets. Buckets move to a new shard, which can be another database of the same PostgreSQL.`,
    );
  }
  return target;
}

function sourceOf(databases: Databases, { buckets: [first, last] }: WantedMove): Shard {
  if (first > last) throw invalid("The first bucket of the range is greater than its last.");
  if (first === 0)
    throw invalid("Bucket 0 contains the server's own records and stays on its shard. Begin the range at 1.");
  const owner = Object.entries(databases.assigned()).find(([, ranges]) =>
    ranges.some(([from, until]) => from <= first && last <= until),
  );
  const shard = owner === undefined ? undefined : databases.shard(owner[0]);
  if (shard === undefined)
    throw invalid(`Buckets ${first} to ${last} are not in one range of one shard. Move them in parts.`);
  const left = movedBuckets(databases.assigned(), { buckets: [first, last], to: "" })[shard.id];
  // Its audit entries and messages stay with it.
  if (left?.length === 0) throw invalid(`The shard ${shard.id} has to keep at least one bucket.`);
  return shard;
}

async function assertCanPublish(source: pg.Client, id: string): Promise<void> {
  const { rows } = await source.query<Record<"level" | "version" | "slots" | "senders", string> & { may: boolean }>(
    `select current_setting('wal_level') as level, current_setting('server_version_num') as version,
      current_setting('max_replication_slots')::int8 - (select count(*) from pg_replication_slots) as slots,
      current_setting('max_wal_senders')::int8 - (select count(*) from pg_stat_replication) as senders,
      (select rolsuper or rolreplication from pg_roles where rolname = current_user) as may`,
  );
  const [found] = rows;
  if (found?.level !== "logical") throw unable(id, "set wal_level = logical and restart PostgreSQL");
  if (Number(found.version) < 150_000) throw unable(id, "upgrade PostgreSQL to version 15 or later");
  if (!found.may) throw unable(id, "give its role the attribute REPLICATION");
  if (Number(found.slots) < slotsMin) throw unable(id, "increase max_replication_slots");
  if (Number(found.senders) < slotsMin) throw unable(id, "increase max_wal_senders");
}

/** One for the subscription, and two for tables that are copied at the same time. */
const slotsMin = 3;

async function assertCanSubscribe(target: pg.Client, id: string): Promise<void> {
  const { rows } = await target.query<{ version: string; may: boolean }>(
    `select current_setting('server_version_num') as version, (select rolsuper from pg_roles where rolname = current_user)
      or coalesce((select pg_has_role(oid, 'usage') from pg_roles where rolname = 'pg_create_subscription'), false) as may`,
  );
  const [found] = rows;
  if (Number(found?.version) < 150_000) throw unable(id, "upgrade PostgreSQL to version 15 or later");
  if (found?.may !== true)
    throw unable(id, "grant its role pg_create_subscription (before PostgreSQL 16: make it a superuser)");
}

/** A database of another server, or of a server's earlier time, must not be mixed with this one. */
async function assertEmpty(target: pg.Client, id: string): Promise<void> {
  const { rows: made } = await target.query<{ there: boolean }>(
    "select to_regclass('shard.users') is not null as there",
  );
  if (made[0]?.there !== true) return;
  const { rows: existing } = await target.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = 'shard'::regnamespace and relkind = 'r'",
  );
  const names = existing
    .map(({ name }) => name)
    .filter((name) => (tablePlaces as Record<string, unknown>)[name] !== "stays");
  for (const name of names) {
    const { rows } = await target.query(`select from shard.${pg.escapeIdentifier(name)} limit 1`);
    if (rows.length > 0)
      throw new HoldfastError(
        "conflict",
        `The database of the shard ${id} already has rows in ${name}. Use an empty one.`,
      );
  }
}

async function measure(source: pg.Client, buckets: BucketRange): Promise<Pick<MovePlan, "accounts" | "bytes">> {
  const users = movedTables.find(({ table }) => table === "users");
  if (users === undefined) throw new Error("The table of accounts does not move.");
  const sizes = movedTables.map(({ table }) => `pg_total_relation_size('shard.${table}')`).join(" + ");
  const { rows } = await source.query<{ moving: string; accounts: string; bytes: string }>(
    `select count(*) filter (where ${isInRange(users, buckets)}) as moving, count(*) as accounts, ${sizes} as bytes from shard.users`,
  );
  const { moving = 0, accounts = 0, bytes = 0 } = rows[0] ?? {};
  return {
    accounts: Number(moving),
    bytes: Math.ceil((Number(bytes) * Number(moving)) / Math.max(1, Number(accounts))),
  };
}

function unable(id: string, advice: string): HoldfastError {
  return new HoldfastError("conflict", `The database of the shard ${id} cannot take part in a move: ${advice}.`);
}

function invalid(message: string): HoldfastError {
  return new HoldfastError("invalid_field", message, { field: "buckets" });
}
