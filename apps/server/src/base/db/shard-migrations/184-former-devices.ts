import { type Kysely, sql } from "kysely";

/**
 * Why: history names the device of each change, and the name of a stolen laptop is needed most after it was signed out.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- on the shard of the account: names of devices that are no longer signed in
create table shard.former_devices (
  user_id uuid not null,
  device_id uuid not null,
  name text not null,
  removed_at int8 not null,
  primary key (user_id, device_id)
);
insert into shard.former_devices (user_id, device_id, name, removed_at)
select user_id, device_id, name, asked_at from shard.clearings;
`,
    )
    .execute(db);
}
