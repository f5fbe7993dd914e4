import type { NodeId } from "@holdfast/core/ids";
import type { readWaysUp } from "./given-on.ts";
import { roleCovers } from "./roles.ts";
import { type LiveGrant, ranks } from "./space-rights.ts";

/**
 * Detects a grant that withholds what another grant, at its node or above, would allow. The holder must not remove it,
 * because that would raise their role. Grants between the two are ignored, so that no order of removals raises a role.
 * Grants of an editor never limit.
 * @param others remaining grants of the holder, personal and by groups, by node (may be many)
 * @param wayUp path up from the grant's node
 */
export function isLimiting(
  grant: LiveGrant,
  others: ReadonlyMap<NodeId, readonly LiveGrant[]>,
  wayUp: Awaited<ReturnType<typeof readWaysUp>>,
): boolean {
  if (grant.via !== null) return false;
  const isHigher = (other: LiveGrant) =>
    other.space_id === grant.space_id && countsBefore(grant, other) && !roleCovers(grant.role, other.role);
  return wayUp(grant.space_id, grant.node_id).some((id) => others.get(id)?.some(isHigher) === true);
}

/** The nearer grant wins. At one node, personal grants precede group grants, of which the highest wins. */
function countsBefore(grant: LiveGrant, other: LiveGrant): boolean {
  if (grant.node_id !== other.node_id) return true;
  return grant.kind === other.kind ? ranks[grant.role] > ranks[other.role] : grant.kind === "user";
}
