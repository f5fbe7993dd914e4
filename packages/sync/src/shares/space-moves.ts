import type { NodeId } from "@holdfast/core/ids";
import { slotOf, type IndexedTrees, isLive, type LocalRow, type RemoteRow } from "../model/trees.ts";
import { endedMounts } from "./share-visibility.ts";
import { isReadOnly, isReadOnlyAt } from "../model/rights.ts";
import { shareAt, shareOf } from "../model/enclosing-share.ts";

interface SpaceMoveInput {
  readonly trees: IndexedTrees;
  readonly unsynced: Iterable<NodeId>;
  readonly departures: ReadonlyMap<NodeId, NodeId>;
  readonly makeNodeId: () => NodeId;
}

/** undefined: the node is removed. */
interface SpaceMove {
  readonly local: readonly (readonly [NodeId, LocalRow | undefined])[];
  readonly synced?: readonly (readonly [NodeId, undefined])[];
  /** Old id -> new id. */
  readonly departures?: readonly (readonly [NodeId, NodeId | undefined])[];
}

/**
 * An item moved locally between two spaces becomes a new node. The old one stays on the server until the new one has
 * arrived (`departures`). A move out of or into a read-only folder is a copy, even within one share, and the old item
 * returns. An item that moves back before its arrival is the old node again.
 * @returns undefined if nothing moved between spaces
 */
export function nextSpaceMove({ trees, unsynced, departures, makeNodeId }: SpaceMoveInput): SpaceMove | undefined {
  if (trees.shares.size === 0) return undefined;
  const back = returned(trees, departures);
  if (back !== undefined) return back;
  const ended = new Set(endedMounts(trees));
  for (const id of unsynced) {
    const [row, remote] = [trees.local.get(id), trees.remote.get(id)];
    if (row === undefined || remote === undefined || trees.shares.has(id)) continue;
    const [here, there] = [shareOf(trees, trees.local, id), shareOf(trees, trees.remote, id)];
    // Content of an ended share is put away wherever it came from; that of a waiting share stays.
    if ((here !== undefined && ended.has(here)) || waits(trees, here) || waits(trees, there)) continue;
    const [mayNotHere, mayNotThere] = [isReadOnly(trees, trees.local, id), isReadOnly(trees, trees.remote, id)];
    const isBorder = mayNotHere !== mayNotThere;
    if ((here === there || hasStayed(trees, id, row)) && !(isBorder && wasMoved(trees, id, row, remote))) continue;
    const to = makeNodeId();
    const local = underId(trees, row, id, to);
    const isCopy = !isLive(trees, id) || mayNotHere || mayNotThere;
    return isCopy ? { local, synced: [[id, undefined]] } : { local, departures: [[id, to]] };
  }
  return undefined;
}

/**
 * True if the item stayed in its folder. A folder that moved to another share is handled before its items. Items that
 * the server shows in another mount follow.
 */
function hasStayed(trees: IndexedTrees, id: NodeId, row: LocalRow): boolean {
  return trees.synced.get(id)?.place?.parent === row.parent;
}

/** True for a local move. If the server moves an item to a folder with other rights, the disk follows. */
function wasMoved(trees: IndexedTrees, id: NodeId, row: LocalRow, remote: RemoteRow): boolean {
  const base = trees.synced.get(id)?.place?.parent;
  return base !== undefined && base === remote.parent && row.parent !== base;
}

function waits({ shares }: IndexedTrees, share: NodeId | undefined): boolean {
  return share !== undefined && shares.get(share)?.waits === true;
}

export function finishedDepartures(
  trees: IndexedTrees,
  departures: ReadonlyMap<NodeId, NodeId>,
): (readonly [NodeId, undefined])[] {
  const over = [...departures.keys()].filter(
    (id) => trees.local.has(id) || !trees.synced.has(id) || !isLive(trees, id),
  );
  return over.map((id) => [id, undefined] as const);
}

