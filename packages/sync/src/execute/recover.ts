import { backoffMs } from "@holdfast/core/backoff";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { DiskChanged } from "../model/disk-changed.ts";
import { conflictedName, copyLabel } from "../model/conflicted-name.ts";
import { contentOfBlocks, linkContent } from "../model/content.ts";
import { isInPrivate, isPrivateIn } from "../model/privacy.ts";
import { pathOf } from "../model/tree-paths.ts";
import { shareAt } from "../model/enclosing-share.ts";
import { folderOf, joinPath, ownFolder, ownFolders, quarantineName } from "@holdfast/sync-ports/paths";
import type { LocalStat } from "@holdfast/sync-ports/ports";
import type { Stashed } from "../state/stashed.ts";
import { clearForeignGeneration, hasForeignGeneration } from "../state/foreign-generation.ts";
import { fingerprintText, sameFingerprint } from "../model/fingerprints.ts";
import { rowsBelow } from "../model/local-tree.ts";
import { type ContentKey, type DiskPlace, type LocalRow, nameOnDisk, unnumberedInode } from "../model/trees.ts";
import { baseAfterUnpark } from "./new-base.ts";
import { syncOwnFolders } from "./durable.ts";
import { syncIfThere, syncStash, TrashPlaces } from "./local-trash.ts";
import { type ExecutionContext, syncFolders } from "./execution-context.ts";
import { ownerOfPart } from "./write-large.ts";

/**
 * Waits before checks of a stashed file. Most programs have closed it before the first check. Later waits are for
 * files that are unreadable or may be open.
 */
const stashRest = { firstMs: 10_000, maxMs: 3600_000 };
/** After this many checks, the wait for a file known to be open stays at 80 s. It is not read meanwhile. */
const openLooksMax = 3;
/** These checks take a day. A program has that long to write if the filesystem cannot report open files. */
const unknownLooksMax = 32;
/** Checks committed together. After a crash they are repeated. */
const reviewsAtOnce = 200;

/** Names of the engine's folders must be durable before they are used. */
export async function ensureOwnFolders({ disk }: Pick<ExecutionContext, "disk">): Promise<void> {
  for (const folder of [ownFolder, ...Object.values(ownFolders)]) {
    if ((await disk.stat(folder)) === undefined) await disk.mkdir(folder);
    await disk.syncFolder(folderOf(folder));
  }
}

/** Cleans up after a stopped run, before any scan. Stashed files keep their times: programs may still write to them. */
export async function recover(context: ExecutionContext): Promise<void> {
  await syncOwnFolders(context.disk);
  await syncStash(context);
  await unparkAll(context);
  await showForgotten(context);
  const known = new Set(context.state.stashed.keys());
  // A new state, or one of another generation, does not know the files that others stashed here.
  const isNew = context.state.cursor === undefined || hasForeignGeneration(context.state);
  for (const name of await context.disk.list(ownFolders.temporary)) {
    const path = joinPath(ownFolders.temporary, name);
    if (known.has(path) || isWantedPart(context, name)) continue;
    // A file never exchanged holds only server content. Parts of large files are kept for the next attempt.
    if (!isNew) await context.disk.unlink(path);
    else await renameBeside(context, path, ownFolders.trash, name);
  }
  clearForeignGeneration(context.state);
}

/** Moves items parked by a lost or restored state to the root, because they exist nowhere else. */
async function showForgotten(context: ExecutionContext): Promise<void> {
  const known = new Set([...context.state.parked.values()].map(({ path }) => path));
  for (const name of await context.disk.list(ownFolders.parked)) {
    const path = joinPath(ownFolders.parked, name);
    if (!known.has(path)) await show(context, path);
  }
}

async function show(context: ExecutionContext, path: string): Promise<void> {
  if (context.state.stashed.has(path)) return;
  // The unknown folder may have been private.
  await close(context, path);
  await renameBeside(context, path, "", `recovered ${path.slice(path.lastIndexOf("/") + 1)}`);
}

