import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { conflictedName, copyLabel, unicodeLabel } from "../conflicted-name.ts";
import { samePlace } from "../trees.ts";
import type { Merged, MergedTree } from "./merge.ts";
import type { Rekeying } from "./plan-types.ts";
import type { Policy } from "./policy.ts";

/**
 * Two nodes that claim one name: folders merge and equal kinds meet as one node where one of them is only on this disk;
 * else one of them, the file where one is a folder, gets a conflicted name. Changes the tree.
 */
export function resolveCollisions(tree: MergedTree, policy: Policy): Rekeying[] {
  const claims = new Map<string, Merged>();
  const rekeyings: Rekeying[] = [];
  const byId = [...tree.values()].toSorted((one, other) => (one.standing.id < other.standing.id ? -1 : 1));
  for (const node of [...byId.filter(isAnchored), ...byId.filter((each) => !isAnchored(each))]) {
    const key = claimOf(node.place);
    const holder = claims.get(key);
    if (holder === undefined) claims.set(key, node);
    // One of them may be elsewhere by now: whoever waits for the look that tells needs no other name.
    else if (isUnsettled(node) || isUnsettled(holder)) continue;
    else if (canMeet(node, holder)) rekeyings.push({ from: node.standing.id, to: holder.standing.id });
    else {
      const { loser, winner } = judge(node, holder);
      claims.set(key, winner);
      const renamed = rename(loser, claims, policy);
      claims.set(claimOf(renamed.place), renamed);
      tree.set(loser.standing.id, renamed);
    }
  }
  return rekeyings;
}

/** The server has it there already, so that nobody else can get the name. */
function isAnchored({ standing, place }: Merged): boolean {
  return standing.remote !== undefined && samePlace(standing.remote, place);
}

function isUnsettled({ standing: { local } }: Merged): boolean {
  return local?.sight === "unsettled";
}

/** What is on this disk alone may become the node that the server has under that name and that this disk lacks. */
function canMeet({ standing: mine, kind }: Merged, { standing: theirs, kind: theirKind }: Merged): boolean {
  if (mine.local === undefined || mine.remote !== undefined || mine.local.sight === "unsettled") return false;
  return theirs.remote !== undefined && theirs.local === undefined && kind === theirKind;
}

function judge(node: Merged, holder: Merged): { loser: Merged; winner: Merged } {
  const holderGivesWay = node.kind === "folder" && holder.kind !== "folder";
  return holderGivesWay ? { loser: holder, winner: node } : { loser: node, winner: holder };
}

function rename(loser: Merged, claims: ReadonlyMap<string, Merged>, policy: Policy): Merged {
  const { parent, name } = loser.place;
  const onlyForms = [...claims.values()].some(
    ({ place }) => place.parent === parent && place.name !== name && nameKey(place.name) === nameKey(name),
  );
  const label = onlyForms ? unicodeLabel : copyLabel(policy.device, policy.nowMs);
  const free = conflictedName(name, label, (candidate) => !claims.has(claimOf({ parent, name: candidate })));
  return { ...loser, place: { parent, name: free }, source: isAnchored(loser) ? "forced_on_server" : "forced_on_disk" };
}

export function claimOf({ parent, name }: { readonly parent: NodeId; readonly name: string }): string {
  return `${parent}/${nameKey(name)}`;
}
