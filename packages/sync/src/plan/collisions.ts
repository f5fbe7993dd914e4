import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { conflictedName, copyLabel, unicodeLabel } from "../model/conflicted-name.ts";
import { claimOf, type Place, samePlace, type Trees } from "../model/trees.ts";
import { byAge, type Merged, type MergedTree } from "./merge.ts";
import type { Rekeying } from "./plan-types.ts";
import type { Policy } from "./policy.ts";

/**
 * Two nodes that claim one name: folders merge and equal kinds meet as one node where one of them is only on this disk;
 * else one of them, the file where one is a folder, gets a conflicted name. Changes the tree.
 */
export function resolveCollisions(tree: MergedTree, policy: Policy, shares: Trees["shares"]): Rekeying[] {
  while (dissolveOne(tree));
  const claims = new Map<string, Merged>();
  const rekeyings: Rekeying[] = [];
  const nodes = [...tree.values()].toSorted(byAge);
  let wanted: Set<string> | undefined;
  // Also what a younger one has whose turn is still to come: it would have to give way, and that would be one conflict more.
  const isFree = (place: Place): boolean => {
    wanted ??= new Set(nodes.map((each) => claimOf(each.place)));
    return !claims.has(claimOf(place)) && !wanted.has(claimOf(place));
  };
  for (const node of [...nodes.filter(isAnchored), ...nodes.filter((each) => !isAnchored(each))]) {
    const key = claimOf(node.place);
    const holder = claims.get(key);
    if (holder === undefined) claims.set(key, node);
    // One of them may be elsewhere by now: whoever waits for the look that tells needs no other name.
    else if (isUnsettled(node) || isUnsettled(holder)) continue;
    // Nobody here may rename either of them.
    else if (node.standing.isReadOnly && isAnchored(node) && isAnchored(holder)) continue;
    else if (canAbsorb(holder, node)) rekeyings.push({ from: node.standing.id, to: holder.standing.id, merges: true });
    else if (canMeet(node, holder)) rekeyings.push(rekeyed(node, holder.standing.id));
    // As if it had been made here, it is emptied into the other one by the next plan.
    else if (canUnite(tree, holder, node, shares))
      rekeyings.push({ from: node.standing.id, to: policy.makeNodeId(), merges: true });
    else {
      const { loser, winner } = judge(node, holder);
      claims.set(key, winner);
      const renamed = rename(loser, { claims, isFree }, policy);
      claims.set(claimOf(renamed.place), renamed);
      tree.set(loser.standing.id, renamed);
    }
  }
  return rekeyings;
}

/** A folder that is no mere shell takes along what was not deleted by itself, as if it had come back under its own id. */
export function rekeyed({ kind, isShell, standing: { id } }: Merged, to: NodeId): Rekeying {
  return kind === "folder" && !isShell ? { from: id, to, keepsContent: true } : { from: id, to };
}

/** The server has it there already, so that nobody else can get the name. */
function isAnchored({ standing, place }: Merged): boolean {
  return standing.remote !== undefined && samePlace(standing.remote, place);
}

/** A folder too that is there only for what cannot be read. */
export function isUnsettled({ standing: { local }, isHeld }: Merged): boolean {
  return local?.sight === "unsettled" || isHeld;
}

/** What is on this disk alone may become the node that the server has under that name and that this disk lacks. */
function canMeet({ standing: mine, kind, place }: Merged, { standing: theirs, ...other }: Merged): boolean {
  if (mine.local === undefined || mine.remote !== undefined || mine.local.sight === "unsettled") return false;
  if (theirs.remote === undefined || theirs.local !== undefined || kind !== other.kind) return false;
  if (kind === "folder" || mine.local.content === theirs.remote.content) return true;
  // A link has one target for life, so that another one is another node; where one may only read, it goes aside.
  if (kind === "symlink" && !mine.isReadOnly) return false;
  // Whoever spells it in another form means another file, unless it is the same one.
  return place.name === other.place.name;
}

