import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type RawBuilder, sql } from "kysely";
import { int4Array, uuidArray } from "../../base/db/array-parameters.ts";
import type { ReadShard } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";

export interface RecentSpace {
  readonly id: SpaceId;
  readonly entries: number;
}

export interface ChangedFile {
  readonly id: NodeId;
  readonly space_id: SpaceId;
  readonly at: number;
}

export async function readChangedFiles(
  { db }: ReadShard,
  caller: Actor,
  spaces: readonly RecentSpace[],
): Promise<ChangedFile[]> {
  const { rows } = await sql<ChangedFile>`
    select id, space_id, at from (${changedNodes(caller, spaces, limits.recentCandidatesMax)}) node
    where kind = 'file' order by at desc, seq desc limit ${limits.recentItemsMax}`.execute(db);
  return rows;
}

/**
 * Files and folders that the account changed in the newest journal entries, each with its last change: `id`,
 * `space_id`, `parent_id`, `kind`, `at`, `seq`. Indexes: primary keys.
 * @param nodesMax nodes of a space that are checked
 */
export function changedNodes({ userId }: Actor, spaces: readonly RecentSpace[], nodesMax: number): RawBuilder<unknown> {
  return sql`
    select node.id, node.space_id, node.parent_id, node.kind, changed.at, changed.seq
    from unnest(${uuidArray(spaces.map(({ id }) => id))}, ${int4Array(spaces.map(({ entries }) => entries))})
      as space (id, entries)
    cross join lateral (
      select node_id, max(at) as at, max(seq) as seq from (
        select node_id, actor, at, seq from shard.journal where space_id = space.id order by seq desc limit space.entries
      ) entry where actor = ${userId} group by node_id order by max(seq) desc limit ${nodesMax}
    ) changed
    cross join lateral (
      select id, space_id, parent_id, kind from shard.nodes
      where space_id = space.id and id = changed.node_id and kind in ('file', 'folder') and trashed_at is null offset 0
    ) node`;
}
