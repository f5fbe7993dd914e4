import type { HashHex, NodeId, SpaceId, UploadId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { PieceSizes } from "./piece-sizes.ts";
import { changeBlockRefs } from "../content/references.ts";

export interface Release {
  readonly nowMicros: number;
  readonly pieces: PieceSizes;
}

/**
 * Stores the nodes in the upload sessions and releases the sessions' references. A long upload's rest is released
 * later.
 */
export async function finishUploads(
  transaction: ShardQueries,
  spaceId: SpaceId,
  uploads: readonly { readonly uploadId: UploadId; readonly nodeId: NodeId }[],
  release: Release,
): Promise<void> {
  if (uploads.length === 0) return;
  await sql`
    update shard.upload_sessions s set node_id = v.node_id
    from (select ${spaceId}::uuid as space_id, given.* from unnest(
      ${uuidArray(uploads.map((upload) => upload.uploadId))}, ${uuidArray(uploads.map((upload) => upload.nodeId))})
      as given (id, node_id) offset 0) v
    where s.space_id = v.space_id and s.id = v.id`.execute(transaction);
  for (const { uploadId } of uploads) {
    await releaseUploadBlocks(transaction, spaceId, uploadId, release);
  }
}

/**
 * Deletes rows of `upload_blocks`, each of which is one reference to its block. The caller holds the space lock.
 * @returns true if rows may be left
 */
export async function releaseUploadBlocks(
  transaction: ShardQueries,
  spaceId: SpaceId,
  uploadId: UploadId,
  { nowMicros, pieces }: Release,
): Promise<boolean> {
  const { rows } = await sql<{ hash: Buffer }>`
    delete from shard.upload_blocks where space_id = ${spaceId} and session_id = ${uploadId} and "offset" in (
      select "offset" from shard.upload_blocks where space_id = ${spaceId} and session_id = ${uploadId}
      order by "offset" limit ${pieces.uploadBlocksMax})
    returning hash`.execute(transaction);
  const deltas = new Map<HashHex, number>();
  for (const { hash } of rows) {
    const hex = hash.toString("hex") as HashHex;
    deltas.set(hex, (deltas.get(hex) ?? 0) - 1);
  }
  await changeBlockRefs(transaction, spaceId, deltas, nowMicros);
  return rows.length === pieces.uploadBlocksMax;
}
