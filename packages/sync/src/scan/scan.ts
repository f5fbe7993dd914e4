import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type LocalTree, rowsBelow, rowsIn } from "../model/local-tree.ts";
import { mapBounded } from "@holdfast/core/task-group";
import { folderContent, linkContent } from "../model/content.ts";
import { clockPath, folderOf, withFoldersAbove } from "@holdfast/sync-ports/paths";
import type { BlockSink, Fingerprint, LocalDisk } from "@holdfast/sync-ports/ports";
import { type Intent, type LocalRow, nameOnDisk } from "../model/trees.ts";
import { isRecent, sameFingerprint } from "../model/fingerprints.ts";
import { readAtRest } from "./at-rest.ts";
import { adoptMoves } from "./adopt-moves.ts";
import { modeOf } from "./kept-mode.ts";
import { folderIdOf, match, type Matches } from "./match.ts";
import { MovedFolders } from "./moved-folders.ts";
import { Naming } from "./names.ts";
import { foldersOfOtherNames } from "./other-names.ts";
import { isKnownPath, leaveOut, sizeOf, type DirtyPaths, type StartFolder, startFoldersOf, union } from "./scope.ts";
import { findMovedDuringScan, withoutMoved } from "./moved-during-scan.ts";
import { hasTransient, mayHoldMissing, isUnknown, isUnreadablePlace, keepUnreadable } from "./unreadable-places.ts";
import { type Sweep, sweep } from "./sweep.ts";
import { reportFound } from "./scan-progress.ts";
import { largeBytesMin, sinkOf } from "./block-sink.ts";
import { type Entry, nowHidden, sawSameItems, type Skip, type Walk, walk } from "./walk.ts";
import type { ScanInput, ScanResult } from "./scan-types.ts";

const readsAtOnce = 4;

/** A time further ahead is not worth a wait. */
const futureNs = 1_000_000_000n;

export async function scan(disk: LocalDisk, input: ScanInput): Promise<ScanResult> {
  if (input.dirtyPaths !== "all" && input.dirtyPaths.size === 0) return nothingSeen();
  const startNs = await disk.now(clockPath);
  const seen = await walkUntilStable(disk, input);
  const { known } = seen;
  const { ids, fresh, vanished } = matchSeen(input, seen);
  const naming = new Naming(input, seen.entries);
  const rows = new Map<NodeId, LocalRow>();
  const whyUnknown = (path: string): string => (seen.gone.has(path) ? "not_found" : "unavailable");
  // Boundaries and other clients' folders have their own reports.
  const unreadable = seen.unknown.difference(seen.boundaries).difference(seen.otherRoots);
  const unread = new Map<string, string>([...unreadable].map((path) => [path, whyUnknown(path)]));
  // Unreadable items may be planned ones.
  const unclear = new Set<string>();
  // Items may be missing because a folder above was replaced.
  const skipped = new Map(seen.skipped);
  const keepers = new Set(seen.keepers);
  const unknown = new Set(seen.unknown);
  const rescan = new Set([...seen.unknown].flatMap(withFoldersAbove));
  const changed: Entry[] = [];
  const beforeOf = (entry: Entry, id: NodeId): LocalRow | undefined => (fresh.has(entry) ? undefined : known.get(id));
  reportFound(input.progress, seen, (entry) => {
    const id = ids.get(entry);
    return id !== undefined && hasChanged(entry, beforeOf(entry, id));
  });
  await mapBounded(seen.entries, readsAtOnce, async (entry) => {
    const id = ids.get(entry);
    const parent = folderIdOf(ids, entry);
    if (id === undefined || parent === undefined) return;
    const before = beforeOf(entry, id);
    const mayWait = vanished.size === 0;
    if (before === undefined && mayWait && entry.kind === "file" && input.isPassedOver(entry.path)) return;
    const skip = entry.unfit ?? (isTooLarge(entry) ? tooLarge : undefined);
    if (before === undefined && skip !== undefined) {
      skipped.set(entry.path, skip);
      keepers.add(folderOf(entry.path));
      // The known item may have moved behind the link, which is no deletion.
      if (entry.unfit !== undefined && isKnownPath(input.tree, entry.path)) unknown.add(entry.path);
      return;
    }
    const named = naming.nameOf(entry, id, parent);
    const sink = before === undefined ? sinkOf(input, ids, entry) : undefined;
    const context = { input, parent, named, intent: input.intents.get(id), before, startNs, unread, mayWait, sink };
    const row = await rowOf(disk, entry, context);
    if (hasChanged(entry, before)) {
      changed.push(entry);
      if (entry.kind === "file") input.progress?.read();
    }
    if (row === undefined) unclear.add(entry.path);
    else rows.set(id, row);
    if (row?.readState !== "known") rescan.add(folderOf(entry.path));
  });
  for (const entry of changed) for (const path of foldersOfOtherNames(input, entry, rows)) rescan.add(path);
  adoptMoves({ ...input, unknown }, rows, vanished);
  const holdsMissing = mayHoldMissing(input, seen);
  const kept = keepUnreadable(input.tree, rows, { unknown, holdsMissing }, vanished);
  for (const path of kept) rescan.add(folderOf(path));
  const gone = [...known.keys()].flatMap((id) => (rows.has(id) ? [] : [[id, undefined] as const]));
  return {
    changes: new Map<NodeId, LocalRow | undefined>([...gone, ...rows]),
    skipped,
    keepers,
    nowHidden: nowHidden(vanished, seen),
    boundaries: seen.boundaries,
    otherRoots: seen.otherRoots,
    listed: seen.listed,
    unread,
    held: new Set(kept.filter((path) => !isUnknown(path, unknown))),
    isComplete: unknown.size === 0,
    isCertain: certainty(seen.unknown, hasTransient(input, seen), unclear),
    rescan: seen.isAtRest ? rescan : union(seen.dirtyPaths, rescan),
    later: seen.later.flatMap((folder) => startFolderOf(ids, folder) ?? []),
  };
}