function isWantedPart({ state }: ExecutionContext, name: string): boolean {
  const part = ownerOfPart(name);
  const row = part === undefined ? undefined : state.remote.get(part.id);
  if (part === undefined || row === undefined || row.trashed) return false;
  return row.content === part.content && state.local.get(part.id)?.content !== part.content;
}

/** Returns parked items to their old name or one beside it. Items that cannot return stay parked and block nothing. */
export async function unparkAll(context: ExecutionContext): Promise<void> {
  for (const [id, { path }] of context.state.parked) {
    try {
      await resolveParked(context, id, path);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      context.checkStop?.();
      await leaveAside(context, id, path);
    }
  }
}

async function resolveParked(context: ExecutionContext, id: NodeId, path: string): Promise<void> {
  const row = context.state.local.get(id);
  const isThere = await isAside(context, path);
  if (isThere && row === undefined) await show(context, path);
  if (isThere && row !== undefined && !(await isReplaced(context, path, row))) await unpark(context, id, path, row);
  context.state.commit({ parked: [[id, undefined]] });
}

/** If even the engine's folder is missing, the disk is disconnected and nothing is known. */
async function isAside({ disk }: ExecutionContext, path: string): Promise<boolean> {
  if ((await disk.stat(path)) !== undefined) return true;
  if ((await disk.stat(folderOf(path))) === undefined) throw new DiskChanged(path);
  return false;
}

/** The item stays parked with its content. If it has an unsynced name by now, the next scan handles it. */
async function leaveAside(
  { state, disk, unrecordedChanges }: ExecutionContext,
  id: NodeId,
  path: string,
): Promise<void> {
  const isThere = await disk.stat(path).then(
    (stat) => stat !== undefined,
    () => true,
  );
  if (!isThere) unrecordedChanges.arePossible = true;
  const row = state.local.get(id);
  const rows = row === undefined ? [] : [[id, row] as const, ...rowsBelow(state, id)];
  const settled = rows.filter(([, { readState }]) => readState !== "unsettled");
  if (settled.length > 0)
    state.commit({ local: settled.map(([each, is]) => [each, { ...is, readState: "unsettled" }]) });
}

/** True if new bytes durably took the item's place. It is then handled as a stashed file. */
async function isReplaced(context: ExecutionContext, path: string, row: DiskPlace): Promise<boolean> {
  if (!context.state.stashed.has(path)) return false;
  const folder = await existingFolder(context, row.parent);
  if (folder === undefined || (await context.disk.stat(joinPath(folder, nameOnDisk(row)))) === undefined) return false;
  await context.disk.syncFolder(folder);
  return true;
}

/** The new place is recorded first, so that a scan does not take it for a person's move. */
async function unpark(context: ExecutionContext, id: NodeId, path: string, row: LocalRow): Promise<void> {
  // Its folder may have been moved into it while parked. It then goes to the root until the next plan.
  const folder = await existingFolder(context, row.parent);
  const fits = folder !== undefined && !`${folder}/`.startsWith(`${path}/`);
  const parent = fits ? row.parent : context.state.rootId;
  const wanted = nameOnDisk(row);
  const isClosed = !fits && isInPrivate(context.state, row.parent);
  if (isClosed) await close(context, path);
  const isPrivate = isClosed || row.isPrivate;
  let before = row;
  await renameBeside(context, path, fits ? folder : "", wanted, (name) => {
    const place = name === wanted ? { parent, name: row.name, alias: row.alias } : { parent, name, alias: undefined };
    const synced = baseAfterUnpark(context.state, id, before, place);
    before = { ...row, ...place, isPrivate };
    context.state.commit({ local: [[id, before]], synced: [[id, synced]] });
  });
}

/** Returns the next check in Unix milliseconds. */
export function stashDueMs({ sinceMs, failures = 0, looks = 0 }: Stashed): number {
  return sinceMs + backoffMs(stashRest, Math.max(failures, looks) + 1);
}

/**
 * Checks files taken from their paths a while ago. Bytes that changed since are an edit and become visible.
 * @param openPaths open files, for callers that cannot wait a day if the filesystem does not report them
 */
