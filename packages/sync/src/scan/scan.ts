import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type LocalTree, rowsBelow, rowsIn } from "../model/local-tree.ts";
import { mapBounded } from "@holdfast/core/task-group";
import { folderContent, linkContent } from "../model/content.ts";
import type { Lacks } from "../model/lacks.ts";
import type { Patches } from "../model/patches.ts";
import { clockPath, folderOf, withFoldersAbove } from "@holdfast/sync-ports/paths";
import type { BlockTaker, Fingerprint, LocalDisk } from "@holdfast/sync-ports/ports";
import { type Intent, type LocalRow, nameOnDisk, type SyncedRow } from "../model/trees.ts";
import { isRecent, sameFingerprint } from "../model/fingerprints.ts";
import { type KnownManifests, readAtRest } from "./at-rest.ts";
import { adoptMoves } from "./adopt-moves.ts";
import { modeOf } from "./kept-bit.ts";
import { folderIdOf, match, type Matches } from "./match.ts";
import { MovedFolders } from "./moved-folders.ts";
import { Naming } from "./names.ts";
import { foldersOfOtherNames } from "./other-names.ts";
import type { RootSigns } from "./other-root.ts";
import { isKnownPath, leaveOut, sizeOf, type Suspects, type Top, topsOf, union } from "./scope.ts";
import { straysOf, withoutStrays } from "./strays.ts";
import { hasPassing, hasStranger, isUnknown, isUnseen, keepUnknown } from "./unknown.ts";
import { type KnownRows, type Sweep, sweep } from "./sweep.ts";
import { type ScanProgress, tellFound } from "./scan-progress.ts";
import { largeBytesMin, type TakerIn, takerOf } from "./taker.ts";
import { type Entry, type IsHidden, nowHidden, sawTheSame, type Skip, type Walk, walk } from "./walk.ts";

export interface ScanInput {
  /** Without what is hidden. */
  readonly tree: LocalTree;
  readonly rows: KnownRows;
  readonly bases: Pick<ReadonlyMap<NodeId, SyncedRow>, "get">;
  readonly isHidden: IsHidden;
  readonly rootSigns: RootSigns;
  /** Whether nothing that is known at or below a path depends on that path, so that a folder can be moved as a whole. */
  readonly isFree: (path: string) => boolean;
  /** Whether a file of which nothing is known need not be read, unless something is missing that it could be. */
  readonly isPassedOver: (path: string) => boolean;
  readonly intents: ReadonlyMap<NodeId, Intent>;
  readonly suspects: Suspects;
  /** Which an earlier look has left: only these, unless something is missing in them. Undefined: all that is suspected. */
  readonly tops?: readonly Top[] | undefined;
  /** Once so much was seen that is not as it was, other folders are left to a later look. */
  readonly entriesMax: number;
  /** What has become suspect meanwhile, after a moment in which what belongs together arrives. */
  readonly moreSuspects: () => Promise<Suspects>;
  /** Throws once it is to end: what cannot be listed for that is not unknown, and to go through it would take long. */
  readonly checkStop?: () => void;
  readonly slotKey: (name: string) => string;
  readonly lacks: Lacks;
  readonly makeNodeId: () => NodeId;
  /** Whether what is unknown has been so for a moment only. */
  readonly isPassing: (path: string) => boolean;
  readonly manifests: KnownManifests;
  readonly takerIn?: TakerIn | undefined;
  readonly progress?: ScanProgress | undefined;
  /** Undefined: as for real files. The simulator's are short, and some of them shall count as large. */
  readonly patches?: Patches | undefined;
}

