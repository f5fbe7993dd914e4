import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { conflictedName, copyLabel, unicodeLabel } from "../model/conflicted-name.ts";
import { slotOf, type Place, samePlace, type Trees } from "../model/trees.ts";
import { byAge, type Merged, type MergedTree } from "./merge.ts";
import type { IdChange } from "./plan-types.ts";
import type { Policy } from "./policy.ts";

/**
 * Resolves nodes that claim one name. Folders merge, and equal kinds become one node if one is only local. Otherwise
 * one gets a conflicted name: the file if the other is a folder. Modifies the tree.
 */
export function resolveCollisions(tree: MergedTree, policy: Policy, shares: Trees["shares"]): IdChange[] {
  while (dissolveOne(tree));
  const slots = new Map<string, Merged>();
  const idChanges: IdChange[] = [];
  const nodes = [...tree.values()].toSorted(byAge);
  let wanted: Set<string> | undefined;
  // A younger node whose name was taken would have to yield in another conflict.
  const isFree = (place: Place): boolean => {
    wanted ??= new Set(nodes.map((each) => slotOf(each.place)));
    return !slots.has(slotOf(place)) && !wanted.has(slotOf(place));
  };
  for (const node of [...nodes.filter(isAnchored), ...nodes.filter((each) => !isAnchored(each))]) {
    const key = slotOf(node.place);
    const holder = slots.get(key);
    if (holder === undefined) slots.set(key, node);
    // One of them may have moved. Items that wait for the next scan need no other name.
    else if (isUnsettled(node) || isUnsettled(holder)) continue;
    // This account can rename neither.
    else if (node.diff.isReadOnly && isAnchored(node) && isAnchored(holder)) continue;
    else if (canAbsorb(holder, node)) idChanges.push({ from: node.diff.id, to: holder.diff.id, merges: true });
    else if (canMeet(node, holder)) idChanges.push(idChangeOf(node, holder.diff.id));
    // The next plan empties it into the other one.
    else if (canUnite(tree, holder, node, shares))
      idChanges.push({ from: node.diff.id, to: policy.makeNodeId(), merges: true });
    else {
      const { loser, winner } = judge(node, holder);
      slots.set(key, winner);
      const renamed = rename(loser, { slots, isFree }, policy);
      slots.set(slotOf(renamed.place), renamed);
      tree.set(loser.diff.id, renamed);
    }
  }
  return idChanges;
}

/** A real folder takes along content that was not deleted separately, as if it had returned under its own id. */
export function idChangeOf({ kind, isShell, diff: { id } }: Merged, to: NodeId): IdChange {
  return kind === "folder" && !isShell ? { from: id, to, keepsContent: true } : { from: id, to };
}

/** True if the node is already there on the server, so that nothing else can get the name. */
function isAnchored({ diff, place }: Merged): boolean {
  return diff.remote !== undefined && samePlace(diff.remote, place);
}

/** Includes folders kept only for unreadable content. */
export function isUnsettled({ diff: { local }, isKeptForUnreadable }: Merged): boolean {
  return local?.readState === "unsettled" || isKeptForUnreadable;
}

/** True for a local-only item that may become the server's node of that name that this disk lacks. */
function canMeet({ diff: mine, kind, place }: Merged, { diff: theirs, ...other }: Merged): boolean {
  if (mine.local === undefined || mine.remote !== undefined || mine.local.readState === "unsettled") return false;
  if (theirs.remote === undefined || theirs.local !== undefined || kind !== other.kind) return false;
  if (kind === "folder" || mine.local.content === theirs.remote.content) return true;
  // A link's target never changes, so another target is another node. In a read-only folder it goes aside.
  if (kind === "symlink" && !mine.isReadOnly) return false;
  // Another Unicode form means another file, unless the content is equal.
  return place.name === other.place.name;
}

/**
 * True for a folder moved locally to the place of a server folder that this disk lacks. Its content moves into that
 * one.
 */
