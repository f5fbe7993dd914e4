import { toHoldfastError } from "@holdfast/core/errors";
import { type Kysely, sql } from "kysely";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import type { ShreddingRow } from "../../base/db/shredding-tables.ts";
import type { ShredWorld } from "./shred-world.ts";

type Db = Kysely<ShardTables>;

/**
 * PostgreSQL keeps the bytes of deleted rows, so each table is rewritten with live rows only, and is locked for that
 * time. Statistics are renewed too, because they contain sample values.
 */
export async function cleanDatabase(
  world: ShredWorld,
  _row: ShreddingRow,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const { db } of world.shards.all()) {
    const waitsFor = await db.connection().execute((connection) => rewriteTables(world, connection, signal));
    if (waitsFor !== undefined) return waitsFor;
  }
  return undefined;
}

async function rewriteTables(world: ShredWorld, db: Db, signal: AbortSignal): Promise<string | undefined> {
  await sql`set statement_timeout = 0`.execute(db);
  await sql`set lock_timeout = ${sql.lit(`${lockMsMax}ms`)}`.execute(db);
  try {
    if (!(await waitForOlder(world, db, signal))) return "an older database transaction";
    for (const table of await listTables(db)) {
      signal.throwIfAborted();
      await sql`vacuum (full, analyze) ${sql.table(`shard.${table}`)}`.execute(db);
    }
    if (await mayRewriteStatistics(db)) await sql`vacuum full pg_catalog.pg_statistic`.execute(db);
    return undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code !== lockNotAvailable) throw error;
    world.log.info({ reason: toHoldfastError(error).message }, "a table that must be rewritten is in use");
    return "a database table that is in use";
  } finally {
    await sql`reset statement_timeout`.execute(db);
    await sql`reset lock_timeout`.execute(db);
  }
}

/** Short, because all other users of the table wait behind the lock. */
const lockMsMax = 5000;
const lockNotAvailable = "55P03";

const lookMs = 200;
const looksMax = 400;

/** Rows that an older transaction may still see are copied too. */
async function waitForOlder({ sleep }: ShredWorld, db: Db, signal: AbortSignal): Promise<boolean> {
  const { rows: own } = await sql<{ xid: string }>`
    select pg_current_xact_id()::xid::text as xid`.execute(db);
  const xid = own[0]?.xid ?? "0";
  for (let look = 0; look < looksMax; look += 1) {
    const { rows } = await sql`
      select from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()
        and (age(backend_xmin) > age(${xid}::xid) or age(backend_xid) > age(${xid}::xid)) limit 1`.execute(db);
    if (rows.length === 0) return true;
    await sleep(lookMs, signal);
  }
  return false;
}

async function listTables(db: Db): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class where relnamespace = 'shard'::regnamespace and relkind = 'r' order by relname`.execute(
    db,
  );
  return rows.map(({ name }) => name);
}

/** On an external database, only its administrators may have this right. */
async function mayRewriteStatistics(db: Db): Promise<boolean> {
  const { rows } = await sql<{ may: boolean }>`
    select rolsuper as may from pg_roles where rolname = current_user`.execute(db);
  return rows[0]?.may === true;
}
