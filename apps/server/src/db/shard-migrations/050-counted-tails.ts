import { type Kysely, sql } from "kysely";

/** Why: the ends of unfinished uploads took room that no quota bounded. They are part of `stored_bytes` now. */
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
