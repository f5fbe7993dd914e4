import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { ShardReads, SpaceRow } from "../../base/db/shard-tables.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import { findOwnNodes } from "./own-nodes.ts";

export interface Usage extends Pick<SpaceRow, "used_bytes" | "stored_bytes" | "quota_bytes"> {
  readonly filesBytes: number;
  readonly versionsBytes: number;
  /** Full sizes of all old versions, also of trashed files, as in `largest`. */
  readonly oldVersionsBytes: number;
  readonly trashBytes: number;
  readonly uploadsBytes: number;
  /** false: there is more than was counted. */
  readonly isComplete: boolean;
  readonly largest: readonly LargeHistory[];
}

export interface LargeHistory {
  readonly id: NodeId;
  readonly path: string;
  /** Number and size of old versions without a label. */
  readonly versions: number;
  readonly bytes: number;
}

/**
 * Splits the stored bytes of a space into categories. Content that only old versions use is not counted anywhere. It is
 * computed as the rest beside newest versions and uploads, and at most the sizes of the old versions. If newest
 * versions share content, files and trash together exceed their stored bytes.
 */
export async function readUsage(
  shards: ReadShards,
  { spaceId, rootId }: Pick<Actor, "spaceId" | "rootId">,
): Promise<Usage> {
  const shard = shards.ofId(spaceId);
  const [space, trash, sentBytes, histories] = await Promise.all([
    readFigures(shard.db, spaceId),
    countTrash(shard.db, spaceId),
    countUploads(shard.db, spaceId),
    measureHistories(shard.db, spaceId),
  ]);
  const placed = await findOwnNodes(
    shard,
    { spaceId, rootId },
    histories.map(({ id }) => id),
  );
  const live = histories.filter(({ id }) => placed.get(id)?.row.trashed_at === null);
  const areAll = histories.length < limits.usageFilesMax;
  const [oldBytes, liveBytes] = [sumOf(histories), sumOf(live)];
  const restBytes = Math.max(0, space.stored_bytes - space.used_bytes - sentBytes);
  const storedOldBytes = areAll ? Math.min(restBytes, oldBytes) : restBytes;
  const versionsBytes = oldBytes === 0 ? 0 : Math.round(storedOldBytes * (liveBytes / oldBytes));
  return {
    ...space,
    filesBytes: Math.max(0, space.used_bytes - trash.bytes),
    versionsBytes,
    // Only a limited number of files is measured. The stored bytes are a lower bound for all of them.
    oldVersionsBytes: areAll ? oldBytes : Math.max(oldBytes, restBytes),
    trashBytes: trash.bytes + storedOldBytes - versionsBytes,
    uploadsBytes: sentBytes + restBytes - storedOldBytes,
    isComplete: areAll && trash.isComplete,
    largest: live
      .filter(({ versions }) => versions > 0)
      .toSorted((one, other) => other.bytes - one.bytes)
      .slice(0, limits.usageLargestMax)
      .map(({ id, versions, bytes }) => ({ id, versions, bytes, path: placed.get(id)?.path ?? "" })),
  };
}

type Figures = Pick<SpaceRow, "used_bytes" | "stored_bytes" | "quota_bytes">;

async function readFigures(reader: ShardReads, spaceId: Actor["spaceId"]): Promise<Figures> {
  const { rows } = await sql<Figures>`
    select used_bytes, stored_bytes, quota_bytes from shard.spaces where id = ${spaceId}`.execute(reader);
  return rows[0] ?? { used_bytes: 0, stored_bytes: 0, quota_bytes: null };
}

/** Counts the newest versions of trashed files, with everything below. Indexes: nodes_trash and nodes_parent. */
async function countTrash(reader: ShardReads, spaceId: Actor["spaceId"]) {
  const { rows } = await sql<{ nodes: number; bytes: number }>`
    with recursive below (id, size) as (
      select * from (
        select id, size from shard.nodes where space_id = ${spaceId} and trashed_at is not null and purged_at is null
        order by trashed_at desc limit ${limits.usageTrashMax}
      ) top
      union all
      select child.id, child.size from below cross join lateral (
        select n.id, n.size from shard.nodes n
        where n.space_id = ${spaceId} and n.parent_id = below.id and n.trashed_at is null offset 0
      ) child
    ) select count(*) as nodes, coalesce(sum(size), 0) as bytes from (
      select size from below limit ${limits.usageTrashMax}
    ) counted`.execute(reader);
  const { nodes = 0, bytes = 0 } = rows[0] ?? {};
  return { bytes, isComplete: nodes < limits.usageTrashMax };
}

/** Returns the bytes received for unfinished uploads. Index: the primary key. */
async function countUploads(reader: ShardReads, spaceId: Actor["spaceId"]): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    select coalesce(sum(durable), 0) as bytes from shard.upload_sessions
    where space_id = ${spaceId} and node_id is null`.execute(reader);
  return rows[0]?.bytes ?? 0;
}

interface MeasuredHistory extends Omit<LargeHistory, "path"> {
  readonly allBytes: number;
}

/** Indexes: nodes_old_versions and versions_node. */
async function measureHistories(reader: ShardReads, spaceId: Actor["spaceId"]): Promise<MeasuredHistory[]> {
  const { rows } = await sql<MeasuredHistory>`
    select file.id, old.* from (
      select id, head_version from shard.nodes where space_id = ${spaceId} and version_number > 1
      order by (version_number - 1)::float8 * size desc limit ${limits.usageFilesMax}
    ) file cross join lateral (
      select count(*) filter (where label is null) as versions,
        coalesce(sum(size) filter (where label is null), 0) as bytes, coalesce(sum(size), 0) as "allBytes"
      from (
        select v.size, v.label from shard.versions v
        where v.space_id = ${spaceId} and v.node_id = file.id and v.id <> file.head_version
        order by v.number desc limit ${limits.usageVersionsMax}
      ) recent
    ) old`.execute(reader);
  return rows;
}

function sumOf(histories: readonly MeasuredHistory[]): number {
  return histories.reduce((sum, { allBytes }) => sum + allBytes, 0);
}
