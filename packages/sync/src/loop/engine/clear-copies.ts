import { limits } from "@holdfast/core/limits";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { contentOfBlocks, linkContent } from "../../model/content.ts";
import { applyBatch } from "../../execute/apply-batch.ts";
import { folderFingerprint } from "../../execute/create.ts";
import type { ExecutionContext } from "../../execute/execution-context.ts";
import { ensureOwnFolders, recover, reviewStash, stashDueMs } from "../../execute/recover.ts";
import type { Deletion } from "../../execute/remove.ts";
import { folderOf, joinPath, ownFolder, ownFolders, quarantineName } from "@holdfast/sync-ports/paths";
import { readRules } from "../ignore-rules/read-rules.ts";
import { ignorePath, type Rules } from "../../rules/rules.ts";
import { keptPrivacy } from "../../scan/kept-mode.ts";
import { sameFingerprint } from "../../model/fingerprints.ts";
import { type ContentKey, isLive, type LocalRow, nameOnDisk, type RemoteRow, samePlace } from "../../model/trees.ts";
import { unfitness } from "../../rules/unfit.ts";
import type { Identity, LocalStat } from "@holdfast/sync-ports/ports";
import { checkRoot } from "../access/root.ts";

export interface ClearingParts extends ExecutionContext {
  /** Epoch of the account's own space on the server; undefined: older servers do not report it. */
  readonly epoch: string | undefined;
  readonly identity: Identity;
  readonly sleep: (durationMs: number) => Promise<void>;
  /** Open files below the root, as far as known. */
  readonly openPaths: () => Promise<ReadonlySet<string>>;
  /**
   * Returns the contents that the account has on the server, as versions or in the trash. None if the server does not
   * answer.
   */
  readonly onServer: (contents: readonly ContentKey[]) => Promise<ReadonlySet<ContentKey>>;
  readonly onProgress?: (progress: ClearingProgress) => void;
}

export interface ClearingProgress {
  readonly step: "moved to the local trash" | "removed";
  readonly files: number;
}

export interface Cleared {
  readonly removed: number;
  readonly kept: number;
  /** Part of `kept` in the local trash. */
  readonly keptInTrash: number;
  /** All moved files are settled. Otherwise clearing must run again. */
  readonly isWhole: boolean;
  /**
   * First remaining paths, relative to the root: the person's files, then quarantined and parked ones, then those in
   * the local trash.
   */
  readonly keptPaths: readonly string[];
}

const batchFiles = 200;
const keptPathsMax = 1000;
/** Stashed files still unreadable after these checks stay. */
const reviewsMax = 5;
/** Setting: files removed by an earlier run. */
const removedSetting = "cleared files";

/**
 * Clears the folder of a device that was revoked with an order to remove its copies.
 * - Removes only files that the server has unchanged at the same place, as far as the device knows. This needs no base,
 *   which may be gone (`root.ts`).
 * - Each file first moves to the local trash and returns if somebody writes to it. After a pause it is read again and
 *   removed permanently.
 * - Other files in the local trash are removed if the server reports that it has them.
 * - The process may crash at any time and run again.
 * @throws RootMismatch, RootAway: nothing was changed
 */
export async function clearCopies(parts: ClearingParts): Promise<Cleared> {
  await checkRoot(parts);
  // A server restored from a backup may lack content, and this copy may be the last one.
  const known = parts.state.cursor?.epoch;
  if (parts.epoch !== undefined && known !== undefined && parts.epoch !== known)
    return { removed: 0, isWhole: true, ...(await whatStays(parts)) };
  await ensureOwnFolders(parts);
  // Intents of an earlier run are dropped, because the disk is checked again.
  parts.state.commit({ intents: [...parts.state.intents.keys()].map((id) => [id, undefined] as const) });
  await recover(parts);
  const { rules } = await readRules(parts.disk, parts.state);
  const folders = await takeBelow(parts, rules, { id: parts.state.rootId, path: "" });
  // The rules determine what else stays, and a run after a crash needs them.
  await takeRules(parts, rules);
  await restAndReview(parts);
  const removed = await emptyTrash(parts);
  for (const deletion of folders.toReversed()) await applyBatch(parts, [deletion]);
  const { stashed, parked } = parts.state;
  // An open file stays, like a changed one, because its program may never exit.
  const unsettled = [...stashed.values()].filter(({ looks = 0 }) => looks === 0);
  return { removed, isWhole: unsettled.length + parked.size === 0, ...(await whatStays(parts)) };
}

