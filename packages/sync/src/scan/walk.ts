import { HoldfastError } from "@holdfast/core/errors";
import { nameProblem, type UnfitNameCode, unfitNameCode } from "@holdfast/core/names";
import { mapBounded } from "@holdfast/core/task-group";
import { folderOf, joinPath, ownFolder } from "@holdfast/sync-ports/paths";
import type { Fingerprint, LocalDisk, LocalStat, NodeKind } from "@holdfast/sync-ports/ports";
import type { NodeId } from "@holdfast/core/ids";
import { isNumbered, type LocalRow } from "../model/trees.ts";
import { isOtherRoot, type RootSigns } from "./other-root.ts";
import type { ScanProgress } from "./scan-progress.ts";
import type { StartFolder } from "./scope.ts";

export interface Entry {
  readonly path: string;
  readonly name: string;
  readonly kind: NodeKind;
  readonly stat: LocalStat;
  readonly folder: Entry | StartFolder;
  readonly children: Entry[];
  readonly target: string | undefined;
  /** Only for a symbolic link with an unusable target. */
  readonly unfit?: Skip;
}

export interface Walk {
  /** Folders scanned with everything below, except kept ones. */
  readonly startFolders: StartFolder[];
  readonly listed: Set<string>;
  readonly folders: Set<string>;
  /** Folders precede their content. */
  readonly entries: readonly Entry[];
  readonly unknown: ReadonlySet<string>;
  readonly denied: ReadonlySet<string>;
  /** Unreadable paths that were listed a moment before: just removed or moved. */
  readonly gone: ReadonlySet<string>;
  readonly skipped: ReadonlyMap<string, Skip>;
  /** Folders with content that is no entry. */
  readonly keepers: ReadonlySet<string>;
  readonly hidden: readonly Hidden[];
  /** Mount points of other filesystems, whose current and former content is unknown. */
  readonly boundaries: ReadonlySet<string>;
  readonly otherRoots: ReadonlySet<string>;
  /** Folders left to a later scan with all content, because the limit was reached. */
  readonly later: readonly (Entry | StartFolder)[];
}

export interface Hidden {
  readonly path: string;
  readonly fingerprint: Fingerprint;
}

export interface Skip {
  /** Code for scripts. `special_file`: pipe, socket or device. */
  readonly code: UnfitNameCode | "special_file" | "skipped";
  /** End of "Not synced: ", for one or many files, without a full stop. */
  readonly reason: string;
}

const unfitTarget: Skip = {
  code: "not_utf8",
  reason: "the target of a symbolic link is not UTF-8; to sync, recreate the link with another target",
};

const specialFile: Skip = {
  code: "special_file",
  reason: "pipes, sockets and devices are not supported",
};

export type IsHidden = (path: string, isFolder: boolean) => boolean;

export interface Notes {
  readonly unknown: Set<string>;
  readonly skipped: Map<string, Skip>;
  readonly keepers: Set<string>;
  readonly hidden: Hidden[];
  readonly boundaries: Set<string>;
  readonly denied: Set<string>;
  readonly gone: Set<string>;
  readonly isHidden: IsHidden;
  readonly slotKey: (name: string) => string;
  /** Device of the root's filesystem, if known. Compared only within this walk. */
  readonly device: bigint | undefined;
}

interface Findings extends Walk, Notes {
  readonly entries: Entry[];
  readonly unknown: Set<string>;
  readonly denied: Set<string>;
  readonly gone: Set<string>;
  readonly skipped: Map<string, Skip>;
  readonly keepers: Set<string>;
  readonly hidden: Hidden[];
  readonly boundaries: Set<string>;
  readonly otherRoots: Set<string>;
  readonly later: (Entry | StartFolder)[];
}

const statsAtOnce = 16;

/**
 * Scans folders and everything below, except subfolders that `isKept` knows to be in place. An error makes a path
 * unknown, never absent. Skips the engine's own folder.
 * @param entriesMax entries from which no other folder is started
 * @param startFolders parents first; more may be added during the walk, and folders below a complete one are skipped
 */
export async function walk(
  disk: LocalDisk,
  startFolders: Iterable<StartFolder>,
  { isHidden, slotKey, entriesMax, rootSigns, progress }: WalkInput,
  isKept: (entry: Entry) => Promise<boolean> = async () => false,
): Promise<Walk> {
  const seen: Findings = {
    isHidden,
    slotKey,
    device: (await attempt({ unknown: new Set() }, "", () => disk.stat("")))?.device,
    keepers: new Set(),
    hidden: [],
    boundaries: new Set(),
    otherRoots: new Set(),
    entries: [],
    startFolders: [],
    listed: new Set(),
    folders: new Set(),
    unknown: new Set(),
    denied: new Set(),
    gone: new Set(),
    skipped: new Map(),
    later: [],
  };
  const isFull = (): boolean => seen.entries.length >= entriesMax;
  const scannedFolders: ScannedFolders = new Map();
  for (const top of startFolders) {
    if (seen.listed.has(top.path) || isCovered(top.path, scannedFolders) || isMissed(top.path, seen)) continue;
    if (isFull()) {
      seen.later.push(top);
      continue;
    }
    if (await isMountedOver(disk, seen, top.path)) continue;
    seen.startFolders.push(top);
    await walkFrom(disk, top, { seen, isKept, isFull, rootSigns, scannedFolders, progress });
  }
  return withoutOtherRoots(seen);
}