export interface ScanResult {
  /** Of what was looked at: as it is now; undefined: nothing is there any more. */
  readonly changes: ReadonlyMap<NodeId, LocalRow | undefined>;
  /** Of the folders that were looked at, what no node can be: path and reason. */
  readonly skipped: ReadonlyMap<string, Skip>;
  /** Of the folders that were looked at, those with something in them that has no row: hidden, or nothing that a node can be. */
  readonly keepers: ReadonlySet<string>;
  /** Missing nodes that were met at a path that the rules hide, with that path. */
  readonly nowHidden: ReadonlyMap<NodeId, string>;
  readonly listed: ReadonlySet<string>;
  /** What could not be read whole, of all that was looked at: the code of the error, or `changing`; `not_found`: it went meanwhile. */
  readonly unread: ReadonlyMap<string, string>;
  /** What is missing and counts as there, since it may stand at a path that could not be read. */
  readonly held: ReadonlySet<string>;
  /** Folders where another filesystem begins. */
  readonly boundaries: ReadonlySet<string>;
  /** Synced folders of other clients. */
  readonly otherRoots: ReadonlySet<string>;
  /** Everything could be looked at. */
  readonly isComplete: boolean;
  /** Whether it is known what stands at a path now, or that nothing does; of "" whether everything could be looked at. */
  readonly isSure: (path: string) => boolean;
  /** Where something was in motion, or could not be read. */
  readonly again: Suspects;
  /** Folders of which nothing is known yet but that they are there: a part of what is new was left to a later look. Nothing is missing then. */
  readonly later: readonly Top[];
}

/** Files that are read side by side. */
const readsAtOnce = 4;

/** A later time than the clock's is no matter of waiting. */
const futureNs = 1_000_000_000n;

/** Looks at what may have changed on the disk. */
export async function scan(disk: LocalDisk, input: ScanInput): Promise<ScanResult> {
  if (input.suspects !== "all" && input.suspects.size === 0) return nothingSeen();
  const startNs = await disk.now(clockPath);
  const seen = await lookAtRest(disk, input);
  const { known } = seen;
  const { ids, fresh, vanished } = matchSeen(input, seen);
  const naming = new Naming(input, seen.entries);
  const rows = new Map<NodeId, LocalRow>();
  const whyUnknown = (path: string): string => (seen.gone.has(path) ? "not_found" : "unavailable");
  // A boundary, or the folder of another client, is reported as such.
  const unreadable = seen.unknown.difference(seen.boundaries).difference(seen.otherRoots);
  const unread = new Map<string, string>([...unreadable].map((path) => [path, whyUnknown(path)]));
  // Nothing is known of what could not be read: it may be what was about to be made there.
  const unclear = new Set<string>();
  // What is missing may be so because a folder above is another one by now.
  const skipped = new Map(seen.skipped);
  const keepers = new Set(seen.keepers);
  const unknown = new Set(seen.unknown);
  const again = new Set([...seen.unknown].flatMap(withFoldersAbove));
  const changed: Entry[] = [];
  const beforeOf = (entry: Entry, id: NodeId): LocalRow | undefined => (fresh.has(entry) ? undefined : known.get(id));
  tellFound(input.progress, seen, (entry) => {
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
      // What was known there was moved behind the link, perhaps: that is no deletion.
      if (entry.unfit !== undefined && isKnownPath(input.tree, entry.path)) unknown.add(entry.path);
      return;
    }
    const named = naming.nameOf(entry, id, parent);
    const taker = before === undefined ? takerOf(input, ids, entry) : undefined;
    const context = { input, parent, named, intent: input.intents.get(id), before, startNs, unread, mayWait, taker };
    const row = await rowOf(disk, entry, context);
    if (hasChanged(entry, before)) {
      changed.push(entry);
      if (entry.kind === "file") input.progress?.read();
    }
    if (row === undefined) unclear.add(entry.path);
    else rows.set(id, row);
    if (row?.sight !== "known") again.add(folderOf(entry.path));
  });
  for (const entry of changed) for (const path of foldersOfOtherNames(input, entry, rows)) again.add(path);
  adoptMoves({ ...input, unknown }, rows, vanished);
  const strange = hasStranger(input, seen);
  const kept = keepUnknown(input.tree, rows, { unknown, strange }, vanished);
  for (const path of kept) again.add(folderOf(path));
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
    isSure: sureness(seen.unknown, hasPassing(input, seen), unclear),
    again: seen.isAtRest ? again : union(seen.suspects, again),
    later: seen.later.flatMap((folder) => topOf(ids, folder) ?? []),
  };
}

