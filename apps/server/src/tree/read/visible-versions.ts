import { bucketOf, type NodeId, type SpaceId, type VersionId } from "@holdfast/core/ids";
import type { ReadShards } from "../../base/db/shards.ts";
import { loadRights } from "../rights/load-rights.ts";
import type { Actor } from "../actor.ts";
import { findGrantedNodes, soughtBy } from "./granted-nodes.ts";
import { findVisible } from "./own-nodes.ts";
import { findVersionHeads, type VersionHead } from "../content/manifests.ts";

export interface VisibleVersion extends VersionHead {
  readonly spaceId: SpaceId;
}

/** Returns readable versions in the order of the ids, each once. */
export async function findVisibleVersions(
  shards: ReadShards,
  caller: Actor,
  ids: readonly VersionId[],
): Promise<VisibleVersion[]> {
  const found = new Map<VersionId, VisibleVersion>();
  if (caller.owns) {
    const shard = shards.of(caller.bucket);
    const own = ids.filter((id) => bucketOf(id) === caller.bucket);
    const heads = await findVersionHeads(shard, caller.spaceId, own);
    const visible = await findVisible(shard, caller, [...new Set<NodeId>(heads.map((head) => head.node_id))]);
    for (const head of heads) {
      if (visible.has(head.node_id)) found.set(head.id, { ...head, spaceId: caller.spaceId });
    }
  }
  const others = [...new Set(ids)].filter((id) => !found.has(id));
  for (const version of others.length === 0 ? [] : await findGrantedVersions(shards, caller, others)) {
    found.set(version.id, version);
  }
  return [...new Set(ids)].flatMap((id) => found.get(id) ?? []);
}

async function findGrantedVersions(
  shards: ReadShards,
  caller: Actor,
  ids: readonly VersionId[],
): Promise<VisibleVersion[]> {
  const found: VisibleVersion[] = [];
  for (const [shard, some] of Map.groupBy(ids, (id) => shards.ofId(id))) {
    const rights = await loadRights(shards, shard, soughtBy(caller));
    for (const spaceId of rights.keys()) {
      const asked = some.filter((id) => bucketOf(id) === bucketOf(spaceId));
      const heads = await findVersionHeads(shard, spaceId, asked);
      for (const head of heads) found.push({ ...head, spaceId });
    }
  }
  const nodes = await findGrantedNodes(shards, caller, [...new Set(found.map(({ node_id }) => node_id))]);
  return found.filter(({ node_id, spaceId }) => nodes.get(node_id)?.row.space_id === spaceId);
}
