import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import {
  claimOf,
  isLive,
  type LocalRow,
  type Place,
  placeOf,
  type RemoteRow,
  samePlace,
  type Trees,
} from "../model/trees.ts";
import { isPrivateIn, samePrivacy } from "../model/privacy.ts";
import { shareAt } from "../model/whereabouts.ts";
import type { Merged, MergedTree } from "./merge.ts";
import { grouped } from "./rings.ts";
import { NameTable, order, ringOf, type Step, type TableRow, tighteningFirst } from "./order.ts";
import type { RemoteOperation } from "./plan-types.ts";
import type { Policy } from "./policy.ts";
import type { Standing } from "./standing.ts";

type RemoteStep = Step<RemoteOperation>;

export interface RemotePlan {
  readonly operations: readonly RemoteOperation[];
  /** Nodes whose operation cannot be placed in any order now. */
  readonly stuck: readonly NodeId[];
  /** What differs here and may not be sent. */
  readonly forbidden: readonly NodeId[];
  /** Folders of the trash that can come back only under another id: with this one comes back what has a name that somebody needs first. */
  readonly cornered: readonly NodeId[];
}

export interface RemoteContext {
  readonly deletions: readonly Standing[];
  /** Deletions that wait: their names are taken. */
  readonly held: ReadonlySet<NodeId>;
  readonly seenSeqIn: Policy["seenSeqIn"];
  /** Nodes of which the server took nothing: whoever needs their names or folders waits with them. */
  readonly refused: ReadonlySet<NodeId>;
}

/** What has to be sent so that the server's tree becomes the merged one, as far as this disk has it already. */
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
    const standing = tree.get(id)?.standing;
    if (standing?.isReadOnly !== true) return false;
    return !(standing.mayEdit && isEdit(operation));
  };
  const steps = tighteningFirst(all.filter((step) => !refused.has(step.id) && !isForbidden(step)));
  const nodes = holdersOf(trees, tree, new Set([...held, ...deletions.map(({ id }) => id)]));
  const table = new NameTable(trees.rootId, claimOf, nodes);
  const { ready, stuck } = order(table, steps);
  // The server checks the names of a group at its end.
  const ring = ringOf(table, stuck);
  const together = grouped(table, ring);
  const placed = new Set(together.map(({ id }) => id));
  const ringed = new Set(ring.map(({ id }) => id));
  const left = stuck.filter(({ id }) => !ringed.has(id));
  return {
    operations: [...ready.map(({ operation }) => operation), ...together],
    stuck: stuck.flatMap(({ id }) => (placed.has(id) ? [] : [id])),
    forbidden: all.filter(isForbidden).map(({ id }) => id),
    cornered: left.length === 0 ? [] : corneredBy(trees, tree, left, table),
  };
}

/** Of what is live on the server, and stays where it is. */
export function isEdit(operation: RemoteOperation): boolean {
  return operation.op === "set" || (operation.op === "put" && operation.revive === undefined);
}

/** Whether the merged place of a node is to be reached on the server before the disk follows. */
export function serverGoesFirst({ source }: Merged): boolean {
  return source === "forced_on_server";
}

/** Nodes that this disk has, whose folder the server has thrown away: they need another id. */
export function needsNewId({
  standing: { local, remote, remoteRow, synced, onDisk },
  isShell,
  isHeld,
}: Merged): boolean {
  if (local === undefined || remote !== undefined || isHeld) return false;
  if (remoteRow === undefined) return synced !== undefined;
  // What is not settled may turn out to be what the engine made of the one in the trash.
  return isShell || (onDisk === "new" && remoteRow.trashed && local.sight !== "unsettled");
}

/**
 * Who has a name on the server that matters to the order: what stays, what is deleted by an operation of its own or
 * waits for that, and what comes back with its folder.
 */
function holdersOf(trees: Trees, tree: MergedTree, deleted: ReadonlySet<NodeId>): TableRow[] {
  const isListed = (id: NodeId): boolean => id === trees.rootId || tree.has(id) || deleted.has(id);
  return [...trees.remote].flatMap(([id, row]): TableRow[] => {
    if (row.trashed || (!isListed(id) && isLive(trees, id))) return [];
    return [[id, placeOf(row), isListed(id) ? nearestAbove(trees, row.parent, isListed) : row.parent]];
  });
}

