import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { caseLabel, conflictedName } from "../model/conflicted-name.ts";
import { ownFolder } from "@holdfast/sync-ports/paths";
import type { Place } from "../model/trees.ts";
import { isUnsettled } from "./collisions.ts";
import { byAge, type MergedTree } from "./merge.ts";
import type { Policy } from "./policy.ts";

/**
 * Local names for nodes whose names are equal on this disk. The lowest id keeps its name: ids start with the creation
 * time and are the same on all devices. Aliases depend on the tree only, so all disks with the same folding agree. A
 * node regains its name when the other is gone.
 * @param tree contains all claimants of names in folders with planned changes
 */
export function aliasesOf(
  rootId: NodeId,
  tree: MergedTree,
  { slotKey }: Pick<Policy, "slotKey">,
): ReadonlyMap<NodeId, string> {
  const aliases = new Map<NodeId, string>();
  // Names that are equal here are equal on the server too.
  if (slotKey === nameKey) return aliases;
  const slotOf = ({ parent, name }: Place): string => `${parent}/${slotKey(name)}`;
  // An unreadable item may have moved. Items that wait for the next scan need no other name.
  const settled = [...tree.values()].filter((node) => !isUnsettled(node));
  const claimants = Map.groupBy(settled, ({ place }) => slotOf(place));
  const own = slotOf({ parent: rootId, name: ownFolder });
  const taken = new Set([own, ...[...tree.values()].map(({ place }) => slotOf(place))]);
  const yielding = [...claimants].flatMap(([key, nodes]) => {
    if (nodes.length === 1 && key !== own) return [];
    return key === own ? nodes : nodes.toSorted(byAge).slice(1);
  });
  for (const { diff, place } of yielding.toSorted(byAge)) {
    const { parent } = place;
    const alias = conflictedName(place.name, caseLabel, (name) => !taken.has(slotOf({ parent, name })));
    taken.add(slotOf({ parent, name: alias }));
    aliases.set(diff.id, alias);
  }
  return aliases;
}