function startFolderOf(ids: ReadonlyMap<Entry, NodeId>, folder: Entry | StartFolder): StartFolder | undefined {
  if ("id" in folder) return folder;
  const id = ids.get(folder);
  return id === undefined ? undefined : { id, path: folder.path };
}

function hasChanged({ stat }: Entry, before: LocalRow | undefined): boolean {
  return before === undefined || !sameFingerprint(before.fingerprint, stat.fingerprint);
}

function nothingSeen(): ScanResult {
  const none = new Set<string>();
  const nothing = { skipped: new Map(), keepers: none, boundaries: none, otherRoots: none, listed: none, held: none };
  return {
    ...nothing,
    unread: new Map(),
    nowHidden: new Map(),
    changes: new Map(),
    isComplete: true,
    isCertain: () => true,
    rescan: none,
    later: [],
  };
}

/** Captures only what outlives the scan. */
function certainty(
  unknown: ReadonlySet<string>,
  isTransient: boolean,
  unclear: ReadonlySet<string>,
): ScanResult["isCertain"] {
  return (path) =>
    !unclear.has(path) && (unknown.size === 0 || (path !== "" && !isTransient && !isUnknown(path, unknown)));
}

interface ObservedWalk extends Walk {
  readonly known: ReadonlyMap<NodeId, LocalRow>;
  readonly moved: ReadonlyMap<Entry, NodeId>;
  readonly dirtyPaths: DirtyPaths;
  /** Two scans agree on the missing items. */
  readonly isAtRest: boolean;
}

/**
 * Items that are missing, or appear at unknown places, may have moved during the scan. Repeats it, with all related
 * folders, until two scans agree.
 */
