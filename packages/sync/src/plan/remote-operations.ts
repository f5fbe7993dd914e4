import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import {
  slotOf,
  isLive,
  type LocalRow,
  type Place,
  placeOf,
  type RemoteRow,
  samePlace,
  type Trees,
} from "../model/trees.ts";
import { isPrivateIn, samePrivacy } from "../model/privacy.ts";
import { shareAt } from "../model/enclosing-share.ts";
import type { Merged, MergedTree } from "./merge.ts";
import { groupCycle } from "./name-cycles.ts";
import { NameTable, order, nameCycleOf, type Step, type TableRow, privateFirst } from "./order.ts";
import type { RemoteOperation } from "./plan-types.ts";
import type { Policy } from "./policy.ts";
import type { NodeDiff } from "./node-diff.ts";

type RemoteStep = Step<RemoteOperation>;

export interface RemotePlan {
  readonly operations: readonly RemoteOperation[];
  readonly stuck: readonly NodeId[];
  readonly forbidden: readonly NodeId[];
  /** Trashed folders that can return only under another id: they would restore an item whose name is needed first. */
  readonly unrestorable: readonly NodeId[];
}

export interface RemoteContext {
  readonly deletions: readonly NodeDiff[];
  /** Deletions that wait; their names are taken. */
  readonly held: ReadonlySet<NodeId>;
  readonly seenSeqIn: Policy["seenSeqIn"];
  /** Operations that need names or folders of refused nodes wait too. */
  readonly refused: ReadonlySet<NodeId>;
}

/** Server changes toward the merged tree, as far as this disk has it already. */
export function planRemote(
  trees: Trees,
  tree: MergedTree,
  { deletions, held, seenSeqIn, refused }: RemoteContext,
): RemotePlan {
  const seenSeqOf = ({ parent }: RemoteRow): number => seenSeqIn(shareAt(trees, trees.remote, parent));
  const all = [
    ...[...tree.values()].flatMap((node) => stepsOf(trees, node)),
    ...deletions.flatMap(({ id, remote }) => (remote === undefined ? [] : deletionOf(id, remote, seenSeqOf(remote)))),
  ];
  const isForbidden = ({ id, operation }: RemoteStep): boolean => {
    const diff = tree.get(id)?.diff;
    if (diff?.isReadOnly !== true) return false;
    return !(diff.mayEdit && isEdit(operation));
  };
  const steps = privateFirst(all.filter((step) => !refused.has(step.id) && !isForbidden(step)));
  const nodes = tableRowsOf(trees, tree, new Set([...held, ...deletions.map(({ id }) => id)]));
  const table = new NameTable(trees.rootId, slotOf, nodes);
  const { ready, stuck } = order(table, steps);
  // The server checks a group's names after all its operations.
  const cycle = nameCycleOf(table, stuck);
  const together = groupCycle(table, cycle);
  const placed = new Set(together.map(({ id }) => id));
  const inCycle = new Set(cycle.map(({ id }) => id));
  const left = stuck.filter(({ id }) => !inCycle.has(id));
  return {
    operations: [...ready.map(({ operation }) => operation), ...together],
    stuck: stuck.flatMap(({ id }) => (placed.has(id) ? [] : [id])),
    forbidden: all.filter(isForbidden).map(({ id }) => id),
    unrestorable: left.length === 0 ? [] : unrestorableBy(trees, tree, left, table),
  };
}

/** True for an edit of a live node that keeps its place. */
export function isEdit(operation: RemoteOperation): boolean {
  return operation.op === "set" || (operation.op === "put" && operation.revive === undefined);
}

/** True if the server must reach the merged place before the disk. */
export function serverGoesFirst({ source }: Merged): boolean {
  return source === "forced_on_server";
}

/** True for a local node whose folder the server deleted. */
export function needsNewId({
  diff: { local, remote, remoteRow, synced, onDisk },
  isShell,
  isKeptForUnreadable,
}: Merged): boolean {
  if (local === undefined || remote !== undefined || isKeptForUnreadable) return false;
  if (remoteRow === undefined) return synced !== undefined;
  // An unsettled item may be the engine's own copy of the trashed node.
  return isShell || (onDisk === "new" && remoteRow.trashed && local.readState !== "unsettled");
}

/**
 * These names affect the order: nodes that stay, nodes deleted separately or waiting for that, and nodes restored with
 * their folder.
 */
function tableRowsOf(trees: Trees, tree: MergedTree, deleted: ReadonlySet<NodeId>): TableRow[] {
  const isListed = (id: NodeId): boolean => id === trees.rootId || tree.has(id) || deleted.has(id);
  return [...trees.remote].flatMap(([id, row]): TableRow[] => {
    if (row.trashed || (!isListed(id) && isLive(trees, id))) return [];
    return [[id, placeOf(row), isListed(id) ? nearestAbove(trees, row.parent, isListed) : row.parent]];
  });
}

/** One operation deletes the topmost folder with everything left below. */
function nearestAbove(trees: Trees, parent: NodeId, isListed: (id: NodeId) => boolean): NodeId {
  return foldersFrom(trees, parent).find(isListed) ?? parent;
}

function* foldersFrom(trees: Trees, start: NodeId): Generator<NodeId, void> {
  let at: NodeId | undefined = start;
  // Beyond the server's depth limit, the rows form a cycle.
  for (let depth = 0; at !== undefined && depth <= 2 * limits.pathNamesMax; depth += 1) {
    yield at;
    at = trees.remote.get(at)?.parent;
  }
}

