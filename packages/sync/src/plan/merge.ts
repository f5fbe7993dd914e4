import type { NodeId } from "@holdfast/core/ids";
import { type ContentKey, type Place, placeOf, samePlace, type Trees } from "../model/trees.ts";
import { mergedPrivacy } from "../model/privacy.ts";
import type { NodeKind } from "@holdfast/sync-ports/ports";
import type { NodeDiff } from "./node-diff.ts";

export type Source =
  | "disk"
  | "server"
  | "both"
  /** The node had to yield. The named side moves it first, and the other follows. */
  | "forced_on_disk"
  | "forced_on_server";

export interface Merged {
  readonly diff: NodeDiff;
  readonly kind: NodeKind;
  readonly place: Place;
  readonly source: Source;
  /** undefined: both sides have different bytes, and neither is based on the other */
  readonly content: ContentKey | undefined;
  readonly executable: boolean;
  readonly isPrivate: boolean | undefined;
  /** Deleted folder, recreated for live content. */
  readonly isShell: boolean;
  /** The folder is kept only for unreadable content that may be unchanged. It is not recreated yet. */
  readonly isKeptForUnreadable: boolean;
}

export type MergedTree = Map<NodeId, Merged>;

/** Ids start with the creation time and are the same everywhere. */
export function byAge(one: Merged, other: Merged): number {
  return one.diff.id < other.diff.id ? -1 : 1;
}

export function merge(trees: Trees, diffs: ReadonlyMap<NodeId, NodeDiff>): MergedTree {
  const candidates = new Map([...diffs].map(([id, diff]) => [id, mergeNode(diff)]));
  breakCycles(trees.rootId, candidates);
  return keepExisting(trees.rootId, candidates);
}

function mergeNode(diff: NodeDiff): Merged {
  const { local, remote, remoteRow, synced } = diff;
  const { place, source } = mergePlace(diff);
  const isServers = diff.isReadOnly && !diff.mayEdit;
  return {
    diff,
    kind: local?.kind ?? remote?.kind ?? synced?.kind ?? "file",
    place,
    source,
    content: threeWay(local?.content, remote?.content, synced?.content),
    executable: isServers
      ? (remote?.executable ?? local?.executable ?? false)
      : // An item restored from the trash has its former bit.
        (threeWay(local?.executable, remoteRow?.executable, synced?.executable) ?? remoteRow?.executable ?? false),
    isPrivate: mergedPrivacy({ local, remote: remoteRow, synced }, isServers),
    isShell: false,
    isKeptForUnreadable: false,
  };
}

/** If both sides moved the node, the server's place wins, because the server serializes moves. */
function mergePlace({ local, remote, synced, isReadOnly, isMisplaced }: NodeDiff): { place: Place; source: Source } {
  const onDisk = local === undefined ? undefined : placeOf(local);
  const onServer = remote === undefined ? undefined : placeOf(remote);
  if (onDisk === undefined || onServer === undefined) {
    if (onDisk !== undefined) return { place: onDisk, source: "disk" };
    return { place: onServer ?? synced?.place ?? { parent: "" as NodeId, name: "" }, source: "server" };
  }
  if (samePlace(onDisk, onServer)) return { place: onServer, source: "both" };
  const stayed = samePlace(onServer, synced?.place) && !isReadOnly && !isMisplaced;
  return stayed ? { place: onDisk, source: "disk" } : { place: onServer, source: "server" };
}

function threeWay<Value>(local: Value | undefined, remote: Value | undefined, base: Value | undefined) {
  if (local === undefined || remote === undefined) return local ?? remote;
  if (local === remote || local === base) return remote;
  return remote === base ? local : undefined;
}

/** Moves may form a cycle although each is valid alone. The local ones are undone. */
function breakCycles(rootId: NodeId, candidates: MergedTree): void {
  for (const id of candidates.keys()) {
    for (let cycle = cycleAt(rootId, candidates, id); cycle.length > 0; cycle = cycleAt(rootId, candidates, id)) {
      const mine = cycle.filter((each) => each.source === "disk" && each.diff.remote !== undefined);
      if (mine.length === 0) break;
      for (const each of mine) {
        const { remote } = each.diff;
        if (remote !== undefined) candidates.set(each.diff.id, { ...each, place: placeOf(remote), source: "server" });
      }
    }
  }
}

/** Returns the cycle above a node; empty: there is none. */
function cycleAt(rootId: NodeId, candidates: MergedTree, start: NodeId): Merged[] {
  const way: Merged[] = [];
  const seen = new Map<NodeId, number>();
  for (let id = start; id !== rootId;) {
    const at = candidates.get(id);
    if (at === undefined) return [];
    const first = seen.get(id);
    if (first !== undefined) return way.slice(first);
    seen.set(id, way.length);
    way.push(at);
    id = at.place.parent;
  }
  return [];
}

function keepExisting(rootId: NodeId, candidates: MergedTree): MergedTree {
  const isAlive = livingIn(rootId, candidates, () => true);
  const kept = withFolders(rootId, candidates, isAlive);
  const isRead = ({ diff: { local } }: Merged): boolean => local?.readState !== "unsettled";
  const needed = [...candidates.values()].every(isRead)
    ? kept
    : withFolders(rootId, candidates, livingIn(rootId, candidates, isRead));
  // In the order of the rows, so the same node of a cycle is parked whatever else exists.
  const merged: MergedTree = new Map();
  for (const id of candidates.keys()) {
    const node = kept.get(id);
    if (node !== undefined)
      merged.set(id, { ...node, isShell: !isAlive(id), isKeptForUnreadable: isRead(node) && !needed.has(id) });
  }
  return merged;
}

/** True if a node lives itself or with a live folder that it follows, not only because of its content. */
function livingIn(rootId: NodeId, candidates: MergedTree, counts: (node: Merged) => boolean): (id: NodeId) => boolean {
  const alive = new Map<NodeId, boolean>([[rootId, true]]);
  const isAlive = (id: NodeId): boolean => {
    const known = alive.get(id);
    if (known !== undefined) return known;
    // Ends a cycle of dead nodes.
    alive.set(id, false);
    const node = candidates.get(id);
    const existence = node === undefined || !counts(node) ? "absent" : node.diff.existence;
    const is =
      existence === "needed" || (existence === "follows" && node !== undefined && isAlive(folderToFollow(node)));
    alive.set(id, is);
    return is;
  };
  return isAlive;
}

/** Unchanged content follows the folder that the server deleted. */
function folderToFollow({ diff: { onDisk, remote, remoteRow }, place }: Merged): NodeId {
  return onDisk === "kept" && remote === undefined && remoteRow !== undefined ? remoteRow.parent : place.parent;
}

function withFolders(rootId: NodeId, candidates: MergedTree, isAlive: (id: NodeId) => boolean): MergedTree {
  const kept: MergedTree = new Map();
  for (const start of candidates.keys()) {
    if (!isAlive(start)) continue;
    for (let id = start; id !== rootId && !kept.has(id);) {
      const node = candidates.get(id);
      if (node === undefined) break;
      const { parent, name } = node.place;
      // Unknown folder: the node goes to the root.
      const isLost = parent !== rootId && !candidates.has(parent);
      kept.set(id, isLost ? { ...node, place: { parent: rootId, name }, source: "forced_on_disk" } : node);
      id = parent;
    }
  }
  return kept;
}