interface Folder {
  readonly id: NodeId;
  readonly path: string;
}

/** @returns the folders below, parents first */
async function takeBelow(parts: ClearingParts, rules: Rules, top: Folder): Promise<Deletion[]> {
  const { state } = parts;
  const folders: Deletion[] = [];
  const waiting = [top];
  const files: Deletion[] = [];
  let moved = 0;
  const take = async (atLeast: number): Promise<void> => {
    if (files.length < atLeast) return;
    moved += files.length;
    await applyBatch(parts, files.splice(0));
    parts.onProgress?.({ step: "moved to the local trash", files: moved });
  };
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const [id, remote] of state.remote.rowsIn(folder.id)) {
      const path = joinPath(folder.path, nameOnDisk(state.local.get(id) ?? remote));
      const at: At = { id, remote, path };
      if (path === ignorePath || !isDue(parts, rules, at)) continue;
      if (remote.kind !== "folder") {
        const seen = await seenAsOnServer(parts, at);
        if (seen !== undefined) files.push({ op: "delete", id, local: seen, into: "trash" });
        await take(batchFiles);
        continue;
      }
      const seen = await seenFolder(parts, at);
      if (seen === undefined) continue;
      folders.push({ op: "delete", id, local: seen, into: "trash" });
      waiting.push({ id, path });
    }
  }
  await take(1);
  return folders;
}

async function takeRules(parts: ClearingParts, rules: Rules): Promise<void> {
  const { state } = parts;
  for (const [id, remote] of state.remote.rowsIn(state.rootId)) {
    const at = { id, remote, path: remote.name };
    if (at.path !== ignorePath || remote.kind !== "file" || !isDue(parts, rules, at)) continue;
    const seen = await seenAsOnServer(parts, at);
    if (seen !== undefined) await applyBatch(parts, [{ op: "delete", id, local: seen, into: "trash" }]);
  }
}

interface At extends Folder {
  readonly remote: RemoteRow;
}

/** True for an item that was neither moved nor excluded locally. */
function isDue({ state, missingFeatures }: ClearingParts, rules: Rules, { id, remote, path }: At): boolean {
  const row = state.local.get(id);
  if ((row !== undefined && !samePlace(row, remote)) || state.parked.has(id) || state.dormant.has(id)) return false;
  if (!isLive(state, id) || unfitness(state.rootId, remote, missingFeatures) !== undefined) return false;
  return !rules.hides(path, remote.kind === "folder");
}

/** Row of a real folder on the same filesystem. The inode number differs in a restored or copied folder. */
async function seenFolder(parts: ClearingParts, at: At): Promise<LocalRow | undefined> {
  const { disk, state, filesystem } = parts;
  const stat = await disk.stat(at.path).catch(unlessOurs);
  if (stat?.kind !== "folder" || stat.device !== filesystem.device) return undefined;
  const seen = { ...rowAt(parts, at, stat), fingerprint: folderFingerprint(stat.fingerprint) };
  state.commit({ local: [[at.id, seen]] });
  return seen;
}