function topOf(ids: ReadonlyMap<Entry, NodeId>, folder: Entry | Top): Top | undefined {
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
    isSure: () => true,
    again: none,
    later: [],
  };
}

/** It outlives the look, and keeps nothing else of it. */
function sureness(unknown: ReadonlySet<string>, passes: boolean, unclear: ReadonlySet<string>): ScanResult["isSure"] {
  return (path) => !unclear.has(path) && (unknown.size === 0 || (path !== "" && !passes && !isUnknown(path, unknown)));
}

interface Look extends Walk {
  /** What was known of what was looked at. */
  readonly known: ReadonlyMap<NodeId, LocalRow>;
  /** Folders that stand elsewhere now. */
  readonly moved: ReadonlyMap<Entry, NodeId>;
  readonly suspects: Suspects;
  /** Two looks saw the same of what is missing. */
  readonly isAtRest: boolean;
}

/**
 * Where something is missing, or stands where nothing was known, it may just have been on its way past the look: then two
 * looks must agree, the second one with all folders that have to do with it.
 */
async function lookAtRest(disk: LocalDisk, input: ScanInput): Promise<Look> {
  const { tops } = input;
  let { suspects } = input;
  let seen = await (tops === undefined ? look(disk, input, suspects) : lookIn(disk, input, tops, suspects));
  for (let attempt = 0; ; attempt += 1) {
    const matches = matchSeen(input, seen);
    const strays = straysOf(input, seen, matches);
    if (matches.vanished.size === 0 && strays.entries.size === 0) return seen;
    // Too much goes on: whatever is missing, or comes from elsewhere, stays unknown this time.
    if (attempt === 4) {
      const entries = withoutStrays(seen.entries, strays.entries);
      const gone = seen.unknown.has("") ? seen.gone : new Set([...seen.gone, ""]);
      return { ...seen, entries, unknown: new Set([...seen.unknown, ""]), gone, isAtRest: false };
    }
    const hinted = matches.vanished.size === 0 ? new Set<string>() : await input.moreSuspects();
    suspects = union(union(suspects, hinted), strays.folders);
    // Where it went must not be left to a later look. Its files are counted already.
    const again = await look(disk, { ...input, entriesMax: Infinity, progress: undefined }, suspects);
    // What is missing may have been where the one before did not look, and have left before this one came there.
    const isPart = seen.later.length > 0 || (attempt === 0 && tops !== undefined);
    if (!isPart && sizeOf(suspects) === sizeOf(seen.suspects) && sawTheSame(seen, again)) return again;
    seen = again;
  }
}

function matchSeen(input: ScanInput, { known, moved, entries, unknown }: Look): Matches {
  return match({ ...input, local: known, moved, isUnseen: (place) => isUnseen(input.tree, place, unknown) }, entries);
}

async function look(disk: LocalDisk, input: ScanInput, suspects: Suspects): Promise<Look> {
  const { tree } = input;
  if (suspects !== "all") return lookIn(disk, input, topsOf(tree, suspects), suspects);
  const swept = await sweep(disk, { ...input, rootId: tree.rootId });
  input.checkStop?.();
  if (swept === undefined) {
    const whole = await walk(disk, topsOf(tree, suspects), { ...input, entriesMax: Infinity });
    return { ...whole, known: tree.local, moved: new Map(), suspects, isAtRest: true };
  }
  const isCompared = (path: string): boolean => swept.listed.has(path);
  return together(swept, await lookIn(disk, input, swept.differing, suspects, isCompared));
}

