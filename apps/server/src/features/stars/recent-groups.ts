import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type RawBuilder, sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { ReadShard } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { type ChangedFile, changedNodes, type RecentSpace } from "./changed-files.ts";

/** Files that an account changed without a pause, such as those of an upload. */
export interface ChangedGroup {
  /** Folder of the files, or the highest folder above them that was created in the same batch. */
  readonly id: NodeId;
  readonly space_id: SpaceId;
  /** Time of the last change. */
  readonly at: number;
  readonly count: number;
  readonly files: readonly ChangedFile[];
}

/** Returns at most one group for each folder. Files of groups that are too small are returned one by one. */
export async function readChangedGroups(
  shard: ReadShard,
  caller: Actor,
  spaces: readonly RecentSpace[],
): Promise<(ChangedGroup | ChangedFile)[]> {
  const bursts = await readBursts(shard, caller, spaces);
  const folders = await readNewFolders(
    shard,
    // In other spaces, a folder above may be visible, but not the one with the files.
    bursts.filter(({ space_id }) => space_id === caller.spaceId),
  );
  const groups = merge(bursts.map((burst) => placeOf(burst, folders)));
  const isSmall = ({ count }: ChangedGroup) => count < limits.recentGroupFilesMin;
  return [
    ...groups.filter(isSmall).flatMap(({ files }) => files),
    ...merge(groups.filter((group) => !isSmall(group)).map((group) => Object.assign(group, { batch: "" }))),
  ];
}

/** A group and what distinguishes it from others of the same folder. */
interface PlacedGroup extends ChangedGroup {
  readonly batch: string;
}

function merge(groups: readonly PlacedGroup[]): PlacedGroup[] {
  return [...Map.groupBy(groups, ({ space_id, id, batch }) => `${space_id} ${id} ${batch}`).values()].map((all) =>
    Object.assign({}, all[0] as PlacedGroup, {
      at: Math.max(...all.map(({ at }) => at)),
      count: all.reduce((sum, { count }) => sum + count, 0),
      files: all
        .flatMap(({ files }) => files)
        .toSorted((left, right) => right.at - left.at)
        .slice(0, limits.recentItemsMax),
    }),
  );
}

interface Burst extends ChangedGroup {
  /** Before this time, the account changed nothing in the whole space for a while. */
  readonly since: number;
  readonly burst: number;
}

type BurstRow = Omit<Burst, "files"> & { readonly files: readonly (readonly [id: NodeId, at: number])[] };

async function readBursts({ db }: ReadShard, caller: Actor, spaces: readonly RecentSpace[]): Promise<Burst[]> {
  const { rows } = await sql<BurstRow>`
    with paused as (
      select *, at - lag(at) over (partition by space_id order by seq) > ${pauseMicros} as begins_batch,
        at - lag(at) over (partition by space_id, parent_id, kind order by seq) > ${pauseMicros} as begins_burst
      from (${changedNodes(caller, spaces, limits.recentEntriesMax)}) node
    ), numbered as (
      select *, count(*) filter (where begins_batch) over (partition by space_id order by seq) as batch,
        count(*) filter (where begins_burst) over (partition by space_id, parent_id, kind order by seq) as burst
      from paused
    ), begun as (
      select *, min(at) over (partition by space_id, batch) - ${pauseMicros} as since from numbered
    )
    select parent_id as id, space_id, burst::int, min(since) as since, max(at) as at, count(*)::int as count,
      to_json((array_agg(json_build_array(id, at) order by seq desc))[1:${limits.recentItemsMax}]) as files
    from begun where kind = 'file' group by space_id, parent_id, burst`.execute(db);
  return rows.map(({ files, ...burst }) =>
    Object.assign(burst, { files: files.map(([id, at]) => ({ id, space_id: burst.space_id, at })) }),
  );
}

interface NewFolder {
  readonly id: NodeId;
  readonly parent_id: NodeId;
  readonly created_at: number;
}

/** Returns the folders of the files and those above them that were created since the first batch. Index: primary key. */
async function readNewFolders({ db }: ReadShard, bursts: readonly Burst[]): Promise<ReadonlyMap<NodeId, NewFolder>> {
  if (bursts.length === 0) return new Map();
  const since = bursts.reduce((first, burst) => Math.min(first, burst.since), Number.MAX_SAFE_INTEGER);
  const { rows } = await sql<NewFolder>`
    with recursive folder as (
      select node.* from unnest(${uuidArray(bursts.map(({ space_id }) => space_id))},
        ${uuidArray(bursts.map(({ id }) => id))}) as burst (space_id, id)
      cross join lateral ${newFolder(sql`burst.space_id`, sql`burst.id`, since)}
      union
      select node.* from folder cross join lateral ${newFolder(sql`folder.space_id`, sql`folder.parent_id`, since)}
    ) select id, parent_id, created_at from folder`.execute(db);
  return new Map(rows.map((folder) => [folder.id, folder]));
}

function newFolder(spaceId: RawBuilder<unknown>, id: RawBuilder<unknown>, since: number) {
  return sql`(
    select space_id, id, parent_id, created_at from shard.nodes
    where space_id = ${spaceId} and id = ${id} and created_at >= ${since} and parent_id is not null
      and trashed_at is null offset 0
  ) node`;
}

/** Files in new folders belong together as far as the batch goes, others only without a pause in their folder. */
function placeOf({ since, burst, ...group }: Burst, folders: ReadonlyMap<NodeId, NewFolder>): PlacedGroup {
  const isNew = (folder: NewFolder | undefined): folder is NewFolder =>
    folder !== undefined && folder.created_at >= since;
  let top = folders.get(group.id);
  if (!isNew(top)) return { ...group, batch: `burst ${burst}` };
  for (let above = folders.get(top.parent_id); isNew(above); above = folders.get(top.parent_id)) top = above;
  return { ...group, id: top.id, batch: `since ${since}` };
}

const pauseMicros = limits.recentPauseMs * 1000;
