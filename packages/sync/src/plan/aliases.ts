import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { caseLabel, conflictedName } from "../model/conflicted-name.ts";
import { ownFolder } from "@holdfast/sync-ports/paths";
import type { Place } from "../model/trees.ts";
import { isUnsettled } from "./collisions.ts";
import { byAge, type MergedTree } from "./merge.ts";
import type { Policy } from "./policy.ts";

/**
 * The names under which nodes stand on this disk alone, since it takes their own for that of another one beside them. Of those
 * that are one name here the one with the least id keeps it: ids begin with the time at which a node was made, and every
 * device knows the same ones. The names follow from the tree and from nothing else, so all disks that fold alike show the
 * same, and one whose other is gone gets its own name back.
 * @param tree in which nothing that claims a name is missing in a folder in which something is to be done
 */
export function aliasesOf(
  rootId: NodeId,
  tree: MergedTree,
  { slotKey }: Pick<Policy, "slotKey">,
): ReadonlyMap<NodeId, string> {
  const aliases = new Map<NodeId, string>();
  // What is one name there is one on the server too.
  if (slotKey === nameKey) return aliases;
  const claim = ({ parent, name }: Place): string => `${parent}/${slotKey(name)}`;
  // What cannot be read may be elsewhere by now: whoever waits for the look that tells needs no other name.
  const settled = [...tree.values()].filter((node) => !isUnsettled(node));
  const claimants = Map.groupBy(settled, ({ place }) => claim(place));
  const own = claim({ parent: rootId, name: ownFolder });
  const taken = new Set([own, ...[...tree.values()].map(({ place }) => claim(place))]);
  const yielding = [...claimants].flatMap(([key, nodes]) => {
    if (nodes.length === 1 && key !== own) return [];
    return key === own ? nodes : nodes.toSorted(byAge).slice(1);
  });
  for (const { standing, place } of yielding.toSorted(byAge)) {
    const { parent } = place;
    const alias = conflictedName(place.name, caseLabel, (name) => !taken.has(claim({ parent, name })));
    taken.add(claim({ parent, name: alias }));
    aliases.set(standing.id, alias);
  }
  return aliases;
}