/** True if a mount since the last scan hides this folder or one above. */
async function isMountedOver(disk: LocalDisk, seen: Findings, path: string): Promise<boolean> {
  if (path === "" || seen.device === undefined) return false;
  const parent = folderOf(path);
  if (await isMountedOver(disk, seen, parent)) return true;
  const stat = await attempt(seen, path, () => disk.stat(path));
  if (stat?.kind !== "folder" || stat.device === seen.device) return false;
  seen.boundaries.add(path);
  seen.unknown.add(path);
  seen.keepers.add(parent);
  return true;
}

export interface WalkInput extends Pick<Notes, "isHidden" | "slotKey"> {
  readonly entriesMax: number;
  readonly rootSigns: RootSigns;
  readonly progress?: ScanProgress | undefined;
}

/** A folder recorded before its names were listed counts as unknown. */
function withoutOtherRoots(seen: Findings): Walk {
  const { otherRoots } = seen;
  if (otherRoots.size === 0) return seen;
  for (const entry of seen.entries) {
    const { folder, path } = entry;
    if (otherRoots.has(path) && "children" in folder) folder.children.splice(folder.children.indexOf(entry), 1);
  }
  return { ...seen, entries: seen.entries.filter(({ path }) => !otherRoots.has(path)) };
}

async function walkFrom(
  disk: LocalDisk,
  top: StartFolder,
  {
    seen,
    isKept,
    isFull,
    rootSigns,
    scannedFolders,
    progress,
  }: {
    readonly seen: Findings;
    readonly isKept: (entry: Entry) => Promise<boolean>;
    readonly isFull: () => boolean;
    readonly rootSigns: RootSigns;
    readonly scannedFolders: ScannedFolders;
    readonly progress: ScanProgress | undefined;
  },
): Promise<void> {
  const folders: (Entry | StartFolder)[] = [top];
  for (let next = 0; next < folders.length; next += 1) {
    const folder = folders[next] ?? top;
    const { path } = folder;
    if (isFull()) {
      seen.later.push(folder);
      continue;
    }
    if (next > 0) scannedFolders.set(path, "whole");
    seen.listed.add(path);
    const names = await attempt(seen, path, () => disk.list(path));
    const isOther = await attempt(seen, path, () => isOtherRoot(disk, path, names ?? [], rootSigns));
    if (isOther !== false) {
      if (isOther === true) leaveAlone(seen, path);
      scannedFolders.set(path, "whole");
      continue;
    }
    const found = await statEntries(disk, seen, folder, names ?? []);
    progress?.seen(filesIn(found));
    if (isClosed(seen, path, names ?? [])) {
      for (const name of names ?? []) seen.unknown.delete(joinPath(path, name));
      seen.unknown.add(path);
    }
    for (const entry of found) {
      if (entry === undefined) continue;
      seen.entries.push(entry);
      if ("children" in folder) folder.children.push(entry);
      if (entry.kind !== "folder") continue;
      seen.folders.add(entry.path);
      if (await isKept(entry)) scannedFolders.set(entry.path, "kept");
      else folders.push(entry);
    }
  }
}

/** Links count as files. */
export function filesIn(found: readonly (Entry | undefined)[]): number {
  return found.filter((entry) => entry !== undefined && entry.kind !== "folder").length;
}

function leaveAlone({ otherRoots, unknown, keepers, folders, listed }: Findings, path: string): void {
  otherRoots.add(path);
  unknown.add(path);
  keepers.add(folderOf(path));
  folders.delete(path);
  listed.delete(path);
}

/** A folder that can be read but not searched counts as unlistable: none of its names is accessible. */
function isClosed({ denied, slotKey }: Notes, path: string, names: readonly string[]): boolean {
  const tried = names.filter((name) => nameProblem(name) === undefined && !isOwn(joinPath(path, name), slotKey));
  return tried.length > 0 && tried.every((name) => denied.has(joinPath(path, name)));
}

/** True for the engine's own folder, in any case of letters. */
function isOwn(path: string, slotKey: Notes["slotKey"]): boolean {
  return path.length === ownFolder.length && (path === ownFolder || slotKey(path) === slotKey(ownFolder));
}

/** True if a listed folder above lacks the next folder of the path, so that the path is known to be missing. */
function isMissed(path: string, { listed, folders }: Pick<Walk, "listed" | "folders">): boolean {
  for (let at = path; at !== ""; at = folderOf(at)) {
    if (listed.has(folderOf(at)) && !folders.has(at)) return true;
  }
  return false;
}

