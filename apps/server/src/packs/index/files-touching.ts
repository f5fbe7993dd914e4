import type { HashHex, NodeId, SpaceId, VersionId } from "@holdfast/core/ids";
import { entryBytes } from "@holdfast/core/manifest";
import { type Kysely, sql } from "kysely";
import { hashArray, uuidArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";

export interface TouchedFile {
  readonly node_id: NodeId;
  /** Path from the root of the space, with a leading slash. */
  readonly path: string;
  readonly owner: string;
  readonly version: number;
  readonly version_id: VersionId;
}

/** Only for damage: reads all manifests of the spaces that hold the blocks. */
export async function findFilesTouching(
  shards: Shards,
  cell: Kysely<CellTables>,
  hashes: readonly HashHex[],
  onlySpace?: SpaceId,
): Promise<Map<HashHex, TouchedFile[]>> {
  const spaces = onlySpace === undefined ? await findHolders(cell, hashes) : [onlySpace];
  const found = new Map<HashHex, TouchedFile[]>();
  for (const [shard, spaceIds] of byShard(shards, spaces)) {
    for (const { hash, ...file } of await findOnShard(shard.db, spaceIds, hashes)) {
      const key = hash.toString("hex") as HashHex;
      found.set(key, [...(found.get(key) ?? []), file]);
    }
  }
  return found;
}

async function findHolders(cell: Kysely<CellTables>, hashes: readonly HashHex[]): Promise<SpaceId[]> {
  const { rows } = await sql<{ space_id: SpaceId }>`
    select distinct space_id from cell.holders where hash = any(${hashArray(hashes)})`.execute(cell);
  return rows.map(({ space_id }) => space_id);
}

function byShard(shards: Shards, spaces: readonly SpaceId[]): Map<Shard, SpaceId[]> {
  const groups = new Map<Shard, SpaceId[]>();
  for (const space of spaces) {
    const shard = shards.ofId(space);
    groups.set(shard, [...(groups.get(shard) ?? []), space]);
  }
  return groups;
}

/** Decodes each manifest once, regardless of the number of hashes. */
async function findOnShard(
  shard: Kysely<ShardTables>,
  spaceIds: readonly SpaceId[],
  hashes: readonly HashHex[],
): Promise<(TouchedFile & { hash: Buffer })[]> {
  const { rows } = await sql<TouchedFile & { hash: Buffer }>`
    with recursive wanted as materialized (
      select hash from unnest(${hashArray(hashes)}) as given (hash)
    ), touched_segments as materialized (
      select distinct segment.space_id, segment.hash as segment, wanted.hash
      from shard.segments as segment
        cross join lateral generate_series(0, length(segment.entries) / ${entryBytes}::int - 1) as entry (at)
        join wanted on wanted.hash = substring(segment.entries from entry.at * ${entryBytes}::int + 1 for 32)
      where segment.space_id = any(${uuidArray(spaceIds)})
    ), touched as materialized (
      select version.space_id, version.node_id, version.number, version.id as version_id, wanted.hash
      from shard.versions as version
        cross join lateral generate_series(0, length(version.manifest) / ${entryBytes}::int - 1) as entry (at)
        join wanted on wanted.hash = substring(version.manifest from entry.at * ${entryBytes}::int + 1 for 32)
      where version.space_id = any(${uuidArray(spaceIds)}) and version.manifest is not null
      union
      select version.space_id, version.node_id, version.number, version.id, touched_segments.hash
      from shard.versions as version
        cross join lateral generate_series(0, length(version.segments) / ${segmentRecordBytes}::int - 1) as record (at)
        join touched_segments on touched_segments.space_id = version.space_id
          and touched_segments.segment = substring(version.segments from record.at * ${segmentRecordBytes}::int + 1 for 32)
      where version.space_id = any(${uuidArray(spaceIds)}) and version.segments is not null
    ), paths as (
      select distinct node.space_id, node.id as node_id, node.parent_id, '/' || node.name as path
      from touched join shard.nodes as node on node.space_id = touched.space_id and node.id = touched.node_id
      union all
      select paths.space_id, paths.node_id, parent.parent_id,
        case when parent.parent_id is null then paths.path else '/' || parent.name || paths.path end
      from paths join shard.nodes as parent on parent.space_id = paths.space_id and parent.id = paths.parent_id
    )
    select touched.hash, touched.node_id, paths.path, coalesce(owner.email, space.owner_id::text) as owner,
      touched.number as version, touched.version_id
    from touched
      join paths on paths.space_id = touched.space_id and paths.node_id = touched.node_id and paths.parent_id is null
      join shard.spaces as space on space.id = touched.space_id
      left join shard.users as owner on owner.id = space.owner_id
    order by owner, paths.path, touched.number`.execute(shard);
  return rows;
}

const segmentRecordBytes = 44;
