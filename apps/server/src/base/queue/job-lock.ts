import { type Kysely, type RawBuilder, sql } from "kysely";
import type { ShardTables } from "../db/shard-tables.ts";

/** First half of the lock's key: ASCII "hold". */
const lockSpace = 0x686f6c64;

/** Key of the advisory lock with which one process runs a periodic job, on the shard of bucket 0. */
export function jobLockKey(name: string): RawBuilder<unknown> {
  return sql`${lockSpace}::int, hashtext(${name})`;
}

/** True while a process runs the job, also behind a connection pooler that hides the process. */
export async function isJobLocked(db: Kysely<ShardTables>, name: string): Promise<boolean> {
  const { rows } = await sql`
    select from pg_locks l join pg_database d on d.oid = l.database
    where d.datname = current_database() and l.locktype = 'advisory' and l.granted
      and l.classid = ${lockSpace}::oid and l.objid::int8 = hashtext(${name})::int8 & 4294967295 limit 1`.execute(db);
  return rows.length > 0;
}
