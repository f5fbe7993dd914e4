import { sql } from "kysely";
import type { ShardQueries } from "../../base/db/shard-tables.ts";

/** Indexes: messages_next_of_key, messages_running_of_key. @returns true for waiting, running and dead messages */
export async function isMessageStored(reader: ShardQueries, kind: string, key: string): Promise<boolean> {
  const { rows } = await sql`
    (select from shard.messages where kind = ${kind} and key = ${key} and state <> 'running')
    union all
    (select from shard.messages where kind = ${kind} and key = ${key} and state = 'running')`.execute(reader);
  return rows.length > 0;
}
