import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { NodeRow, ShardQueries } from "../../base/db/shard-tables.ts";

export type KnownNode = Pick<
  NodeRow,
  | "id"
  | "parent_id"
  | "name"
  | "name_key"
  | "kind"
  | "head_version"
  | "version_number"
  | "content_id"
  | "size"
  | "modified_at"
  | "executable"
  | "private"
  | "revision"
  | "trashed_at"
  | "purged_at"
>;

const columns = sql.raw(
  "id, parent_id, name, name_key, kind, head_version, version_number, content_id, size, modified_at, executable, private, revision, trashed_at, purged_at",
);
const idsAtOnce = 10_000;

/** Existing nodes and all their ancestors, one step per level. Index: primary key. */
export async function readWithAbove(
  reader: ShardQueries,
  spaceId: SpaceId,
  ids: readonly NodeId[],
): Promise<Map<NodeId, KnownNode>> {
  const known = new Map<NodeId, KnownNode>();
  let wanted = [...new Set(ids)];
  while (wanted.length > 0) {
    for (let from = 0; from < wanted.length; from += idsAtOnce) {
      const { rows } = await sql<KnownNode>`
        select node.* from unnest(${uuidArray(wanted.slice(from, from + idsAtOnce))}) as asked (id) cross join lateral (
          select ${columns} from shard.nodes n where n.space_id = ${spaceId} and n.id = asked.id offset 0
        ) node`.execute(reader);
      for (const row of rows) known.set(row.id, row);
    }
    const parents = new Set(wanted.map((id) => known.get(id)?.parent_id ?? undefined));
    wanted = [...parents].filter((id) => id !== undefined && !known.has(id)) as NodeId[];
  }
  return known;
}

/** Includes trash. Index: nodes_parent. */
export async function readChildren(
  reader: ShardQueries,
  spaceId: SpaceId,
  folders: readonly NodeId[],
): Promise<KnownNode[]> {
  const children: KnownNode[] = [];
  for (let from = 0; from < folders.length; from += idsAtOnce) {
    const { rows } = await sql<KnownNode>`
      select node.* from unnest(${uuidArray(folders.slice(from, from + idsAtOnce))}) as folder (id) cross join lateral (
        select ${columns} from shard.nodes n where n.space_id = ${spaceId} and n.parent_id = folder.id offset 0
      ) node`.execute(reader);
    children.push(...rows);
  }
  return children;
}

/** Live node. Index: nodes_live_name. */
export async function readNamed(
  reader: ShardQueries,
  spaceId: SpaceId,
  parentId: NodeId,
  key: string,
): Promise<KnownNode | undefined> {
  const { rows } = await sql<KnownNode>`
    select ${columns} from shard.nodes n
    where n.space_id = ${spaceId} and n.parent_id = ${parentId} and n.name_key = ${key} and n.trashed_at is null`.execute(
    reader,
  );
  return rows[0];
}

export interface KeptVersion {
  readonly id: NodeRow["head_version"] & string;
  readonly number: number;
  readonly size: number;
  /** True if the file's current bytes are the same. */
  readonly isNow: boolean;
}

/**
 * Heads of files at a moment. Skips a version with a deleted successor, which may have been the head. Index:
 * versions_node.
 */
export async function readHeadsAt(
  reader: ShardQueries,
  spaceId: SpaceId,
  files: readonly KnownNode[],
  momentMicros: number,
): Promise<Map<NodeId, KeptVersion>> {
  const heads = new Map<NodeId, KeptVersion>();
  for (let from = 0; from < files.length; from += idsAtOnce) {
    const part = files.slice(from, from + idsAtOnce);
    const { rows } = await sql<Omit<KeptVersion, "isNow"> & { nodeId: NodeId; contentId: Buffer; next: number | null }>`
      select asked.id as "nodeId", head.id, head.number, head.size, head.content_id as "contentId", (
        select v.number from shard.versions v
        where v.space_id = ${spaceId} and v.node_id = asked.id and v.number = head.number + 1 offset 0
      ) as next
      from unnest(${uuidArray(part.map(({ id }) => id))}) as asked (id) cross join lateral (
        select v.id, v.number, v.size, v.content_id from shard.versions v
        where v.space_id = ${spaceId} and v.node_id = asked.id and v.created_at <= ${momentMicros}
        order by v.number desc limit 1
      ) head`.execute(reader);
    const now = new Map(part.map((file) => [file.id, file]));
    for (const { nodeId, next, contentId, ...head } of rows) {
      const file = now.get(nodeId);
      if (next === null && file?.version_number !== head.number) continue;
      heads.set(nodeId, { ...head, isNow: file?.content_id?.equals(contentId) === true });
    }
  }
  return heads;
}
