import type { NodeId } from "@holdfast/core/ids";
import { conflictedName, copyLabel, isNameOfCopy, labelledName } from "../model/conflicted-name.ts";
import { placeBesideRepository } from "../model/repositories.ts";
import { isPrivateIn } from "../model/privacy.ts";
import { isReadOnlyAt } from "../model/rights.ts";
import { selfAndAncestors } from "../model/tree-paths.ts";
import { shareAt } from "../model/enclosing-share.ts";
import {
  type ContentKey,
  type DiskPlace,
  type LocalRow,
  nameOnDisk,
  type Place,
  type RemoteRow,
  samePlace,
  type Trees,
} from "../model/trees.ts";
import type { Merged, MergedTree } from "./merge.ts";
import { aliasesOf } from "./aliases.ts";
import { NameTable, order, nameCycleOf, type Step, privateFirst } from "./order.ts";
import type { LocalOperation } from "./plan-types.ts";
import type { Policy } from "./policy.ts";
import { serverGoesFirst } from "./remote-operations.ts";
import type { NodeDiff } from "./node-diff.ts";

type LocalStep = Step<LocalOperation>;

export interface LocalPlan {
  readonly operations: readonly LocalOperation[];
  readonly stuck: readonly NodeId[];
}

/** Disk changes toward the merged tree, as far as the server has it already. */
export function planLocal(trees: Trees, tree: MergedTree, deletions: readonly NodeDiff[], policy: Policy): LocalPlan {
  const slotOf = ({ parent, name }: Place): string => `${parent}/${policy.slotKey(name)}`;
  const aliases = aliasesOf(trees.rootId, tree, policy);
  const nodes = [...trees.local].map(([id, row]) => [id, shownAt(row)] as const);
  const table = new NameTable(trees.rootId, slotOf, nodes);
  let taken: Set<string> | undefined;
  const isTaken = (place: Place): boolean => {
    taken ??= new Set([...tree.values()].map((other) => slotOf(shownAt(aliased(other, aliases)))));
    return table.holderOf(place) !== undefined || taken.has(slotOf(place));
  };
  const take = (place: Place): void => void taken?.add(slotOf(place));
  let twins: ReadonlyMap<string, readonly Merged[]> | undefined;
  const twinsOf = (parent: NodeId, content: ContentKey): readonly Merged[] => {
    twins ??= Map.groupBy(tree.values(), (each) => `${each.place.parent} ${each.content}`);
    return twins.get(`${parent} ${content}`) ?? [];
  };
  const copyPlaceFor = (local: LocalRow): Place | undefined => placeOfCopies(trees, local);
  const leavesPrivate = ({ parent }: LocalRow, into?: NodeId): boolean => {
    const stays = new Set(into === undefined ? [] : selfAndAncestors(trees, into));
    return selfAndAncestors(trees, parent).some((folder) => !stays.has(folder) && isPrivateIn(trees.local.get(folder)));
  };
  const surroundings = { policy, aliases, isTaken, take, twinsOf, copyPlaceFor, leavesPrivate };
  const steps = [
    ...[...tree.values()].flatMap((node) => stepOf(node, surroundings)),
    ...deletions.flatMap((diff) => (diff.local === undefined ? [] : deletionOf(diff, diff.local))),
  ];
  return orderWithParking(trees, table, privateFirst(steps));
}

/** Parks items that block a name and will move, unless they could not be placed afterwards. */
function orderWithParking(trees: Trees, table: NameTable, steps: readonly LocalStep[]): LocalPlan {
  const first = order(table, steps);
  const operations = first.ready.map(({ operation }) => operation);
  const leaving = new Set(nameCycleOf(table, first.stuck).map(({ id }) => id));
  for (let waiting = first.stuck; ;) {
    const blocking = waiting
      .flatMap(({ id, to }) => (to === undefined || !leaving.has(id) ? [] : { id, holder: table.holderOf(to) }))
      .find(({ id, holder }) => holder !== undefined && holder !== id && leaving.has(holder))?.holder;
    const local = blocking === undefined ? undefined : trees.local.get(blocking);
    if (blocking === undefined || local === undefined) return { operations, stuck: waiting.map(({ id }) => id) };
    operations.push({ op: "park", id: blocking, local });
    table.put(blocking, undefined);
    const { ready, stuck } = order(table, waiting);
    operations.push(...ready.map(({ operation }) => operation));
    waiting = stuck;
  }
}

