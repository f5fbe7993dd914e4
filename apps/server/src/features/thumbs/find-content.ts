import { type HashHex, isHashHex, type NodeId } from "@holdfast/core/ids";
import { type RawBuilder, sql } from "kysely";
import type { Caller } from "../accounts/context/caller.ts";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { NodeRow, VersionRow } from "../../base/db/shard-tables.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import { nodeColumns } from "../../tree/read/lineages.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import { findVisible } from "../../tree/read/own-nodes.ts";
import { childOf, isReadable, onlySeen, type PlacedNode } from "../../tree/read/placed-node.ts";

/**
 * Finds a readable version with this content, in the own space or in the given files and folders. Never reads other
 * nodes in other users' spaces, so that timing does not reveal whether the content exists.
 */
export async function findContent(
  shards: Shards,
  caller: Caller,
  contentId: string,
  places: readonly NodeId[],
): Promise<VersionRow | undefined> {
  if (!isHashHex(contentId)) return undefined;
  const own = caller.owns ? await findOwn(shards, caller, contentId) : undefined;
  if (own !== undefined || places.length === 0) return own;
  const readable = [...(await findNodes(shards, caller, places)).values()].filter(isReadable);
  for (const [shard, near] of Map.groupBy(readable, ({ row }) => shards.ofId(row.space_id))) {
    const [folders, files] = [near.filter(isFolder), near.filter((place) => !isFolder(place))];
    const found = await findOf(
      shard,
      [...files.map(({ row }) => row), ...(await findIn(shard, folders, contentId))],
      contentId,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function isFolder({ row }: PlacedNode): boolean {
  return row.kind === "folder";
}

/**
 * Maximum number of files with the same content that are checked. Others would be equally visible, unless they await
 * removal.
 */
const looksMax = 100;

/** Index: versions_content. */
async function findOwn(shards: Shards, caller: Caller, contentId: HashHex): Promise<VersionRow | undefined> {
  const shard = shards.of(caller.bucket);
  const { rows } = await sql<VersionRow>`
    select * from shard.versions where space_id = ${caller.spaceId} and ${isContent(contentId)}
    limit ${looksMax}`.execute(shard.db);
  const visible = await findVisible(shard, caller, [...new Set(rows.map(({ node_id }) => node_id))]);
  return rows.find(({ node_id }) => visible.has(node_id));
}

/** One file per folder. Index: nodes_folder_content. */
async function findIn(shard: Shard, folders: readonly PlacedNode[], contentId: HashHex): Promise<NodeRow[]> {
  if (folders.length === 0) return [];
  // A space's hidden nodes have no ids in another.
  const isSeen = sql.join(
    [...new Set(folders.map(({ rights }) => rights))].map((rights) => onlySeen({ rights })),
    sql` `,
  );
  const { rows } = await sql<NodeRow>`
    select node.* from ${pairsOf(folders.map(({ row }) => row))} as folder (space_id, id) cross join lateral (
      select ${nodeColumns} from shard.nodes
      where parent_id = folder.id and space_id = folder.space_id and trashed_at is null
        and content_id is not null and ${isContent(contentId)} ${isSeen}
      limit ${looksMax}) as node`.execute(shard.db);
  const byParent = Map.groupBy(rows, ({ parent_id }) => parent_id);
  return folders.flatMap(
    (folder) => byParent.get(folder.row.id)?.find((row) => isReadable(childOf(folder, row))) ?? [],
  );
}

/** Index: versions_node. */
async function findOf(shard: Shard, files: readonly NodeRow[], contentId: HashHex): Promise<VersionRow | undefined> {
  if (files.length === 0) return undefined;
  const { rows } = await sql<VersionRow>`
    select version.* from ${pairsOf(files)} as file (space_id, id) cross join lateral (
      select * from shard.versions
      where space_id = file.space_id and node_id = file.id and content_id = decode(${contentId}, 'hex')
      order by number desc limit 1) as version
    limit 1`.execute(shard.db);
  return rows[0];
}

function pairsOf(rows: readonly NodeRow[]): RawBuilder<unknown> {
  return sql`unnest(${uuidArray(rows.map(({ space_id }) => space_id))}, ${uuidArray(rows.map(({ id }) => id))})`;
}

/** The indexes contain only the first 8 bytes. */
function isContent(contentId: HashHex) {
  return sql`substring(content_id from 1 for 8) = decode(${contentId.slice(0, 16)}, 'hex')
    and content_id = decode(${contentId}, 'hex')`;
}
