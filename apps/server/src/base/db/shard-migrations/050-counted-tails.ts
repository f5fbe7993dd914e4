import { type Kysely, sql } from "kysely";

/** Why: the tails of unfinished uploads had no limit. They are now part of `stored_bytes`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
update shard.spaces s set stored_bytes = s.stored_bytes + tails.bytes
from (select space_id, sum(size) as bytes from shard.upload_tail group by space_id) tails where tails.space_id = s.id;
`,
    )
    .execute(db);
}