/** A folder that was moved on this disk to where the server has another one, which this disk lacks: what is in it goes there. */
function canAbsorb(theirs: Merged, mine: Merged): boolean {
  if (theirs.kind !== "folder" || mine.kind !== "folder" || !isAnchored(theirs)) return false;
  const isMoved = mine.source === "disk" && mine.standing.remote !== undefined && mine.standing.local !== undefined;
  return isMoved && theirs.standing.local === undefined;
}

/**
 * Two folders that both were there before and got one name, one on each side, become one if nothing in the one is called as
 * something in the other: else all that is would get conflicted names, and one for the folder is better.
 */
function canUnite(tree: MergedTree, theirs: Merged, mine: Merged, shares: Trees["shares"]): boolean {
  const pair = [mine, theirs];
  if (pair.some(({ kind, standing }) => kind !== "folder" || standing.isReadOnly || shares.has(standing.id)))
    return false;
  if (mine.source !== "disk" || mine.standing.local === undefined || mine.standing.remote === undefined) return false;
  if (!isAnchored(theirs) || theirs.standing.local === undefined) return false;
  if (claimOf(theirs.standing.local) === claimOf(mine.place)) return false;
  const childrenOf = ({ standing: { id } }: Merged): Merged[] =>
    [...tree.values()].filter(({ place }) => place.parent === id);
  const names = new Set(childrenOf(theirs).map(({ place }) => nameKey(place.name)));
  return childrenOf(mine).every((child) => !isUnsettled(child) && !names.has(nameKey(child.place.name)));
}

/**
 * A folder that is only on this disk, where the server has put another one that this disk has elsewhere: what is in the first
 * one goes to the second, and it goes itself. Changes the tree. @returns whether there was one
 */
function dissolveOne(tree: MergedTree): boolean {
  const anchored = new Map(
    [...tree.values()].flatMap((node) => (isAnchored(node) ? [[claimOf(node.place), node]] : [])),
  );
  for (const [id, node] of tree) {
    const other = anchored.get(claimOf(node.place));
    if (other === undefined || !canDissolve(node, other)) continue;
    for (const [below, child] of tree) {
      if (child.place.parent !== id) continue;
      const place = { parent: other.standing.id, name: child.place.name };
      tree.set(below, { ...child, place, source: "forced_on_disk" });
    }
    tree.delete(id);
    return true;
  }
  return false;
}

function canDissolve(mine: Merged, theirs: Merged): boolean {
  if (mine.kind !== "folder" || theirs.kind !== "folder" || mine.isHeld || mine.standing.local === undefined)
    return false;
  if (theirs.standing.local === undefined || theirs.standing.id === mine.standing.id) return false;
  // Somebody who has both side by side, in two Unicode forms, means two.
  const isBeside = claimOf(theirs.standing.local) === claimOf(mine.place);
  return mine.standing.onDisk === "new" && mine.standing.remoteRow === undefined && !isBeside;
}

function judge(node: Merged, holder: Merged): { loser: Merged; winner: Merged } {
  // Where one may only read what the server has keeps its name, and so does a file that one may only read in a folder where one may write.
  if (isAnchored(holder) && (node.standing.isReadOnly || holder.standing.isReadOnly))
    return { loser: node, winner: holder };
  const holderGivesWay = node.kind === "folder" && holder.kind !== "folder";
  return holderGivesWay ? { loser: holder, winner: node } : { loser: node, winner: holder };
}

function rename(
  loser: Merged,
  { claims, isFree }: { readonly claims: ReadonlyMap<string, Merged>; readonly isFree: (place: Place) => boolean },
  policy: Policy,
): Merged {
  const { parent, name } = loser.place;
  const onlyForms = [...claims.values()].some(
    ({ place }) => place.parent === parent && place.name !== name && nameKey(place.name) === nameKey(name),
  );
  // What is not on this disk was written elsewhere, or here before it was excluded: the server does not tell.
  const device = loser.standing.local === undefined ? "unknown device" : policy.device;
  const label = onlyForms ? unicodeLabel : copyLabel(device, policy.nowMs);
  const free = conflictedName(name, label, (candidate) => isFree({ parent, name: candidate }));
  return { ...loser, place: { parent, name: free }, source: isAnchored(loser) ? "forced_on_server" : "forced_on_disk" };
}
