import type { SpaceId } from "@holdfast/core/ids";
import { type RawBuilder, sql } from "kysely";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { type ReferringVersion, releaseVersions } from "../content/references.ts";
import { changeMetadataBytes, versionWeight } from "../weight/metadata-bytes.ts";

export interface RemovedVersions {
  readonly rows: readonly ReferringVersion[];
  /** Bytes that no longer count as stored. Blocks of segments count until the segments are removed. */
  readonly freedBytes: number;
}

/**
 * Deletes versions and releases their content. The caller holds the space lock.
 * @param chosen query of version ids in this space
 */
export async function removeVersions(
  transaction: ShardQueries,
  spaceId: SpaceId,
  chosen: RawBuilder<unknown>,
  nowMicros: number,
): Promise<RemovedVersions> {
  const { rows } = await sql<ReferringVersion>`
    delete from shard.versions where space_id = ${spaceId} and id in (${chosen})
    returning manifest, segments, label`.execute(transaction);
  const freedBytes = await releaseVersions(transaction, spaceId, rows, nowMicros);
  const weightBytes = rows.reduce((sum, version) => sum + versionWeight(version), 0);
  await changeMetadataBytes(transaction, spaceId, -weightBytes);
  return { rows, freedBytes };
}