/** Of a folder that goes only the topmost is deleted by an operation, and takes along whatever is left anywhere below it. */
function nearestAbove(trees: Trees, parent: NodeId, isListed: (id: NodeId) => boolean): NodeId {
  return foldersFrom(trees, parent).find(isListed) ?? parent;
}

/** A folder and those above it on the server, whether or not they are in the trash. */
function* foldersFrom(trees: Trees, start: NodeId): Generator<NodeId, void> {
  let at: NodeId | undefined = start;
  // Deeper than the server lets anything be is only what stands in itself.
  for (let depth = 0; at !== undefined && depth <= 2 * limits.pathNamesMax; depth += 1) {
    yield at;
    at = trees.remote.get(at)?.parent;
  }
}

function stepsOf(trees: Trees, node: Merged): RemoteStep[] {
  if (node.isHeld) return [];
  const { local, remote, remoteRow, synced } = node.standing;
  if (remote !== undefined && serverGoesFirst(node)) return [moveOf(node, remote, false)];
  if (local === undefined || local.sight !== "known" || !samePlace(local, node.place)) return [];
  if (remote !== undefined) return changesOf(trees, node, { local, remote });
  if (remoteRow === undefined) return [creationOf(node, local)];
  // Where both changed the bytes, or only the server did, it comes back as it is, and then that is decided.
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
  // One change of a node at a time: the next rests on the revision that this one makes.
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

/** An item that leaves a private folder is closed before it moves, so that others never read it; elsewhere a refused closing would only delay the move. */
function isInPrivate(trees: Trees, { parent }: RemoteRow): boolean {
  return foldersFrom(trees, parent).some((folder) => isPrivateIn(trees.remote.get(folder)));
}

function isClosing({ operation }: RemoteStep): boolean {
  return operation.op === "set" && operation.isPrivate === true;
}

/** Where one may only read, privacy here is this disk's own matter. */
function settingOf({ standing, kind, ...node }: Merged, local: LocalRow, base: RemoteRow): RemoteStep[] {
  const isFlipped = kind === "file" && node.executable === local.executable && node.executable !== base.executable;
  const isOther = node.isPrivate === local.isPrivate && !samePrivacy(node, base);
  const executable = isFlipped ? node.executable : undefined;
  const isPrivate = isOther && !(standing.isReadOnly && !standing.mayEdit) ? node.isPrivate : undefined;
  if (executable === undefined && isPrivate === undefined) return [];
  return [stepIn({ op: "set", id: standing.id, executable, isPrivate, base })];
}

/** The mode goes along only if it changed here: another device may be about to change it there, which is no conflict. */
function putOf({ standing: { id }, ...node }: Merged, local: LocalRow, base: RemoteRow) {
  const executable = node.executable === base.executable ? undefined : node.executable;
  const isPrivate = samePrivacy(node, base) ? undefined : node.isPrivate;
  return { op: "put", id, local, base, executable, isPrivate, revive: undefined } as const;
}

function creationOf({ standing: { id }, kind, place }: Merged, local: LocalRow): RemoteStep {
  if (kind === "folder") return stepTo({ op: "mkdir", id, place, isPrivate: local.isPrivate }, place);
  if (kind === "symlink") return stepTo({ op: "symlink", id, place, content: local.content }, place);
  return stepTo({ op: "create", id, place, local }, place);
}

function moveOf({ standing: { id, local }, place }: Merged, base: RemoteRow, revive: boolean): RemoteStep {
  const held = revive && local?.content === base.content ? { held: base.content } : {};
  return stepTo({ op: "move", id, place, base, revive, ...held }, place);
}

function deletionOf(id: NodeId, base: RemoteRow, seenSeq: number): RemoteStep {
  const seen = base.kind === "folder" ? seenSeq : undefined;
  return { operation: { op: "delete", id, base, seen }, id, to: undefined, inPlace: false };
}

/**
 * Of a ring that waits for names which only come back with a folder in it, and could be deleted only then: those folders. Two
 * folders, one in the other, that changed places here after the inner one was deleted on the server are such a ring.
 */
function corneredBy(trees: Trees, tree: MergedTree, stuck: readonly RemoteStep[], table: NameTable): readonly NodeId[] {
  const isDead = (id: NodeId): boolean => !tree.has(id) && !isLive(trees, id);
  const ring = ringOf(table.without(isDead), stuck);
  const members = new Set(ring.map(({ id }) => id));
  return ring.flatMap(({ to }) => {
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