async function seenAsOnServer(parts: ClearingParts, at: At): Promise<LocalRow | undefined> {
  const { disk, state, missingFeatures, filesystem } = parts;
  const { id, remote, path } = at;
  const stat = await disk.stat(path).catch(unlessOurs);
  if (stat?.kind !== remote.kind || stat.device !== filesystem.device) return undefined;
  const isBitAgreed =
    stat.kind !== "file" || missingFeatures.has("executable bits") || stat.executable === remote.executable;
  const content = await contentAt(parts, path, stat.kind === "symlink");
  if (!isBitAgreed || content?.key !== remote.content) return undefined;
  const { fingerprint = stat.fingerprint } = content;
  if (!sameFingerprint(fingerprint, stat.fingerprint)) return undefined;
  const seen = rowAt(parts, at, stat);
  state.commit({ local: [[id, seen]] });
  return seen;
}

/** A copy that was only made private here contains nothing that the server lacks. */
function rowAt({ state, missingFeatures }: ClearingParts, { id, remote }: At, stat: LocalStat): LocalRow {
  const before = state.local.get(id);
  const { kind, parent, name, content } = remote;
  const { executable, fingerprint } = stat;
  const isPrivate = kind === "file" ? keptPrivacy({ missingFeatures }, before, stat.isPrivate) : before?.isPrivate;
  const place = { parent, name, alias: before?.alias };
  return { kind, ...place, content, executable, isPrivate, fingerprint, readState: "known" };
}

interface Read {
  readonly key: ContentKey;
  readonly fingerprint?: LocalRow["fingerprint"];
}

async function contentAt({ disk }: ClearingParts, path: string, isLink: boolean): Promise<Read | undefined> {
  try {
    if (isLink) return { key: linkContent(await disk.readLink(path)) };
    const { blocks, before, after } = await disk.cut(path);
    if (!sameFingerprint(before.fingerprint, after.fingerprint)) return undefined;
    return { key: contentOfBlocks(blocks), fingerprint: after.fingerprint };
  } catch (error) {
    return unlessOurs(error);
  }
}

/** Unreadable items stay. */
function unlessOurs(error: unknown): undefined {
  if (!(error instanceof HoldfastError)) throw error;
  return undefined;
}

/** Files written to meanwhile become visible again; open ones stay. */
async function restAndReview(parts: ClearingParts): Promise<void> {
  const { state, nowMs, sleep, openPaths } = parts;
  for (let turn = 0; turn < reviewsMax && state.stashed.size > 0; turn += 1) {
    const dueMs = Math.max(...[...state.stashed.values()].map(stashDueMs));
    await sleep(Math.max(0, Math.min(dueMs - nowMs(), 60_000)));
    await reviewStash(parts, await openPaths());
  }
}

/**
 * Permanently removes trashed files that the server has, or had when this device followed a deletion. Other contents
 * are removed if the server reports that it has them.
 * @returns number of removed files, including those of an earlier run
 */
async function emptyTrash(parts: ClearingParts): Promise<number> {
  const { state, disk, openPaths } = parts;
  const onServer = new Set<ContentKey>();
  for (const [id, row] of state.remote) if (row.kind !== "folder" && isLive(state, id)) onServer.add(row.content);
  const open = await openPaths();
  const removal = new Removal(parts);
  const unsure: Trashed[] = [];
  for await (const { path, isLink } of filesBelow(parts, ownFolders.trash)) {
    if (open.has(path) || state.stashed.has(path)) continue;
    if (!isLink && (await disk.hasWriters(path).catch(unlessOurs)) === true) continue;
    const content = await contentAt(parts, path, isLink);
    if (content === undefined) continue;
    if (onServer.has(content.key) || state.agreedTrash.get(path) === content.key)
      await removal.remove({ path, content });
    else if (!isLink) unsure.push({ path, content });
    if (unsure.length === limits.clearingContentsMax) await removal.removeKnown(unsure.splice(0));
  }
  await removal.removeKnown(unsure);
  removal.save();
  await removeEmptyFolders(parts, ownFolders.trash);
  return removal.removed;
}

interface Trashed {
  readonly path: string;
  readonly content: Read;
}

