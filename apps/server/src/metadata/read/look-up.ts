import { HoldfastError } from "@holdfast/core/errors";
import { isId, type NodeId, type SpaceId } from "@holdfast/core/ids";
import { joinPath, nameKey, splitPath } from "@holdfast/core/names";
import { type RawBuilder, sql } from "kysely";
import type { Actor } from "../actor.ts";
import { textArray, uuidArray } from "../../db/array-parameters.ts";
import type { NodeRow } from "../../db/shard-tables.ts";
import type { Shard, Shards } from "../../db/shards.ts";
import type { Role } from "../../rights/roles.ts";

/** A node with the place in the tree that its row alone does not know. */
export interface PlacedNode {
  /** `trashed_at` is that of the nearest trashed ancestor, if the node itself is not trashed. */
  readonly row: NodeRow;
  readonly path: string;
  /** What the caller may do with it. */
  readonly role: Role;
}

export function childOf(folder: PlacedNode, row: NodeRow): PlacedNode {
  return { ...folder, row, path: folder.path === "/" ? `/${row.name}` : `${folder.path}/${row.name}` };
}

/** What `root` and an id mean to this caller, or undefined for text that is no id. */
export function readNodeId(caller: Actor, text: string): NodeId | undefined {
  if (text === "root") return caller.rootId;
  return isId(text) ? (text as NodeId) : undefined;
}

export function noSuchNode(): HoldfastError {
  return new HoldfastError("not_found", "There is no such file or folder, or you may not see it.");
}

/** By id; what lies in the trash is found too. @throws HoldfastError not_found */
export async function findNode(shards: Shards, caller: Actor, id: string): Promise<PlacedNode> {
  const nodeId = readNodeId(caller, id);
  const found =
    nodeId === undefined ? undefined : (await findNodes(shards.of(caller.bucket), caller, [nodeId])).get(nodeId);
  if (found === undefined) throw noSuchNode();
  return found;
}

/** By path from the caller's root; only live nodes have one. @throws HoldfastError not_found, invalid_field */
export async function findNodeByPath(shards: Shards, caller: Actor, path: string): Promise<PlacedNode> {
  const names = splitPath(path);
  const { db } = shards.of(caller.bucket);
  // Served by nodes_live_name, one step a name.
  const { rows } = await sql<NodeRow & { depth: number }>`
    with recursive walk as (
      select n.*, 0 as depth from shard.nodes n where n.space_id = ${caller.spaceId} and n.id = ${caller.rootId}
      union all
      select n.*, w.depth + 1 from walk w
      join shard.nodes n on n.space_id = w.space_id and n.parent_id = w.id
        and n.name_key = (${textArray(names.map(nameKey))})[w.depth + 1] and n.trashed_at is null
    )
    select * from walk order by depth`.execute(db);
  const row = rows[names.length];
  if (row === undefined) {
    const missing = joinPath(names.slice(0, rows.length));
    throw new HoldfastError("not_found", `There is no ${missing}.`, { field: "path" });
  }
  return { row, path: joinPath(rows.slice(1).map((step) => step.name)), role: "owner" };
}

/**
 * Those of the ids that the caller may see, with their paths; set-based: one walk upwards from all of them. A node whose chain
 * does not end at the root of the space (a copy still being written) or that awaits its removal is not there.
 */
export async function findNodes(
  shard: Pick<Shard, "db">,
  { spaceId, rootId }: { readonly spaceId: SpaceId; readonly rootId: NodeId },
  ids: readonly NodeId[],
): Promise<Map<NodeId, PlacedNode>> {
  if (ids.length === 0) return new Map();
  const rows = await readLineages<NodeRow>(shard, spaceId, ids, nodeColumns, placeColumns);
  // One that is also above another comes first as a whole.
  const byId = new Map(rows.toReversed().map((row) => [row.id, row]));
  const placed = new Map<NodeId, PlacedNode>();
  for (const id of ids) {
    const node = place(byId, rootId, id);
    if (node !== undefined) placed.set(id, node);
  }
  return placed;
}

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
};
const nodeColumns = sql.raw(Object.keys(columnsAbove).join(", "));
const placeColumns = sql.raw(
  Object.entries(columnsAbove)
    .map(([name, value]) => `${value} as ${name}`)
    .join(", "),
);

/** Those of the ids that `findNodes` would find, without their rows. */
export async function findVisible(
  shard: Shard,
  { spaceId, rootId }: { readonly spaceId: SpaceId; readonly rootId: NodeId },
  ids: readonly NodeId[],
): Promise<Set<NodeId>> {
  if (ids.length === 0) return new Set();
  type Row = Pick<NodeRow, "id" | "parent_id" | "purged_at">;
  const rows = await readLineages<Row>(shard, spaceId, ids, sql`id, parent_id, purged_at`);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const isVisible = (id: NodeId): boolean => {
    let row = byId.get(id);
    while (row !== undefined && row.id !== rootId && row.purged_at === null)
      row = row.parent_id === null ? undefined : byId.get(row.parent_id);
    return row?.id === rootId;
  };
  return new Set(ids.filter(isVisible));
}

/** Those of the ids that are live in view, with what names their state. */
export async function findRevisions(
  shard: Shard,
  { spaceId, rootId }: { readonly spaceId: SpaceId; readonly rootId: NodeId },
  ids: readonly NodeId[],
): Promise<Map<NodeId, Pick<NodeRow, "revision" | "seq">>> {
  if (ids.length === 0) return new Map();
  type Row = Pick<NodeRow, "id" | "parent_id" | "purged_at" | "trashed_at" | "revision" | "seq">;
  const columns = sql`id, parent_id, purged_at, trashed_at, revision, seq`;
  const byId = new Map((await readLineages<Row>(shard, spaceId, ids, columns)).map((row) => [row.id, row]));
  const live = new Map<NodeId, boolean>([[rootId, true]]);
  const isLive = (id: NodeId): boolean => {
    const known = live.get(id);
    if (known !== undefined) return known;
    const row = byId.get(id);
    const is =
      row !== undefined &&
      row.purged_at === null &&
      row.trashed_at === null &&
      row.parent_id !== null &&
      isLive(row.parent_id);
    live.set(id, is);
    return is;
  };
  return new Map(
    ids.flatMap((id) => {
      const row = byId.get(id);
      return row !== undefined && isLive(id) ? [[id, row] as const] : [];
    }),
  );
}

/**
 * The rows of these nodes and of all above them; one of both kinds comes twice. Served by the primary key, one step an ancestor:
 * `union` visits each once, and the nodes themselves, of which there may be many in few folders, are read outside of the walk. The
 * planner takes a walk up for far longer than it is, and would read the whole table instead: `offset 0` keeps it to single look-ups.
 */
async function readLineages<Row>(
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

function place(byId: ReadonlyMap<NodeId, NodeRow>, rootId: NodeId, id: NodeId): PlacedNode | undefined {
  const names: string[] = [];
  const own = byId.get(id);
  let trashedAt: number | null = null;
  let row = own;
  for (; row !== undefined && row.id !== rootId; row = row.parent_id === null ? undefined : byId.get(row.parent_id)) {
    if (row.purged_at !== null) return undefined;
    trashedAt ??= row.trashed_at;
    names.push(row.name);
  }
  if (own === undefined || row === undefined) return undefined;
  return {
    row: own.trashed_at === trashedAt ? own : { ...own, trashed_at: trashedAt },
    path: joinPath(names.toReversed()),
    role: "owner",
  };
}
