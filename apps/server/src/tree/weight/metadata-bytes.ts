import { HoldfastError } from "@holdfast/core/errors";
import { formatBytes } from "@holdfast/core/format-bytes";
import type { SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { CommentRow, NodeRow, ShardQueries, SpaceRow, VersionRow } from "../../base/db/shard-tables.ts";
import { raiseQuota } from "./raise-quota.ts";

/**
 * Weighs a node. `metadata_bytes` of a space is the weight of its nodes, versions, segments, comments and upload
 * sessions: `limits.rowWeightBytes` each, plus their bytes. It has a limit of its own, because folders, links and
 * versions use no quota for contents. The limit is only reached with far more metadata than contents.
 */
export function nodeWeight({ name, target, metadata }: Pick<NodeRow, "name" | "target" | "metadata">): number {
  const metadataBytes = metadata === null ? 0 : Buffer.byteLength(JSON.stringify(metadata));
  return limits.rowWeightBytes + Buffer.byteLength(name) + Buffer.byteLength(target ?? "") + metadataBytes;
}

export function versionWeight({
  manifest,
  segments,
  label,
}: Pick<VersionRow, "manifest" | "segments" | "label">): number {
  return limits.rowWeightBytes + (manifest?.length ?? 0) + (segments?.length ?? 0) + labelWeight(label);
}

export function labelWeight(label: string | null): number {
  return Buffer.byteLength(label ?? "");
}

export function commentWeight({ text, mentions }: Pick<CommentRow, "text" | "mentions">): number {
  return rowWeight(Buffer.byteLength(text) + 16 * mentions.length);
}

/** Weighs a segment's entries or an upload session's request. */
export function rowWeight(heldBytes: number): number {
  return limits.rowWeightBytes + heldBytes;
}

type WeightFigures = Pick<SpaceRow, "metadata_bytes" | "quota_bytes">;

/** @throws HoldfastError quota unless this much more weight may be added */
export function assertWeightRoom({ metadata_bytes, quota_bytes }: WeightFigures, addedBytes: number): void {
  if (quota_bytes === null) return;
  const boundBytes = Math.max(limits.quotaMetadataBytesMin, quota_bytes);
  if (metadata_bytes + addedBytes <= boundBytes) return;
  throw new HoldfastError(
    "quota",
    `There is no space for more files, folders, versions or metadata: their records can take ${formatBytes(boundBytes)} in total. Empty the trash, and delete old versions and files that are not needed. ${raiseQuota}`,
    { body: { metadata_bytes, quota_bytes } },
  );
}

/** The caller holds the space lock. @throws HoldfastError quota */
export async function changeMetadataBytes(
  transaction: ShardQueries,
  spaceId: SpaceId,
  deltaBytes: number,
): Promise<void> {
  if (deltaBytes === 0) return;
  const { rows } = await sql<WeightFigures>`
    update shard.spaces set metadata_bytes = metadata_bytes + ${deltaBytes}::int8 where id = ${spaceId}
    returning metadata_bytes, quota_bytes`.execute(transaction);
  if (rows[0] !== undefined && deltaBytes > 0) assertWeightRoom(rows[0], 0);
}