/**
 * Bases of items that cannot arrive, because their destination became read-only. They return to their former place.
 */
export function strandedBases(
  trees: IndexedTrees,
  departures: ReadonlyMap<NodeId, NodeId>,
): (readonly [NodeId, undefined])[] {
  const stranded = [...departures].filter(([, to]) => {
    const row = trees.local.get(to);
    if (row === undefined || isLive(trees, to) || waits(trees, shareAt(trees, trees.local, row.parent))) return false;
    return isReadOnlyAt(trees, trees.local, row.parent);
  });
  return stranded.map(([id]) => [id, undefined] as const);
}

/**
 * Departures that would wait for each other forever, because each is at the other's destination. They are removed
 * first; the server keeps them in its trash.
 */
export function cyclicDepartures(trees: IndexedTrees, departures: ReadonlyMap<NodeId, NodeId>): ReadonlySet<NodeId> {
  const liveClaims = new Map<string, NodeId>();
  for (const id of departures.keys()) {
    const there = trees.remote.get(id);
    if (there !== undefined && isLive(trees, id)) liveClaims.set(slotOf(there), id);
  }
  const open = new Map<NodeId, number>();
  const waiters = new Map<NodeId, NodeId[]>();
  for (const [id, to] of departures) {
    const ahead = new Set(waitsFor(trees, id, to, departures, liveClaims));
    open.set(id, ahead.size);
    for (const other of ahead) waiters.set(other, [...(waiters.get(other) ?? []), id]);
  }
  const free = [...open].flatMap(([id, count]) => (count === 0 ? [id] : []));
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    open.delete(id);
    for (const waiter of waiters.get(id) ?? []) {
      const left = (open.get(waiter) ?? 0) - 1;
      open.set(waiter, left);
      if (left === 0) free.push(waiter);
    }
  }
  return new Set(open.keys());
}

/** Items at the destination or a folder above it, and content of the item, which stays with it. */
function waitsFor(
  trees: IndexedTrees,
  id: NodeId,
  to: NodeId,
  departures: ReadonlyMap<NodeId, NodeId>,
  liveClaims: ReadonlyMap<string, NodeId>,
): NodeId[] {
  const found = [...trees.childrenOf(id)].filter(
    (child) => departures.has(child) && trees.remote.get(child)?.parent === id,
  );
  const passed = new Set<NodeId>();
  let [at, row] = [to, trees.local.get(to)];
  while (row !== undefined && !isLive(trees, at) && !passed.has(at)) {
    passed.add(at);
    const there = liveClaims.get(slotOf(row));
    if (there !== undefined) found.push(there);
    [at, row] = [row.parent, trees.local.get(row.parent)];
  }
  return found;
}

function returned(trees: IndexedTrees, departures: ReadonlyMap<NodeId, NodeId>): SpaceMove | undefined {
  for (const [id, to] of departures) {
    const row = trees.local.get(to);
    const remote = trees.remote.get(id);
    const isOpen = row !== undefined && remote !== undefined && !trees.local.has(id) && !trees.remote.has(to);
    if (!isOpen || row.kind !== remote.kind || !isLive(trees, id)) continue;
    if (shareOf(trees, trees.local, to) !== shareOf(trees, trees.remote, id)) continue;
    // It may be on its way to the server.
    if (trees.offers.some(({ nodeId, isRefused }) => nodeId === to && isRefused !== true)) continue;
    return { local: underId(trees, row, to, id), departures: [[id, undefined]] };
  }
  return undefined;
}

function underId(trees: IndexedTrees, row: LocalRow, from: NodeId, to: NodeId): [NodeId, LocalRow | undefined][] {
  const changes: [NodeId, LocalRow | undefined][] = [
    [from, undefined],
    [to, row],
  ];
  for (const child of trees.childrenOf(from)) {
    const below = trees.local.get(child);
    if (below?.parent === from) changes.push([child, { ...below, parent: to }]);
  }
  return changes;
}
