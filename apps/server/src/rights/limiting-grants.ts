import type { NodeId } from "@holdfast/core/ids";
import type { readWaysUp } from "./given-on.ts";
import { roleCovers } from "./roles.ts";
import { type LiveGrant, ranks } from "./space-rights.ts";

/**
 * Tells whether a grant keeps its holder from something that another of their grants, at its node or above, would allow. The holder cannot remove such a
 * grant: that would raise their role. Grants between the two do not count, so that removing several in any order raises nothing either. A grant
 * that an editor made limits nobody.
 * @param others the grants that the holder keeps, in person and by groups, by node: there may be very many
 * @param wayUp of the grant's node
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

/** The nearer counts; at one node a personal grant counts before those of groups, of which the highest counts. */
function countsBefore(grant: LiveGrant, other: LiveGrant): boolean {
  if (grant.node_id !== other.node_id) return true;
  return grant.kind === other.kind ? ranks[grant.role] > ranks[other.role] : grant.kind === "user";
}
