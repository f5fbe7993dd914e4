import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { type RawBuilder, sql } from "kysely";
import { uuidArray } from "../../db/array-parameters.ts";
import type { NodeRow } from "../../db/shard-tables.ts";
import type { Shard } from "../../db/shards.ts";

/**
 * Of a node above only its place is of use: a thousand nodes may have 127,000 above them, each with 16 KiB of metadata. Both kinds come
 * in one answer, so what is left out has its type.
 */
const columnsAbove: Readonly<Record<keyof NodeRow, string>> = {
  space_id: "space_id",
  id: "id",
  parent_id: "parent_id",
  name: "name",
  name_key: `''::text collate "C"`,
  kind: "kind",
  target: "null::text",
  head_version: "null::uuid",
  version_number: "null::int8",
  content_id: "null::bytea",
  size: "0::int8",
  modified_at: "0::int8",
  executable: "false",
  revision: "''::text",
  seq: "0::int8",
  trashed_at: "trashed_at",
  purged_at: "purged_at",
  metadata: "null::jsonb",
  weight: "0::int4",
  names_below: "0::int4",
  bytes_below: "0::int4",
  device_id: "null::uuid",
  operation_id: "null::bytea",
  created_at: "0::int8",
  updated_at: "0::int8",
  shared: "false",
  editors_can_share: "editors_can_share",
  target_space: "null::uuid",
};
export const nodeColumns = sql.raw(Object.keys(columnsAbove).join(", "));
export const placeColumns = sql.raw(
  Object.entries(columnsAbove)
    .map(([name, value]) => `${value} as ${name}`)
    .join(", "),
);

/**
 * The rows of these nodes and of all above them; one of both kinds comes twice. Served by the primary key, one step an ancestor:
 * `union` visits each once, and the nodes themselves, of which there may be many in few folders, are read outside of the walk. The
 * planner takes a walk up for far longer than it is, and would read the whole table instead: `offset 0` keeps it to single look-ups.
 */
export async function readLineages<Row>(
  shard: Pick<Shard, "db">,
  spaceId: SpaceId,
  ids: readonly NodeId[],
  columns: RawBuilder<unknown>,
  higherColumns = columns,
): Promise<Row[]> {
  const own = sql`select ${columns} from shard.nodes where space_id = ${spaceId}`;
  const higher = sql`select ${higherColumns} from shard.nodes where space_id = ${spaceId}`;
  const { rows } = await sql<Row>`
    with recursive asked as materialized (
      select n.* from unnest(${uuidArray(ids)}) as asked (id) cross join lateral (${own} and id = asked.id offset 0) n
    ), above as (
      select p.* from (select distinct parent_id as id from asked) as folder
      cross join lateral (${higher} and id = folder.id offset 0) p
      union
      select p.* from above cross join lateral (${higher} and id = above.parent_id offset 0) p
    )
    select * from asked union all select * from above`.execute(shard.db);
  return rows;
}

/** The same of nodes in several spaces; one may be asked for in each. */
export async function readLineagesIn(
  shard: Pick<Shard, "db">,
  asked: readonly { readonly spaceId: SpaceId; readonly id: NodeId }[],
): Promise<NodeRow[]> {
  const own = sql`select ${nodeColumns} from shard.nodes where space_id =`;
  const higher = sql`select ${placeColumns} from shard.nodes where space_id =`;
  const { rows } = await sql<NodeRow>`
    with recursive asked as materialized (
      select n.* from unnest(${uuidArray(asked.map(({ spaceId }) => spaceId))}, ${uuidArray(asked.map(({ id }) => id))})
        as asked (space_id, id) cross join lateral (${own} asked.space_id and id = asked.id offset 0) n
    ), above as (
      select p.* from (select distinct space_id, parent_id as id from asked) as folder
      cross join lateral (${higher} folder.space_id and id = folder.id offset 0) p
      union
      select p.* from above cross join lateral (${higher} above.space_id and id = above.parent_id offset 0) p
    )
    select * from asked union all select * from above`.execute(shard.db);
  return rows;
}