/** Folders scanned completely, or kept without scanning their content. */
type ScannedFolders = Map<string, "whole" | "kept">;

function isCovered(path: string, scannedFolders: ScannedFolders): boolean {
  for (let at = path; at !== ""; at = folderOf(at)) {
    const how = scannedFolders.get(at);
    if (how !== undefined) return how === "whole";
  }
  return false;
}

/** True if both scans saw the same items, so missing items were not just moving. */
export function sawSameItems(one: Walk, other: Walk): boolean {
  // Nothing is concluded below an unknown path. Permanently unknown paths must not block the rest.
  const sameUnknown = one.unknown.size === other.unknown.size && one.unknown.isSubsetOf(other.unknown);
  if (!sameUnknown || one.entries.length !== other.entries.length) return false;
  const inodes = new Map(one.entries.map(({ path, stat }) => [path, stat.fingerprint.inode]));
  return other.entries.every(({ path, stat }) => inodes.get(path) === stat.fingerprint.inode);
}

/** @returns in the order of the names; undefined for a skipped or unknown item */
export async function statEntries(
  disk: LocalDisk,
  notes: Notes,
  folder: Entry | StartFolder,
  names: readonly string[],
): Promise<(Entry | undefined)[]> {
  const asked = disk.statIn === undefined ? [] : names.filter((name) => nameProblem(name) === undefined);
  const stats = asked.length === 0 ? [] : ((await disk.statIn?.(folder.path, asked)) ?? []);
  const statOfName = new Map(asked.map((name, index) => [name, stats[index]]));
  const statOf = async (name: string): Promise<LocalStat | undefined> => {
    if (!statOfName.has(name)) return disk.stat(joinPath(folder.path, name));
    const stat = statOfName.get(name);
    if (stat instanceof HoldfastError) throw stat;
    return stat;
  };
  return mapBounded(names, statsAtOnce, (name) => statEntry(disk, notes, { folder, name, stat: () => statOf(name) }));
}

async function statEntry(
  disk: LocalDisk,
  notes: Notes,
  at: {
    readonly folder: Entry | StartFolder;
    readonly name: string;
    readonly stat: () => Promise<LocalStat | undefined>;
  },
): Promise<Entry | undefined> {
  const { unknown, skipped, keepers, boundaries, isHidden, slotKey, device } = notes;
  const { folder, name } = at;
  const path = joinPath(folder.path, name);
  if (isOwn(path, slotKey)) return undefined;
  const problem = nameProblem(name);
  if (problem !== undefined) {
    skipped.set(path, { code: unfitNameCode(name), reason: `the name ${problem}; to sync, choose another name` });
    keepers.add(folder.path);
    return undefined;
  }
  const stat = await attempt(notes, path, at.stat);
  if (stat === undefined) return undefined;
  if (stat.kind === "other" || isHidden(path, stat.kind === "folder")) {
    if (stat.kind === "other") skipped.set(path, specialFile);
    else notes.hidden.push({ path, fingerprint: stat.fingerprint });
    keepers.add(folder.path);
    return undefined;
  }
  if (stat.kind === "folder" && device !== undefined && stat.device !== device) {
    boundaries.add(path);
    unknown.add(path);
    keepers.add(folder.path);
    return undefined;
  }
  const entry: Entry = { path, name, kind: stat.kind, stat, folder, children: [], target: undefined };
  if (stat.kind !== "symlink") return entry;
  const link = await attempt(notes, path, () => readLink(disk, path));
  return link === undefined ? undefined : { ...entry, ...link };
}

/** The item is known to be a link, unlike after an error, so it is no missing item. */
async function readLink(disk: LocalDisk, path: string): Promise<Pick<Entry, "target" | "unfit">> {
  try {
    return { target: await disk.readLink(path) };
  } catch (error) {
    if (error instanceof HoldfastError && error.body["unfit"] === true)
      return { target: undefined, unfit: unfitTarget };
    throw error;
  }
}

export function nowHidden(
  vanished: ReadonlyMap<NodeId, LocalRow>,
  { hidden }: Pick<Walk, "hidden">,
): ReadonlyMap<NodeId, string> {
  if (vanished.size === 0 || hidden.length === 0) return new Map();
  const byInode = new Map(hidden.map((each) => [each.fingerprint.inode, each]));
  return new Map(
    [...vanished].flatMap(([id, { fingerprint }]) => {
      const found = isNumbered(fingerprint) ? byInode.get(fingerprint.inode) : undefined;
      return found?.fingerprint.birthNs === fingerprint.birthNs ? [[id, found.path] as const] : [];
    }),
  );
}

/** An item that vanishes meanwhile is unknown too; the next scan decides. */
export async function attempt<Result>(
  { unknown, denied, gone }: Pick<Notes, "unknown"> & Partial<Pick<Notes, "denied" | "gone">>,
  path: string,
  act: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    unknown.add(path);
    if (error.body["denied"] === true) denied?.add(path);
    if (error.code === "not_found") gone?.add(path);
    return undefined;
  }
}