export async function reviewStash(context: ExecutionContext, openPaths?: ReadonlySet<string>): Promise<void> {
  const changes: (readonly [string, Stashed | undefined])[] = [];
  const keep = (atLeast: number): void => {
    if (changes.length >= atLeast) context.state.commit({ stashed: changes.splice(0) });
  };
  for (const stashed of context.state.stashed.values()) {
    const nowMs = context.nowMs();
    // The clock was set back, so the wait starts again.
    if (nowMs < stashed.sinceMs) changes.push([stashed.path, { ...stashed, sinceMs: nowMs }]);
    if (nowMs < stashDueMs(stashed)) continue;
    changes.push([stashed.path, await tryReview(context, stashed, openPaths)]);
    keep(reviewsAtOnce);
  }
  keep(1);
}

/** @returns undefined when finished. A file that cannot be checked blocks nothing. */
async function tryReview(
  context: ExecutionContext,
  stashed: Stashed,
  openPaths: ReadonlySet<string> | undefined,
): Promise<Stashed | undefined> {
  try {
    const left = await review(context, stashed, openPaths);
    return left === undefined ? undefined : { ...left, sinceMs: context.nowMs(), failures: 0 };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { ...stashed, sinceMs: context.nowMs(), failures: (stashed.failures ?? 0) + 1 };
  }
}

/** @returns the record while a program writes to the file, or may still write */
async function review(
  context: ExecutionContext,
  stashed: Stashed,
  openPaths: ReadonlySet<string> | undefined,
): Promise<Stashed | undefined> {
  const { disk, state } = context;
  // The node exists only here until it gets its name back.
  if (state.parked.values().some(({ path }) => path === stashed.path)) return stashed;
  const stat = await disk.stat(stashed.path);
  // Either the file returned to a name that may be unsynced, and without the record its place would be unknown. Or the
  // exchange never happened, and a later deletion has a folder there.
  if (stat === undefined || stat.kind === "folder") {
    await syncIfThere(disk, folderOf(stashed.path));
    return undefined;
  }
  // A run crashed between link and replacement. The file still has its name.
  if (stat.links > 1 && !stashed.keep && (await hasItsName(context, stashed, stat))) {
    await disk.unlink(stashed.path);
    return undefined;
  }
  const isLink = stat.kind === "symlink";
  // Writers are checked before reading, so that everything written before closing is read.
  const reported = isLink ? false : await disk.hasWriters(stashed.path);
  const open = reported ?? openPaths?.has(stashed.path);
  const { looks = 0 } = stashed;
  const mayChange = open ?? looks < unknownLooksMax;
  const readAs = fingerprintText(stat.fingerprint);
  const resting = { ...stashed, looks: open === true ? Math.min(looks + 1, openLooksMax) : looks + 1 };
  if (mayChange && stashed.readAs === readAs) return resting;
  const content = await contentAt(context, stashed.path, isLink);
  if (content === undefined) return stashed;
  const isChanged = !stashed.contents.includes(content);
  if (isChanged && !(await hasOtherName(context, stat))) {
    await showEdit(context, stashed);
    return undefined;
  }
  if (mayChange) return { ...resting, readAs };
  const isTemporary = folderOf(stashed.path) === ownFolders.temporary;
  // A file never exchanged holds only server content.
  const isKept = stashed.keep && (!isTemporary || content === stashed.contents[0]);
  if (!isKept) await disk.unlink(stashed.path);
  else if (isTemporary) await moveAside(context, stashed, "trash");
  return undefined;
}

/** A hard link's bytes are visible under another name and may have been written there. */
async function hasOtherName(
  { state, disk }: ExecutionContext,
  { links, fingerprint: { inode } }: LocalStat,
): Promise<boolean> {
  if (links === 1 || inode === unnumberedInode) return false;
  for (const [id] of state.local.withInode(inode)) {
    const path = pathOf(state, id);
    const stat = path === undefined ? undefined : await disk.stat(path);
    if (stat?.fingerprint.inode === inode) return true;
  }
  return false;
}

