import { type HashHex, isId, type VersionId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { hashArray } from "../../base/db/array-parameters.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import { entriesOf, readList, readLists } from "../content/manifests.ts";
import { findVisibleVersions } from "./visible-versions.ts";

/**
 * Returns the blocks that an actor may use in its space: all for the owner, otherwise its own uploads and blocks of
 * named versions that it may read. Otherwise a hash would give access to the content of files that are not shared.
 */
export async function findKnownBlocks(
  shards: ReadShards,
  actor: Actor,
  hashes: readonly HashHex[],
  versionIds: readonly string[] = [],
): Promise<ReadonlySet<HashHex>> {
  if (actor.owns || hashes.length === 0) return new Set(hashes);
  const shard = shards.ofId(actor.spaceId);
  // Index: the primary key.
  const { rows } = await sql<{ hash: HashHex }>`
    select encode(hash, 'hex') as hash from shard.space_blocks
    where space_id = ${actor.spaceId} and hash = any(${hashArray([...new Set(hashes)])})
      and uploader = ${actor.userId}`.execute(shard.db);
  const known = new Set(rows.map(({ hash }) => hash));
  const asked = new Set(hashes.filter((hash) => !known.has(hash)));
  if (asked.size === 0) return known;
  const named = versionIds.filter((id) => isId(id)) as VersionId[];
  const versions = await findVisibleVersions(shards, actor, named);
  const lists = await readLists(
    shard,
    actor.spaceId,
    versions.map(({ id }) => id),
  );
  for (const list of lists.values()) {
    for await (const part of readList(shard, list)) {
      for (const { hash } of entriesOf(part)) if (asked.has(hash)) known.add(hash);
    }
  }
  return known;
}
