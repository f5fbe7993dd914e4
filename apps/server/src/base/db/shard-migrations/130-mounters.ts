import { type Kysely, sql } from "kysely";

/**
 * Why: a mount of a folder below the top of a share was only known on its account's shard, so it was not removed when
 * the folder was trashed.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- on the shard of the folder: who may have a mount that shows it. Only a pointer: the mounts decide
create table shard.mounters (
  space_id uuid not null,
  node_id uuid not null,
  user_id uuid not null,
  -- so that who finds it out of date takes away no newer one
  remembered_at int8 not null,
  primary key (space_id, node_id, user_id)
);
create index on shard.mounters (user_id);

-- of the mounts that are there already: by the queue, since their folders lie on other shards
insert into shard.messages (id, kind, payload, due_at, wanted_at)
select (substr(hex, 1, 8) || '-' || substr(hex, 9, 4) || '-8000' || substr(gen_random_uuid()::text, 19))::uuid,
  'mounts_review', json_build_object('userId', user_id, 'spaceId', target_space), 0, now_us
from (
  select distinct s.owner_id as user_id, n.target_space
  from shard.nodes n join shard.spaces s on s.id = n.space_id
  where n.kind = 'mount' and n.target_space is not null and n.purged_at is null
) mounted cross join (
  select lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::int8), 12, '0') as hex,
    (extract(epoch from clock_timestamp()) * 1000000)::int8 as now_us
) clock;
`,
    )
    .execute(db);
}
