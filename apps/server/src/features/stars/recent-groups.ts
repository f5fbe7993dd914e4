import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type RawBuilder, sql } from "kysely";
import { int8Array, uuidArray } from "../../base/db/array-parameters.ts";
import type { Shard } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { type ChangedFile, changedNodes, type RecentSpace } from "./changed-files.ts";

/** Batch of files that an account changed without a pause, such as those of an upload. */
export interface ChangedGroup {
  /** Folder of the files, or the highest folder above them that was created in the same batch. */
  readonly id: NodeId;
  readonly space_id: SpaceId;
  /** Time of the last change. */
  readonly at: number;
  readonly count: number;
  /** The latest ones. */
  readonly files: readonly ChangedFile[];
}

/** Returns at most one group for each folder. Files of groups that are too small are returned one by one. */
export async function readChangedGroups(
  shard: Shard,
  caller: Actor,
  spaces: readonly RecentSpace[],
): Promise<(ChangedGroup | ChangedFile)[]> {
  const bursts = await readBursts(shard, caller, spaces);
  const parents = await readNewFolders(shard, bursts);
  const batches = merge(
    bursts.map((burst) => Object.assign(burst, { id: topOf(burst, parents) })),
    folderKey,
  );
  const isSmall = ({ count }: ChangedGroup) => count < limits.recentGroupFilesMin;
  return [
    ...batches.filter(isSmall).flatMap(({ files }) => files),
    ...merge(
      batches.filter((batch) => !isSmall(batch)),
      ({ id, space_id }) => `${space_id} ${id}`,
    ),
  ];
}

function merge<Group extends ChangedGroup>(groups: readonly Group[], keyOf: (group: Group) => string): Group[] {
  return [...Map.groupBy(groups, keyOf).values()].map((all) =>
    Object.assign({}, all[0] as Group, {
      at: Math.max(...all.map(({ at }) => at)),
      count: all.reduce((sum, { count }) => sum + count, 0),
      files: all
        .flatMap(({ files }) => files)
        .toSorted((left, right) => right.at - left.at)
        .slice(0, limits.recentItemsMax),
    }),
  );
}

/** Files of one folder. */
interface Burst extends ChangedGroup {
  /** Start of the batch. The account changed nothing in the space for a while before. */
  readonly since: number;
}

type BurstRow = Omit<Burst, "files"> & { readonly files: readonly (readonly [id: NodeId, at: number])[] };

async function readBursts({ db }: Shard, caller: Actor, spaces: readonly RecentSpace[]): Promise<Burst[]> {
  const { rows } = await sql<BurstRow>`
    with paused as (
      select *, at - lag(at) over (partition by space_id order by seq) > ${pauseMicros} as is_first
      from (${changedNodes(caller, spaces, limits.recentEntriesMax)}) node
    ), numbered as (
      select *, count(*) filter (where is_first) over (partition by space_id order by seq) as batch from paused
    ), begun as (
      select *, min(at) over (partition by space_id, batch) - ${pauseMicros} as since from numbered
    )
    select parent_id as id, space_id, since, max(at) as at, count(*)::int as count,
      to_json((array_agg(json_build_array(id, at) order by seq desc))[1:${limits.recentItemsMax}]) as files
    from begun where kind = 'file' group by space_id, parent_id, since
    order by max(at) desc limit ${limits.recentCandidatesMax}`.execute(db);
  return rows.map(({ files, ...burst }) =>
    Object.assign(burst, { files: files.map(([id, at]) => ({ id, space_id: burst.space_id, at })) }),
  );
}

type InBatch = Pick<Burst, "id" | "space_id" | "since">;

/** Returns the parents of folders that were created since the start of a batch, by `folderKey`. Index: primary key. */
async function readNewFolders({ db }: Shard, bursts: readonly InBatch[]): Promise<ReadonlyMap<string, NodeId>> {
  const { rows } = await sql<InBatch & { parent_id: NodeId }>`
    with recursive folder (space_id, id, parent_id, since) as (
      select burst.space_id, burst.id, node.parent_id, burst.since
      from unnest(${uuidArray(bursts.map((burst) => burst.space_id))}, ${uuidArray(bursts.map(({ id }) => id))},
        ${int8Array(bursts.map(({ since }) => since))}) as burst (space_id, id, since)
      cross join lateral ${newFolder(sql`burst.space_id`, sql`burst.id`, sql`burst.since`)}
      union
      select folder.space_id, folder.parent_id, node.parent_id, folder.since
      from folder cross join lateral ${newFolder(sql`folder.space_id`, sql`folder.parent_id`, sql`folder.since`)}
    ) select * from folder`.execute(db);
  return new Map(rows.map((row) => [folderKey(row), row.parent_id]));
}

function newFolder(spaceId: RawBuilder<unknown>, id: RawBuilder<unknown>, since: RawBuilder<unknown>) {
  return sql`(
    select parent_id from shard.nodes
    where space_id = ${spaceId} and id = ${id} and created_at >= ${since} and parent_id is not null offset 0
  ) node`;
}

function topOf({ id, space_id, since }: InBatch, parents: ReadonlyMap<string, NodeId>): NodeId {
  let top = id;
  let parent = parents.get(folderKey({ id, space_id, since }));
  while (parent !== undefined && parents.has(folderKey({ id: parent, space_id, since }))) {
    top = parent;
    parent = parents.get(folderKey({ id: parent, space_id, since }));
  }
  return top;
}

function folderKey({ id, space_id, since }: InBatch): string {
  return `${space_id} ${id} ${since}`;
}

const pauseMicros = limits.recentPauseMs * 1000;
