import { type Kysely, sql } from "kysely";

/**
 * Why: depth and path limits were only checked for a moved node itself, so moves could build trees of any depth. Each
 * folder stores the maximum reach below it. Trees that are too deep keep their shape.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- of a folder: names on the way to the deepest node below it, and bytes of the longest way, each at least what they are
alter table shard.nodes add column names_below int4 not null default 0;
alter table shard.nodes add column bytes_below int4 not null default 0;

-- from the leaves upwards: each round tells the parents of the folders that the round before has changed
do $$
begin
  create temporary table reach on commit drop as
    select space_id, parent_id as id, 1 as names, max(1 + octet_length(name)) as bytes
    from shard.nodes where parent_id is not null group by space_id, parent_id;
  loop
    create temporary table next_reach on commit drop as
      with changed as (
        update shard.nodes n
        set names_below = greatest(n.names_below, r.names), bytes_below = greatest(n.bytes_below, r.bytes)
        from reach r
        where n.space_id = r.space_id and n.id = r.id and (n.names_below < r.names or n.bytes_below < r.bytes)
        returning n.space_id, n.parent_id, n.name, n.names_below, n.bytes_below
      )
      select space_id, parent_id as id, max(1 + names_below) as names, max(1 + octet_length(name) + bytes_below) as bytes
      from changed where parent_id is not null group by space_id, parent_id;
    drop table reach;
    alter table next_reach rename to reach;
    exit when not exists (select from reach);
  end loop;
end
$$;
`,
    )
    .execute(db);
}
