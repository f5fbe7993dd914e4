import type { Sleep } from "@holdfast/object-store/call-signal";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";

type Db = Kysely<CellTables>;

/** @returns the start of a log file without earlier data */
export async function beginLogFile(db: Db): Promise<string> {
  await nextFile(db);
  const { rows } = await sql<{ lsn: string }>`select pg_current_wal_lsn()::text as lsn`.execute(db);
  return rows[0]?.lsn ?? "0/0";
}

/**
 * PostgreSQL renames finished log files and overwrites them later. This deletes those before that position, and
 * overwrites the prepared ones.
 * @returns false while the backup still needs some
 */
export async function cleanLog(db: Db, from: string, sleep: Sleep, signal: AbortSignal): Promise<boolean> {
  if (!(await isBroughtAway(db, from, sleep, signal))) return false;
  await db.connection().execute(async (connection) => {
    await sql`alter system set wal_recycle = off`.execute(connection);
    await sql`select pg_reload_conf()`.execute(connection);
    try {
      for (let ready = await countReady(connection); ready >= 0; ready -= 1) {
        signal.throwIfAborted();
        await nextFile(connection);
      }
      await sql`checkpoint`.execute(connection);
    } finally {
      await sql`alter system reset wal_recycle`.execute(connection);
      await sql`select pg_reload_conf()`.execute(connection);
    }
  });
  return true;
}

const lookMs = 500;
/** More than a minute, which is the interval of copies to the backup. */
const looksMax = 200;

async function isBroughtAway(db: Db, from: string, sleep: Sleep, signal: AbortSignal): Promise<boolean> {
  for (let look = 0; look < looksMax; look += 1) {
    const { rows } = await sql`
      select from pg_replication_slots where restart_lsn < ${from}::pg_lsn and wal_status <> 'lost' limit 1`.execute(
      db,
    );
    if (rows.length === 0) return true;
    await sleep(lookMs, signal);
  }
  return false;
}

/** Without new writes, a switch has no effect. The rest of the file is filled with zeros. */
async function nextFile(db: Db): Promise<void> {
  await sql`select pg_logical_emit_message(false, 'holdfast', '')`.execute(db);
  await sql`select pg_switch_wal()`.execute(db);
}

/** Prepared files after the current one. */
async function countReady(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from pg_ls_waldir()
    where name ~ '^[0-9A-F]{24}$' and name > pg_walfile_name(pg_current_wal_lsn())`.execute(db);
  return rows[0]?.count ?? 0;
}