async function hasItsName(
  context: ExecutionContext,
  { parent, name }: Stashed,
  { fingerprint }: LocalStat,
): Promise<boolean> {
  const folder = await existingFolder(context, parent);
  const named = folder === undefined ? undefined : await context.disk.stat(joinPath(folder, name));
  return named?.fingerprint.inode === fingerprint.inode;
}

/**
 * Puts a file with late writes beside its replacement, or at its old place. Without its folder it goes to the root, and
 * stays private if it was. Two kinds go to the quarantine: bytes of an unmounted share, which the root would upload to
 * another space, and private files on a disk without private modes.
 */
async function showEdit(context: ExecutionContext, stashed: Stashed): Promise<void> {
  const { path, id, share } = stashed;
  const { state, missingFeatures } = context;
  const row = id === undefined ? undefined : state.local.get(id);
  const { parent, name } = row ?? stashed;
  const folder = await existingFolder(context, parent);
  const isShared = folder !== undefined && shareAt(state, state.local, parent) === share;
  const isPrivate = isPrivateIn(row) || (folder === undefined && isPrivateIn(stashed));
  // Without its row, its last place and any later privacy are unknown.
  const isLost = id !== undefined && row === undefined;
  if ((share !== undefined && !isShared) || (isPrivate && missingFeatures.has("private modes"))) {
    if (!path.startsWith(`${joinPath(ownFolder, quarantineName)}/`)) await moveAside(context, stashed, "quarantine");
    return;
  }
  if (isPrivate || isLost) await close(context, path);
  await renameBeside(context, path, folder ?? "", name);
  // The next scan finds the file without a watcher event.
  context.unrecordedChanges.arePossible = true;
}

async function close({ disk, missingFeatures }: ExecutionContext, path: string): Promise<void> {
  const stat = await disk.stat(path);
  if (stat === undefined || stat.kind === "symlink" || missingFeatures.has("private modes")) return;
  await disk.setPrivate(path, true);
  await disk.syncFile(path);
}

async function moveAside(
  context: ExecutionContext,
  { path, parent, name }: Stashed,
  into: "trash" | "quarantine",
): Promise<void> {
  const inTrash = `${ownFolders.trash}/`;
  const folder = parent === context.state.rootId ? "" : (pathOf(context.state, parent) ?? "");
  // A path in the trash is the day, then the former path.
  const before = path.startsWith(inTrash) ? path.slice(path.indexOf("/", inTrash.length) + 1) : joinPath(folder, name);
  const place = await new TrashPlaces(context, into).placeFor(before);
  await context.disk.rename(path, place);
  await syncFolders(context, path, place);
}

/** @returns undefined if it changed while being read */
export async function contentAt(
  { disk }: Pick<ExecutionContext, "disk">,
  path: string,
  isLink: boolean,
): Promise<ContentKey | undefined> {
  if (isLink) return linkContent(await disk.readLink(path));
  const { blocks, before, after } = await disk.cut(path);
  return sameFingerprint(before.fingerprint, after.fingerprint) ? contentOfBlocks(blocks) : undefined;
}

async function existingFolder({ state, disk }: ExecutionContext, id: NodeId): Promise<string | undefined> {
  const path = id === state.rootId ? "" : pathOf(state, id);
  const stat = path === undefined ? undefined : await disk.stat(path);
  return stat?.kind === "folder" ? path : undefined;
}

/** @param trying receives each name before it is tried; the last name was free */
async function renameBeside(
  context: ExecutionContext,
  from: string,
  folder: string,
  name: string,
  trying: (name: string) => void = () => undefined,
): Promise<void> {
  const tried = new Set<string>();
  for (let candidate = name; ;) {
    const to = joinPath(folder, candidate);
    trying(candidate);
    try {
      await context.disk.rename(from, to);
      await syncFolders(context, from, to);
      return;
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== "exists") throw error;
    }
    tried.add(candidate);
    candidate = conflictedName(name, copyLabel(context.device, context.nowMs()), (each) => !tried.has(each));
  }
}