function shownAt(place: DiskPlace): Place {
  return { parent: place.parent, name: nameOnDisk(place) };
}

function aliased({ place, diff: { id } }: Merged, aliases: ReadonlyMap<NodeId, string>): DiskPlace {
  const alias = aliases.get(id);
  return alias === undefined ? place : { ...place, alias };
}

interface Surroundings {
  readonly aliases: ReadonlyMap<NodeId, string>;
  readonly policy: Policy;
  readonly isTaken: (place: Place) => boolean;
  readonly take: (place: Place) => void;
  readonly twinsOf: (parent: NodeId, content: ContentKey) => readonly Merged[];
  /** undefined: beside the file, under its name */
  readonly copyPlaceFor: (local: LocalRow) => Place | undefined;
  /** True if the item leaves a private folder. It is then made private first. */
  readonly leavesPrivate: (local: LocalRow, into?: NodeId) => boolean;
}

function stepOf(node: Merged, surroundings: Surroundings): LocalStep[] {
  const { id, local, remote } = node.diff;
  if (serverGoesFirst(node)) return [];
  const place = aliased(node, surroundings.aliases);
  if (local === undefined) return remote === undefined ? [] : creationOf(node, place, remote);
  if (local.readState !== "known") return [];
  if (!samePlace(local, place) || local.alias !== place.alias) {
    const isToBeClosedFirst =
      remote !== undefined && surroundings.leavesPrivate(local) && isToBeClosed(node, local, remote);
    if (isToBeClosedFirst) return [closingOf(node, local)];
    const follows = samePlace(local, place) || (remote !== undefined && samePlace(remote, place));
    return follows || node.source === "forced_on_disk"
      ? [{ operation: { op: "move", id, local, place }, id, to: shownAt(place), inPlace: false }]
      : [];
  }
  return remote === undefined ? [] : changesOf(node, { local, remote }, surroundings);
}

function creationOf({ diff: { id } }: Merged, place: DiskPlace, remote: RemoteRow): LocalStep[] {
  if (!samePlace(remote, place)) return [];
  return [{ operation: { op: "create", id, place, remote }, id, to: shownAt(place), inPlace: false }];
}

function changesOf(
  node: Merged,
  { local, remote }: { readonly local: LocalRow; readonly remote: RemoteRow },
  { policy, isTaken, take, twinsOf, copyPlaceFor, leavesPrivate }: Surroundings,
): LocalStep[] {
  const { id } = node.diff;
  if (node.diff.isReadOnly && isInTheWay(node, local, remote)) {
    return [{ operation: { op: "delete", id, local, into: "quarantine" }, id, to: undefined, inPlace: false }];
  }
  if (node.kind !== "file" || local.content === remote.content) return settingOf(node, local, remote);
  const { executable, isPrivate } = node;
  const replacement = stepIn({ op: "replace", id, local, remote, executable, isPrivate });
  if (node.content === remote.content) return [replacement];
  if (node.content !== undefined && isToBeClosed(node, local, remote)) return [closingOf(node, local)];
  if (node.content !== undefined) return [];
  const { parent, name } = copyPlaceFor(local) ?? node.place;
  // Includes the server's place, in case the file was moved locally.
  const folders = new Set([parent, node.place.parent, remote.parent]);
  const copy = copyOf([...folders].flatMap((folder) => twinsOf(folder, local.content)));
  if (copy?.diff.remote?.content === local.content) return [replacement];
  // The copy is being uploaded; nothing is replaced before it has arrived.
  if (copy !== undefined) return [];
  const isFree = (each: string): boolean => !isTaken({ parent, name: each });
  const label = copyLabel(policy.device, policy.nowMs);
  const free =
    parent === node.place.parent
      ? conflictedName(name, label, isFree)
      : labelledName({ stem: name, extension: "" }, label, isFree);
  take({ parent, name: free });
  const onto = earlierCopy(node, parent, policy, twinsOf);
  const isClosed = leavesPrivate(local, parent) || node.isPrivate;
  return [stepIn({ op: "copy_aside", id, local, parent, name: free, onto, isPrivate: isClosed })];
}

