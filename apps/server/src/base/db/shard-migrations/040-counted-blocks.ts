import { type Kysely, sql } from "kysely";

/**
 * Why: `stored_bytes` never decreased, so a space that once stored four times its quota accepted nothing more. It now
 * counts blocks that are referenced or recent. Each row records whether it is counted, so that it is added and
 * subtracted exactly once.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
alter table shard.space_blocks add column counted boolean not null default true;
update shard.space_blocks set counted = false where refs = 0;
alter table shard.space_blocks add constraint space_blocks_referenced_counted check (refs = 0 or counted);
-- staged and counted, for the job that lets them count no more
drop index shard.space_blocks_unreferenced;
create index space_blocks_staged on shard.space_blocks (since) where refs = 0 and counted;
update shard.spaces s set stored_bytes =
  coalesce((select sum(size) from shard.space_blocks b where b.space_id = s.id and b.counted), 0);
`,
    )
    .execute(db);
}