function canAbsorb(theirs: Merged, mine: Merged): boolean {
  if (theirs.kind !== "folder" || mine.kind !== "folder" || !isAnchored(theirs)) return false;
  const isMoved = mine.source === "disk" && mine.diff.remote !== undefined && mine.diff.local !== undefined;
  return isMoved && theirs.diff.local === undefined;
}

/**
 * True if two folders got the same name, one on each side, and no names inside collide. Otherwise all colliding items
 * would get conflicted names; one for the folder is better.
 */
function canUnite(tree: MergedTree, theirs: Merged, mine: Merged, shares: Trees["shares"]): boolean {
  const pair = [mine, theirs];
  if (pair.some(({ kind, diff }) => kind !== "folder" || diff.isReadOnly || shares.has(diff.id))) return false;
  if (mine.source !== "disk" || mine.diff.local === undefined || mine.diff.remote === undefined) return false;
  if (!isAnchored(theirs) || theirs.diff.local === undefined) return false;
  if (slotOf(theirs.diff.local) === slotOf(mine.place)) return false;
  const childrenOf = ({ diff: { id } }: Merged): Merged[] =>
    [...tree.values()].filter(({ place }) => place.parent === id);
  const names = new Set(childrenOf(theirs).map(({ place }) => nameKey(place.name)));
  return childrenOf(mine).every((child) => !isUnsettled(child) && !names.has(nameKey(child.place.name)));
}

/**
 * Moves a local-only folder's content into a known folder that the server moved to its place, and removes the local
 * one. Modifies the tree.
 * @returns false if there was none
 */
function dissolveOne(tree: MergedTree): boolean {
  const anchored = new Map(
    [...tree.values()].flatMap((node) => (isAnchored(node) ? [[slotOf(node.place), node]] : [])),
  );
  for (const [id, node] of tree) {
    const other = anchored.get(slotOf(node.place));
    if (other === undefined || !canDissolve(node, other)) continue;
    for (const [below, child] of tree) {
      if (child.place.parent !== id) continue;
      const place = { parent: other.diff.id, name: child.place.name };
      tree.set(below, { ...child, place, source: "forced_on_disk" });
    }
    tree.delete(id);
    return true;
  }
  return false;
}

function canDissolve(mine: Merged, theirs: Merged): boolean {
  if (mine.kind !== "folder" || theirs.kind !== "folder" || mine.isKeptForUnreadable || mine.diff.local === undefined)
    return false;
  if (theirs.diff.local === undefined || theirs.diff.id === mine.diff.id) return false;
  // With both in two Unicode forms, a person means two.
  const isBeside = slotOf(theirs.diff.local) === slotOf(mine.place);
  return mine.diff.onDisk === "new" && mine.diff.remoteRow === undefined && !isBeside;
}

function judge(node: Merged, holder: Merged): { loser: Merged; winner: Merged } {
  // A read-only item keeps its name, even in a writable folder.
  if (isAnchored(holder) && (node.diff.isReadOnly || holder.diff.isReadOnly)) return { loser: node, winner: holder };
  const holderGivesWay = node.kind === "folder" && holder.kind !== "folder";
  return holderGivesWay ? { loser: holder, winner: node } : { loser: node, winner: holder };
}

function rename(
  loser: Merged,
  { slots, isFree }: { readonly slots: ReadonlyMap<string, Merged>; readonly isFree: (place: Place) => boolean },
  policy: Policy,
): Merged {
  const { parent, name } = loser.place;
  const onlyForms = [...slots.values()].some(
    ({ place }) => place.parent === parent && place.name !== name && nameKey(place.name) === nameKey(name),
  );
  // The item was written elsewhere, or here before it was excluded. The server does not report which.
  const device = loser.diff.local === undefined ? "unknown device" : policy.device;
  const label = onlyForms ? unicodeLabel : copyLabel(device, policy.nowMs);
  const free = conflictedName(name, label, (candidate) => isFree({ parent, name: candidate }));
  return { ...loser, place: { parent, name: free }, source: isAnchored(loser) ? "forced_on_server" : "forced_on_disk" };
}
