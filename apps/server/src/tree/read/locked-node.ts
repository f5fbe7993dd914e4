import type { NodeId, SpaceId } from "@holdfast/core/ids";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { loadLockedRights } from "../rights/load-rights.ts";
import type { Actor } from "../actor.ts";
import { placeGranted, readWays } from "./granted-nodes.ts";
import { noSuchNode } from "./look-up.ts";
import type { PlacedNode } from "./placed-node.ts";

/**
 * Finds a node as the caller sees it under the lock of its space, so that a write happens either before or after any
 * change of rights. Paths begin at the top of the share, not at its mount.
 * @param caller with the givers that were read before the lock
 * @throws HoldfastError not_found
 */
export async function findLockedNode(
  transaction: ShardQueries,
  spaceId: SpaceId,
  caller: Actor,
  nodeId: NodeId,
): Promise<PlacedNode> {
  const [way] = await readWays({ db: transaction }, spaceId, [nodeId]);
  if (way === undefined || way.some((row) => row.purged_at !== null)) throw noSuchNode();
  const [row] = way;
  if (caller.owns && caller.spaceId === spaceId) {
    const trashed_at = way.find((each) => each.trashed_at !== null)?.trashed_at ?? null;
    return { row: { ...row, trashed_at }, path: row.name, role: "owner" };
  }
  const { grantees, givers } = caller;
  const rights = await loadLockedRights(transaction, spaceId, { grantees, givers });
  const node = placeGranted(way, { rights, mounts: undefined, act: "read" });
  if (node === undefined) throw noSuchNode();
  return node;
}
