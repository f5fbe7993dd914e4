import type { SpaceId, VersionId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { decodeSegment } from "@holdfast/core/manifest";
import type { NodeJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { ReadShard } from "../../base/db/shards.ts";

/**
 * Adds the block lists of small files, so that a client can fetch their content without requesting manifests.
 * @param items nodes that the caller may read
 */
export async function addBlocks(shard: ReadShard, spaceId: SpaceId, items: readonly NodeJson[]): Promise<void> {
  const files = items.filter((item) => item.version_id !== null);
  if (files.length === 0) return;
  const { rows } = await sql<{ id: VersionId; manifest: Buffer }>`
    select id, manifest from shard.versions
    where space_id = ${spaceId} and id = any(${uuidArray(files.map((file) => file.version_id))})
      and octet_length(manifest) <= ${limits.inlineBlocksMax * 36}`.execute(shard.db);
  const manifests = new Map<string, Buffer>(rows.map((row) => [row.id, row.manifest]));
  for (const file of files) {
    const manifest = file.version_id === null ? undefined : manifests.get(file.version_id);
    if (manifest !== undefined) file.blocks = manifest.length === 0 ? [] : decodeSegment(manifest);
  }
}