/** Beside a git repository, but not in read-only folders or other spaces, where others could read the copies. */
function placeOfCopies(trees: Trees, local: LocalRow): Place | undefined {
  const line: Place[] = [shownAt(local)];
  for (const id of selfAndAncestors(trees, local.parent)) {
    const row = trees.local.get(id);
    if (row !== undefined) line.push(shownAt(row));
  }
  const place = placeBesideRepository(line);
  if (place === undefined || isReadOnlyAt(trees, trees.local, place.parent)) return undefined;
  const shareOf = ({ parent }: Place) => shareAt(trees, trees.local, parent);
  return shareOf(place) === shareOf(local) ? place : undefined;
}

/** The copy is unchanged, still has its name, and its content is on the server. */
function earlierCopy(
  { diff: { id } }: Merged,
  parent: NodeId,
  { copyMadeOf }: Policy,
  twinsOf: Surroundings["twinsOf"],
): (LocalOperation & { op: "copy_aside" })["onto"] {
  const made = copyMadeOf?.(id);
  const copy = made && twinsOf(parent, made.content).find(({ place }) => made.names.includes(place.name));
  const { local, remote } = copy?.diff ?? {};
  if (copy === undefined || local?.readState !== "known" || remote === undefined) return undefined;
  const isAsMade = [local, remote].every((row) => row.content === made?.content && row.executable === made.executable);
  return isAsMade && samePlace(local, copy.place) && samePlace(remote, copy.place)
    ? { id: copy.diff.id, local }
    : undefined;
}

/** Avoids a second copy of these bytes, by any device. The name may differ after a rename of the original. */
function copyOf(twins: readonly Merged[]): Merged | undefined {
  const equal = twins.filter(({ place }) => isNameOfCopy(place.name));
  return equal.find(({ content, diff }) => diff.remote?.content === content) ?? equal[0];
}

function isToBeClosed(node: Merged, local: LocalRow, remote: RemoteRow): boolean {
  return isPrivateIn(node) && isPrivateIn(remote) && !isPrivateIn(local);
}

function closingOf({ diff: { id } }: Merged, local: LocalRow): LocalStep {
  return stepIn({ op: "set", id, local, executable: local.executable, isPrivate: true });
}

function settingOf({ diff: { id }, kind, ...node }: Merged, local: LocalRow, remote: RemoteRow): LocalStep[] {
  const isFlipped = kind === "file" && local.executable !== node.executable && remote.executable === node.executable;
  // Recorded even if the disk has no such modes, because a copy must be private too.
  const isOther = isPrivateIn(node) !== isPrivateIn(local) && remote.isPrivate === node.isPrivate;
  if (!isFlipped && !isOther) return [];
  const executable = isFlipped ? node.executable : local.executable;
  return [stepIn({ op: "set", id, local, executable, isPrivate: isOther ? node.isPrivate : local.isPrivate })];
}

/** An edited read-only file waits at its place until the server has a newer version. A link cannot wait. */
function isInTheWay({ kind, content }: Merged, local: LocalRow, remote: RemoteRow): boolean {
  if (local.content === remote.content) return false;
  return kind !== "file" || content === undefined;
}

/** Deleted items go to the trash, edited read-only ones to the quarantine. */
function deletionOf({ id, isReadOnly, onDisk }: NodeDiff, local: LocalRow): LocalStep[] {
  if (local.readState !== "known") return [];
  const into = isReadOnly && onDisk === "edited" && local.kind !== "folder" ? "quarantine" : "trash";
  return [{ operation: { op: "delete", id, local, into }, id, to: undefined, inPlace: false }];
}

function stepIn(operation: LocalOperation): LocalStep {
  return { operation, id: operation.id, to: undefined, inPlace: true };
}