async function walkUntilStable(disk: LocalDisk, input: ScanInput): Promise<ObservedWalk> {
  const { startFolders } = input;
  let { dirtyPaths } = input;
  let seen = await (startFolders === undefined
    ? walkDisk(disk, input, dirtyPaths)
    : walkFolders(disk, input, startFolders, dirtyPaths));
  for (let attempt = 0; ; attempt += 1) {
    const matches = matchSeen(input, seen);
    const movedItems = findMovedDuringScan(input, seen, matches);
    if (matches.vanished.size === 0 && movedItems.entries.size === 0) return seen;
    // Too much is changing: missing and moved items stay unknown this time.
    if (attempt === 4) {
      const entries = withoutMoved(seen.entries, movedItems.entries);
      const gone = seen.unknown.has("") ? seen.gone : new Set([...seen.gone, ""]);
      return { ...seen, entries, unknown: new Set([...seen.unknown, ""]), gone, isAtRest: false };
    }
    const hinted = matches.vanished.size === 0 ? new Set<string>() : await input.moreDirtyPaths();
    dirtyPaths = union(union(dirtyPaths, hinted), movedItems.folders);
    // The destination must not be left to a later scan. Files are counted already.
    const next = await walkDisk(disk, { ...input, entriesMax: Infinity, progress: undefined }, dirtyPaths);
    // A missing item may have been outside the previous scan, and have left before this one.
    const isPart = seen.later.length > 0 || (attempt === 0 && startFolders !== undefined);
    if (!isPart && sizeOf(dirtyPaths) === sizeOf(seen.dirtyPaths) && sawSameItems(seen, next)) return next;
    seen = next;
  }
}

function matchSeen(input: ScanInput, { known, moved, entries, unknown }: ObservedWalk): Matches {
  return match(
    { ...input, local: known, moved, isUnreadablePlace: (place) => isUnreadablePlace(input.tree, place, unknown) },
    entries,
  );
}

async function walkDisk(disk: LocalDisk, input: ScanInput, dirtyPaths: DirtyPaths): Promise<ObservedWalk> {
  const { tree } = input;
  if (dirtyPaths !== "all") return walkFolders(disk, input, startFoldersOf(tree, dirtyPaths), dirtyPaths);
  const swept = await sweep(disk, { ...input, rootId: tree.rootId });
  input.checkStop?.();
  if (swept === undefined) {
    const whole = await walk(disk, startFoldersOf(tree, dirtyPaths), { ...input, entriesMax: Infinity });
    return { ...whole, known: tree.local, moved: new Map(), dirtyPaths, isAtRest: true };
  }
  const isCompared = (path: string): boolean => swept.listed.has(path);
  return together(swept, await walkFolders(disk, input, swept.differing, dirtyPaths, isCompared));
}

async function walkFolders(
  disk: LocalDisk,
  input: ScanInput,
  places: readonly StartFolder[],
  dirtyPaths: DirtyPaths,
  isCompared: (path: string) => boolean = () => true,
): Promise<ObservedWalk> {
  const { tree, isFree } = input;
  const kept = new Set<NodeId>();
  const startFolders = new Set(places);
  const folders = new Map<NodeId, ReturnType<typeof foldersIn>>();
  const foldersOf = (id: NodeId): ReturnType<typeof foldersIn> => {
    const found = folders.get(id) ?? foldersIn(tree, id);
    folders.set(id, found);
    return found;
  };
  // A full scan also covers moved folders.
  const movable =
    dirtyPaths === "all" ? undefined : new MovedFolders(disk, tree, { startFolders: places, dirtyPaths, isFree });
  const moved = new Map<Entry, NodeId>();
  const seen = await walk(disk, startFolders, input, async (entry) => {
    const { path, folder, name, stat } = entry;
    // A folder at its old place contains no dirty path, or was already scanned.
    const known = "id" in folder && isCompared(path) ? foldersOf(folder.id).get(name) : undefined;
    const isSame =
      known?.row.fingerprint.inode === stat.fingerprint.inode &&
      known.row.fingerprint.birthNs === stat.fingerprint.birthNs;
    const found = isSame ? undefined : await movable?.find(entry);
    if (isSame) kept.add(known.id);
    if (found === undefined) return isSame;
    kept.add(found.id);
    moved.set(entry, found.id);
    leaveOut(startFolders, path);
    for (const top of found.startFolders) startFolders.add(top);
    return true;
  });
  input.checkStop?.();
  const known = new Map(seen.startFolders.flatMap((top) => [...rowsBelow(tree, top.id, kept)]));
  return { ...seen, known, moved, dirtyPaths, isAtRest: true };
}

/** The closer scan takes precedence. */
function together(swept: Sweep, seen: ObservedWalk): ObservedWalk {
  const { listed } = seen;
  return {
    ...seen,
    listed: swept.listed.union(listed),
    keepers: swept.keepers.difference(listed).union(seen.keepers),
    skipped: new Map([...[...swept.skipped].filter(([path]) => !listed.has(folderOf(path))), ...seen.skipped]),
  };
}

