import { limits } from "@holdfast/core/limits";
import { type Kysely, sql } from "kysely";
import type { ShardTables } from "../db/shard-tables.ts";

export interface Expiry {
  readonly db: Kysely<ShardTables>;
  readonly nowMicros: number;
}

const rowsAtOnce = 1000;

/** Index: messages_dead_age. @returns rows removed */
export async function expireDeadMessages({ db, nowMicros }: Expiry): Promise<number> {
  const before = nowMicros - limits.deadMessageLifetimeMs * 1000;
  for (let removed = 0; ;) {
    const { numAffectedRows = 0n } = await sql`
      delete from shard.messages where state = 'dead' and id = any(array(
        select id from shard.messages where state = 'dead' and died_at < ${before} order by died_at limit ${rowsAtOnce}
      ))`.execute(db);
    removed += Number(numAffectedRows);
    if (numAffectedRows < rowsAtOnce) return removed;
  }
}

/** Keeps tasks with a waiting message. Index: tasks_age. @returns rows removed */
export async function expireTasks({ db, nowMicros }: Expiry): Promise<number> {
  const before = nowMicros - limits.taskLifetimeMs * 1000;
  // Checks task by task: a planner without statistics would read all messages for `not exists`.
  for (let removed = 0; ;) {
    const { numAffectedRows = 0n } = await sql`
      delete from shard.tasks where id = any(array(
        select t.id from shard.tasks t
        where t.created_at < ${before} and (select true from shard.messages m where m.id = t.id) is null
        order by t.created_at limit ${rowsAtOnce}
      ))`.execute(db);
    removed += Number(numAffectedRows);
    if (numAffectedRows < rowsAtOnce) return removed;
  }
}
