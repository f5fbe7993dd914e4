import { type Kysely, sql } from "kysely";

/** Why: only this row remains of a shredded account: its id and the progress. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- on the shard of the account; stays for good, and has nothing but ids and counts once it is done
create table shard.shreddings (
  user_id uuid primary key,
  space_id uuid not null,
  step text not null,
  -- what keeps the step from going on; null: nothing
  waits_for text,
  -- JSON: what is needed until it is done and is gone with the rows that it is about, such as the address
  known jsonb,
  -- JSON: how much there was of it
  figures jsonb not null,
  asked_at int8 not null,
  done_at int8
);
create index shreddings_running on shard.shreddings (asked_at) where done_at is null;
-- those of spaces whose owner is known no more
create unique index shreddings_space on shard.shreddings (space_id);
`,
    )
    .execute(db);
}
