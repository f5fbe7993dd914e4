import { type Kysely, sql } from "kysely";

/**
 * Why: folders, links, names, metadata and block lists had no limit. Each node stores its weight, so that exactly the
 * added amount is subtracted later. Versions, segments and upload sessions derive theirs from their rows.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
alter table shard.spaces add column metadata_bytes int8 not null default 0;
-- as a generated column first, which writes the table once; an update of all rows would leave it twice as large
alter table shard.nodes add column weight int4 generated always as
  (512 + octet_length(name) + coalesce(octet_length(target), 0) + coalesce(octet_length(metadata::text), 0)) stored;
alter table shard.nodes alter column weight drop expression;
alter table shard.nodes alter column weight set default 512;
alter table shard.nodes alter column weight set not null;

-- copies that were never attached to their tree never counted
with recursive detached (space_id, id) as (
  select n.space_id, n.id from shard.nodes n join shard.spaces s on s.id = n.space_id
  where n.parent_id is null and n.id <> s.root_id
  union all
  select child.space_id, child.id from detached d
  join shard.nodes child on child.space_id = d.space_id and child.parent_id = d.id
), weights (space_id, weight) as (
  select n.space_id, n.weight from shard.nodes n
  where not exists (select from detached d where d.space_id = n.space_id and d.id = n.id)
  union all
  select v.space_id, 512 + coalesce(octet_length(v.manifest), 0) + coalesce(octet_length(v.segments), 0)
  from shard.versions v where not exists (select from detached d where d.space_id = v.space_id and d.id = v.node_id)
  union all
  select space_id, 512 + octet_length(entries) from shard.segments
  union all
  select space_id, 512 + octet_length(request::text) from shard.upload_sessions
)
update shard.spaces s set metadata_bytes = total.bytes
from (select space_id, sum(weight) as bytes from weights group by space_id) total where total.space_id = s.id;
`,
    )
    .execute(db);
}