function foldersIn(tree: LocalTree, folder: NodeId): Map<string, { readonly id: NodeId; readonly row: LocalRow }> {
  const found = new Map<string, { readonly id: NodeId; readonly row: LocalRow }>();
  for (const [id, row] of rowsIn(tree, folder)) {
    if (row.kind === "folder" && row.readState === "known") found.set(nameOnDisk(row), { id, row });
  }
  return found;
}

interface RowContext {
  readonly parent: NodeId;
  readonly named: Pick<LocalRow, "name" | "alias">;
  readonly intent: Intent | undefined;
  readonly before: LocalRow | undefined;
  readonly startNs: bigint;
  readonly unread: Map<string, string>;
  readonly input: ScanInput;
  /** No missing item could be an unread file. */
  readonly mayWait: boolean;
  readonly sink: BlockSink | undefined;
}

async function rowOf(disk: LocalDisk, entry: Entry, context: RowContext): Promise<LocalRow | undefined> {
  const { parent, named, before, input } = context;
  const base = {
    kind: entry.kind,
    parent,
    alias: undefined,
    ...named,
    ...modeOf(input, context, entry.stat, before?.content),
  };
  const { fingerprint } = entry.stat;
  if (entry.kind === "folder") {
    const lasting = { ...fingerprint, sizeBytes: 0, mtimeNs: 0n, ctimeNs: 0n };
    return { ...base, executable: false, content: folderContent, fingerprint: lasting, readState: "known" };
  }
  if (entry.unfit !== undefined) {
    context.unread.set(entry.path, "unfit_target");
    return before === undefined ? undefined : { ...before, ...base, readState: "unsettled" };
  }
  if (entry.target !== undefined) {
    return {
      ...base,
      executable: false,
      isPrivate: false,
      content: linkContent(entry.target),
      fingerprint,
      readState: "known",
    };
  }
  const fits = !isTooLarge(entry);
  if (fits && before?.readState === "known" && sameFingerprint(before.fingerprint, fingerprint))
    return { ...before, ...base };
  const why = isWorthWaiting(fingerprint, context) ? "changing" : undefined;
  const read = fits
    ? (why ?? (await readAtRest(disk, entry.path, input.manifests, before?.content, context.sink)))
    : "too_large";
  if (typeof read === "string") {
    context.unread.set(entry.path, read);
    // An unknown item cannot be described yet.
    return before === undefined ? undefined : { ...before, ...base, readState: "unsettled" };
  }
  const isRacy =
    isRecent(read.fingerprint, context.startNs, input.missingFeatures) &&
    !isOfFuture(before, read.fingerprint, context.startNs);
  const mode = modeOf(input, context, read, read.content);
  return { ...base, ...read, ...mode, readState: isRacy ? "racy" : "known" };
}

const tooLarge: Skip = {
  code: "skipped",
  reason: `a file has at most ${limits.fileBytesMax / 1024 ** 4} TiB`,
};

/** True for a file over the server's limit. A file that was smaller keeps its row. */
function isTooLarge({ kind, stat }: Entry): boolean {
  return kind === "file" && stat.fingerprint.sizeBytes > limits.fileBytesMax;
}

/** A file read too soon after a change is read again anyway. */
function isWorthWaiting(
  fingerprint: Fingerprint,
  { mayWait, startNs, input: { patches, missingFeatures } }: RowContext,
): boolean {
  const isNear = fingerprint.ctimeNs <= startNs + futureNs;
  return (
    mayWait &&
    fingerprint.sizeBytes >= largeBytesMin(patches) &&
    isNear &&
    isRecent(fingerprint, startNs, missingFeatures)
  );
}

/** True if the time is still in the future after a read: the clock was set back. A write sets another time. */
function isOfFuture(before: LocalRow | undefined, fingerprint: Fingerprint, startNs: bigint): boolean {
  return (
    before?.readState === "racy" && sameFingerprint(before.fingerprint, fingerprint) && fingerprint.ctimeNs > startNs
  );
}