class Removal {
  readonly #parts: ClearingParts;
  removed: number;

  constructor(parts: ClearingParts) {
    this.#parts = parts;
    this.removed = Number(parts.state.setting(removedSetting) ?? 0);
  }

  async removeKnown(unsure: readonly Trashed[]): Promise<void> {
    if (unsure.length === 0) return;
    const known = await this.#parts.onServer([...new Set(unsure.map(({ content }) => content.key))]);
    const open = await this.#parts.openPaths();
    for (const file of unsure) {
      // A program may have opened it during the earlier reads and requests.
      const isOpen = open.has(file.path) || (await this.#parts.disk.hasWriters(file.path).catch(unlessOurs)) === true;
      if (!isOpen && known.has(file.content.key)) await this.remove(file);
    }
  }

  /** Keeps a file that changed since it was read. */
  async remove({ path, content: { fingerprint } }: Trashed): Promise<void> {
    const { disk, onProgress } = this.#parts;
    const stat = await disk.stat(path).catch(unlessOurs);
    if (fingerprint !== undefined && (stat === undefined || !sameFingerprint(stat.fingerprint, fingerprint))) return;
    await disk.unlink(path).catch(unlessOurs);
    this.removed += 1;
    if (this.removed % batchFiles !== 0) return;
    this.save();
    onProgress?.({ step: "removed", files: this.removed });
  }

  save(): void {
    this.#parts.state.commit({ settings: [[removedSetting, String(this.removed)]] });
  }
}

async function removeEmptyFolders(parts: ClearingParts, top: string): Promise<void> {
  const folders: string[] = [];
  const waiting = [top];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const name of await parts.disk.list(path)) {
      const child = joinPath(path, name);
      if ((await parts.disk.stat(child).catch(unlessOurs))?.kind !== "folder") continue;
      folders.push(child);
      waiting.push(child);
    }
  }
  for (const path of folders.toReversed()) await parts.disk.rmdir(path).catch(unlessOurs);
  for (const path of new Set([top, ...folders.map(folderOf)])) await parts.disk.syncFolder(path).catch(unlessOurs);
}

/** Lists everything except folders, without following links. Items added meanwhile may be missed. */
async function* filesBelow(
  { disk }: Pick<ExecutionContext, "disk">,
  top: string,
): AsyncGenerator<{ readonly path: string; readonly isLink: boolean }> {
  const waiting = [top];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const name of (await disk.list(path).catch(unlessOurs)) ?? []) {
      const child = joinPath(path, name);
      const stat = await disk.stat(child).catch(unlessOurs);
      if (stat?.kind === "folder") waiting.push(child);
      else yield { path: child, isLink: stat?.kind === "symlink" };
    }
  }
}

async function whatStays(parts: ClearingParts): Promise<Pick<Cleared, "kept" | "keptInTrash" | "keptPaths">> {
  const holding = [ownFolders.trash, ownFolders.parked, joinPath(ownFolder, quarantineName)];
  const isOwn = (path: string): boolean =>
    path.startsWith(`${ownFolder}/`) && !holding.some((folder) => path.startsWith(`${folder}/`));
  const [paths, aside, trashed]: [string[], string[], string[]] = [[], [], []];
  let [kept, keptInTrash] = [0, 0];
  for await (const { path } of filesBelow(parts, "")) {
    if (isOwn(path)) continue;
    kept += 1;
    const isInTrash = path.startsWith(`${ownFolders.trash}/`);
    if (isInTrash) keptInTrash += 1;
    const others = path.startsWith(`${ownFolder}/`) ? aside : paths;
    const list = isInTrash ? trashed : others;
    if (list.length < keptPathsMax) list.push(path);
  }
  const keptPaths = [paths, aside, trashed].flatMap((list) => list.toSorted()).slice(0, keptPathsMax);
  return { kept, keptInTrash, keptPaths };
}