function stepsOf(trees: Trees, node: Merged): RemoteStep[] {
  if (node.isKeptForUnreadable) return [];
  const { local, remote, remoteRow, synced } = node.diff;
  if (remote !== undefined && serverGoesFirst(node)) return [moveOf(node, remote, false)];
  if (local === undefined || local.readState !== "known" || !samePlace(local, node.place)) return [];
  if (remote !== undefined) return changesOf(trees, node, { local, remote });
  if (remoteRow === undefined) return [creationOf(node, local)];
  // If both or only the server changed the bytes, the node is restored unchanged first and decided later.
  const isSuccessor = local.content !== synced?.content && remoteRow.content === synced?.content;
  if (node.kind === "file" && isSuccessor) {
    const operation = { ...putOf(node, local, remoteRow), revive: node.place };
    return [stepTo(operation, node.place)];
  }
  const isPlaced = !remoteRow.trashed && samePlace(remoteRow, node.place);
  return isPlaced ? [] : [moveOf(node, remoteRow, true)];
}

interface BothSides {
  readonly local: LocalRow;
  readonly remote: RemoteRow;
}

function changesOf(trees: Trees, node: Merged, { local, remote }: BothSides): RemoteStep[] {
  // One change per node at a time: the next is based on the new revision.
  if (!samePlace(node.place, remote)) {
    const isClosedFirst = isPrivateIn(local) && isInPrivate(trees, remote);
    const closing = isClosedFirst ? settingOf(node, local, remote).filter(isClosing) : [];
    return closing.length > 0 ? closing : [moveOf(node, remote, false)];
  }
  if (node.kind === "folder") return settingOf(node, local, remote);
  if (node.kind !== "file" || node.content === undefined || local.content !== node.content) return [];
  if (node.content !== remote.content) return [stepIn(putOf(node, local, remote))];
  return settingOf(node, local, remote);
}

/**
 * An item that leaves a private folder is made private before it moves, so that others never read it. Elsewhere a
 * refused mode change would only delay the move.
 */
function isInPrivate(trees: Trees, { parent }: RemoteRow): boolean {
  return foldersFrom(trees, parent).some((folder) => isPrivateIn(trees.remote.get(folder)));
}

function isClosing({ operation }: RemoteStep): boolean {
  return operation.op === "set" && operation.isPrivate === true;
}

/** In a read-only folder, privacy concerns this disk only. */
function settingOf({ diff, kind, ...node }: Merged, local: LocalRow, base: RemoteRow): RemoteStep[] {
  const isFlipped = kind === "file" && node.executable === local.executable && node.executable !== base.executable;
  const isOther = node.isPrivate === local.isPrivate && !samePrivacy(node, base);
  const executable = isFlipped ? node.executable : undefined;
  const isPrivate = isOther && !(diff.isReadOnly && !diff.mayEdit) ? node.isPrivate : undefined;
  if (executable === undefined && isPrivate === undefined) return [];
  return [stepIn({ op: "set", id: diff.id, executable, isPrivate, base })];
}

/** Sends the mode only if it changed here: another device's concurrent mode change is then no conflict. */
function putOf({ diff: { id }, ...node }: Merged, local: LocalRow, base: RemoteRow) {
  const executable = node.executable === base.executable ? undefined : node.executable;
  const isPrivate = samePrivacy(node, base) ? undefined : node.isPrivate;
  return { op: "put", id, local, base, executable, isPrivate, revive: undefined } as const;
}

function creationOf({ diff: { id }, kind, place }: Merged, local: LocalRow): RemoteStep {
  if (kind === "folder") return stepTo({ op: "mkdir", id, place, isPrivate: local.isPrivate }, place);
  if (kind === "symlink") return stepTo({ op: "symlink", id, place, content: local.content }, place);
  return stepTo({ op: "create", id, place, local }, place);
}

function moveOf({ diff: { id, local }, place }: Merged, base: RemoteRow, revive: boolean): RemoteStep {
  const held = revive && local?.content === base.content ? { held: base.content } : {};
  return stepTo({ op: "move", id, place, base, revive, ...held }, place);
}

function deletionOf(id: NodeId, base: RemoteRow, seenSeq: number): RemoteStep {
  const seen = base.kind === "folder" ? seenSeq : undefined;
  return { operation: { op: "delete", id, base, seen }, id, to: undefined, inPlace: false };
}

/**
 * A cycle waits for names which only return with a folder in it, and could be deleted only then. Example: two nested
 * folders swapped places here after the inner one was deleted on the server.
 */
function unrestorableBy(
  trees: Trees,
  tree: MergedTree,
  stuck: readonly RemoteStep[],
  table: NameTable,
): readonly NodeId[] {
  const isDead = (id: NodeId): boolean => !tree.has(id) && !isLive(trees, id);
  const cycle = nameCycleOf(table.without(isDead), stuck);
  const members = new Set(cycle.map(({ id }) => id));
  return cycle.flatMap(({ to }) => {
    const holder = to === undefined ? undefined : table.holderOf(to);
    if (to === undefined || holder === undefined || !isDead(holder)) return [];
    return foldersFrom(trees, to.parent).find((folder) => members.has(folder)) ?? [];
  });
}

function stepTo(operation: RemoteOperation, to: Place): RemoteStep {
  return { operation, id: operation.id, to, inPlace: false };
}

function stepIn(operation: RemoteOperation): RemoteStep {
  return { operation, id: operation.id, to: undefined, inPlace: true };
}