async function lookIn(
  disk: LocalDisk,
  input: ScanInput,
  places: readonly Top[],
  suspects: Suspects,
  isCompared: (path: string) => boolean = () => true,
): Promise<Look> {
  const { tree, isFree } = input;
  const kept = new Set<NodeId>();
  const tops = new Set(places);
  const folders = new Map<NodeId, ReturnType<typeof foldersIn>>();
  const foldersOf = (id: NodeId): ReturnType<typeof foldersIn> => {
    const found = folders.get(id) ?? foldersIn(tree, id);
    folders.set(id, found);
    return found;
  };
  // Who suspects everything looks into what has moved as well.
  const movable = suspects === "all" ? undefined : new MovedFolders(disk, tree, { tops: places, suspects, isFree });
  const moved = new Map<Entry, NodeId>();
  const seen = await walk(disk, tops, input, async (entry) => {
    const { path, folder, name, stat } = entry;
    // Nothing is suspected in a folder that stands where it was, or it was looked at already.
    const known = "id" in folder && isCompared(path) ? foldersOf(folder.id).get(name) : undefined;
    const isSame =
      known?.row.fingerprint.inode === stat.fingerprint.inode &&
      known.row.fingerprint.birthNs === stat.fingerprint.birthNs;
    const found = isSame ? undefined : await movable?.find(entry);
    if (isSame) kept.add(known.id);
    if (found === undefined) return isSame;
    kept.add(found.id);
    moved.set(entry, found.id);
    leaveOut(tops, path);
    for (const top of found.tops) tops.add(top);
    return true;
  });
  input.checkStop?.();
  const known = new Map(seen.tops.flatMap((top) => [...rowsBelow(tree, top.id, kept)]));
  return { ...seen, known, moved, suspects, isAtRest: true };
}

/** Of what was looked at closer that look tells. */
function together(swept: Sweep, seen: Look): Look {
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
    if (row.kind === "folder" && row.sight === "known") found.set(nameOnDisk(row), { id, row });
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
  /** Nothing is missing that an unread file could turn out to be. */
  readonly mayWait: boolean;
  readonly taker: BlockTaker | undefined;
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
    return { ...base, executable: false, content: folderContent, fingerprint: lasting, sight: "known" };
  }
  if (entry.unfit !== undefined) {
    context.unread.set(entry.path, "unfit_target");
    return before === undefined ? undefined : { ...before, ...base, sight: "unsettled" };
  }
  if (entry.target !== undefined) {
    return {
      ...base,
      executable: false,
      isPrivate: false,
      content: linkContent(entry.target),
      fingerprint,
      sight: "known",
    };
  }
  const fits = !isTooLarge(entry);
  if (fits && before?.sight === "known" && sameFingerprint(before.fingerprint, fingerprint))
    return { ...before, ...base };
  const why = isWorthWaiting(fingerprint, context) ? "changing" : undefined;
  const read = fits
    ? (why ?? (await readAtRest(disk, entry.path, input.manifests, before?.content, context.taker)))
    : "too_large";
  if (typeof read === "string") {
    context.unread.set(entry.path, read);
    // Without anything known of it there is nothing to say of it yet.
    return before === undefined ? undefined : { ...before, ...base, sight: "unsettled" };
  }
  const isRacy =
    isRecent(read.fingerprint, context.startNs, input.lacks) && !isOfFuture(before, read.fingerprint, context.startNs);
  const mode = modeOf(input, context, read, read.content);
  return { ...base, ...read, ...mode, sight: isRacy ? "racy" : "known" };
}

const tooLarge: Skip = {
  code: "skipped",
  reason: `a file has at most ${limits.fileBytesMax / 1024 ** 4} TiB`,
};

/** The server takes no such file, whatever is in it; one that was smaller is left as it was. */
function isTooLarge({ kind, stat }: Entry): boolean {
  return kind === "file" && stat.fingerprint.sizeBytes > limits.fileBytesMax;
}

/** What is read too soon after a change is read again anyway. */
function isWorthWaiting(
  fingerprint: Fingerprint,
  { mayWait, startNs, input: { patches, lacks } }: RowContext,
): boolean {
  const isNear = fingerprint.ctimeNs <= startNs + futureNs;
  return mayWait && fingerprint.sizeBytes >= largeBytesMin(patches) && isNear && isRecent(fingerprint, startNs, lacks);
}

/** As late as this after it was read once already: the clock was set back since, and whatever is written now gets another time. */
function isOfFuture(before: LocalRow | undefined, fingerprint: Fingerprint, startNs: bigint): boolean {
  return before?.sight === "racy" && sameFingerprint(before.fingerprint, fingerprint) && fingerprint.ctimeNs > startNs;
}
