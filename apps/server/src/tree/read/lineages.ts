import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { type RawBuilder, sql } from "kysely";
import { uuidArray, uuidKeys } from "../../base/db/array-parameters.ts";
import { keyed } from "../../base/db/database.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { ReadShard } from "../../base/db/shards.ts";

const columnTypes: Readonly<Record<keyof NodeRow, string>> = {
  space_id: "uuid",
  id: "uuid",
  parent_id: "uuid",
  name: "text",
  name_key: "text",
  kind: "text",
  target: "text",
  head_version: "uuid",
  version_number: "int8",
  content_id: "bytea",
  size: "int8",
  modified_at: "int8",
  executable: "boolean",
  private: "boolean",
  revision: "text",
  seq: "int8",
  trashed_at: "int8",
  purged_at: "int8",
  metadata: "jsonb",
  weight: "int4",
  names_below: "int4",
  bytes_below: "int4",
  device_id: "uuid",
  operation_id: "bytea",
  created_at: "int8",
  updated_at: "int8",
  shared: "boolean",
  editors_can_share: "boolean",
  target_space: "uuid",
};
export const nodeColumns = sql.raw(Object.keys(columnTypes).join(", "));
/**
 * A node that is also an ancestor is returned twice. `union` visits each ancestor once. `offset 0` forces single
 * look-ups, because the planner overestimates the recursion.
 */
export async function readLineages<Row>(
  shard: Pick<ReadShard, "db">,
  spaceId: SpaceId,
  ids: readonly NodeId[],
  columns: RawBuilder<unknown>,
): Promise<Row[]> {
  const node = sql`select ${columns} from shard.nodes where space_id = ${spaceId}`;
  const { rows } = await sql<Row>`
    with recursive asked as materialized (
      select n.* from unnest(${uuidArray(ids)}) as asked (id) cross join lateral (${node} and id = asked.id offset 0) n
    ), above as (
      select p.* from (select distinct parent_id as id from asked) as folder
      cross join lateral (${node} and id = folder.id offset 0) p
      union
      select p.* from above cross join lateral (${node} and id = above.parent_id offset 0) p
    )
    select * from asked union all select * from above`.execute(shard.db);
  return rows;
}

/** A thousand nodes may have 127,000 ancestors, each with 16 KiB of metadata. */
export interface PlaceRow {
  readonly space_id: SpaceId;
  readonly id: NodeId;
  readonly parent_id: NodeId | null;
  readonly name: string;
  readonly seq: number;
  readonly trashed_at: number | null;
  readonly purged_at: number | null;
}

/**
 * The whole result as one value. The driver takes longer to read separate columns and rows than the database to find
 * them.
 */
export interface FoundRow {
  readonly found: {
    readonly asked: readonly NodeJsonRow[] | null;
    readonly above: AboveLists;
  };
}

/** In JSON, bytes are text: `\\x` and two digits each. */
type NodeJsonRow = Omit<NodeRow, "content_id" | "operation_id"> & {
  readonly content_id: string | null;
  readonly operation_id: string | null;
};

interface AboveLists {
  /** Ids separated by commas; null if there are no nodes above. */
  readonly spaces: string | null;
  readonly ids: string | null;
  readonly parents: string | null;
  readonly names: readonly string[] | null;
  readonly seqs: string | null;
  readonly trashed: readonly (number | null)[] | null;
  readonly purged: readonly (number | null)[] | null;
}

/** An ancestor that was requested is in both lists. */
export interface Places {
  readonly asked: readonly NodeRow[];
  readonly above: readonly PlaceRow[];
}

/** Reads nodes of several spaces. An id may be requested in more than one space. */
export async function readPlaces(
  shard: Pick<ReadShard, "db">,
  asked: readonly { readonly spaceId: SpaceId; readonly id: NodeId }[],
): Promise<Places> {
  const wanted = sql`unnest(${uuidKeys(asked.map(({ spaceId }) => spaceId))}, ${uuidKeys(asked.map(({ id }) => id))})`;
  const { rows } = await sql<FoundRow>`
    with recursive ${placeParts(sql`${wanted} as wanted (space_id, id)`)} select ${foundColumn()} ${keyed}`.execute(
    shard.db,
  );
  return placesOf(rows);
}

/**
 * Returns the parts `asked` and `above` of a recursive statement that finds places. `any` of one value still uses the
 * key, and prevents a scan of the whole table at less cost than `offset 0`.
 * @param wanted rows of space_id and id, named `wanted`
 */
export function placeParts(wanted: RawBuilder<unknown>): RawBuilder<unknown> {
  const places = sql`p.space_id, p.id, p.parent_id, p.name, p.seq, p.trashed_at, p.purged_at from`;
  return sql`asked as materialized (
      select n.* from ${wanted}
      cross join lateral (select ${nodeColumns} from shard.nodes where space_id = wanted.space_id and id = wanted.id offset 0) n
    ), above as (
      select ${places} (select distinct space_id, parent_id as id from asked) as folder
      join shard.nodes p on p.space_id = any(array[folder.space_id]) and p.id = any(array[folder.id])
      union
      select ${places} above join shard.nodes p on p.space_id = any(array[above.space_id]) and p.id = any(array[above.parent_id])
    )`;
}

/** @param beside further members of the JSON object, after a comma */
export function foundColumn(beside = sql``): RawBuilder<unknown> {
  return sql`json_build_object('asked', (select json_agg(asked) from asked), 'above', (
      select json_build_object('spaces', string_agg(space_id::text, ','), 'ids', string_agg(id::text, ','),
        'parents', string_agg(coalesce(parent_id::text, ''), ','), 'names', json_agg(name),
        'seqs', string_agg(seq::text, ','),
        'trashed', json_agg(trashed_at), 'purged', json_agg(purged_at)) from above)${beside}) as found`;
}

export function placesOf([row]: readonly FoundRow[]): Places {
  if (row === undefined) return { asked: [], above: [] };
  return { asked: (row.found.asked ?? []).map(nodeOf), above: listsToRows(row.found.above) };
}

function nodeOf(row: NodeJsonRow): NodeRow {
  return { ...row, content_id: bytesOf(row.content_id), operation_id: bytesOf(row.operation_id) };
}

function bytesOf(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text.slice(2), "hex");
}

function listsToRows({ spaces, ids, parents, names, seqs, trashed, purged }: AboveLists): PlaceRow[] {
  const spaceIds = spaces?.split(",") ?? [];
  const parentIds = parents?.split(",");
  const changed = seqs?.split(",");
  return (ids?.split(",") ?? []).map((id, index) => ({
    space_id: spaceIds[index] as SpaceId,
    id: id as NodeId,
    parent_id: (parentIds?.[index] || null) as NodeId | null,
    name: names?.[index] ?? "",
    seq: Number(changed?.[index]),
    trashed_at: trashed?.[index] ?? null,
    purged_at: purged?.[index] ?? null,
  }));
}
