import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { linkContent } from "../model/content.ts";
import type { MissingFeatures } from "../model/missing-features.ts";
import { joinPath } from "@holdfast/sync-ports/paths";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { type LocalRow, nameOnDisk } from "../model/trees.ts";
import { sameFingerprint } from "../model/fingerprints.ts";
import { keptPrivacy } from "./kept-mode.ts";
import type { StartFolder } from "./scope.ts";
import { isOtherRoot, type RootSigns } from "./other-root.ts";
import type { ScanProgress } from "./scan-progress.ts";
import { attempt, type Entry, filesIn, type IsHidden, statEntries, type Notes, type Skip } from "./walk.ts";

/** All local rows, including hidden ones. */
export interface KnownRows {
  get(id: NodeId): LocalRow | undefined;
  rowsIn(folder: NodeId): readonly (readonly [NodeId, LocalRow])[];
  withInode(inode: bigint): readonly (readonly [NodeId, LocalRow])[];
  /** Returns every id used as a parent. */
  folders(): Iterable<NodeId>;
}

export interface SweepInput {
  readonly rootId: NodeId;
  readonly rows: KnownRows;
  readonly isHidden: IsHidden;
  readonly slotKey: (name: string) => string;
  readonly missingFeatures: MissingFeatures;
  readonly rootSigns: RootSigns;
  readonly progress?: ScanProgress | undefined;
}

export interface Sweep {
  readonly differing: readonly StartFolder[];
  readonly listed: Set<string>;
  readonly skipped: Map<string, Skip>;
  readonly keepers: Set<string>;
}

/**
 * Compares the whole disk with the known rows. Only folders with differences need a closer scan.
 * @returns undefined if some rows cannot be reached from the root
 */
export async function sweep(disk: LocalDisk, input: SweepInput): Promise<Sweep | undefined> {
  const differing: StartFolder[] = [];
  const found = { listed: new Set<string>(), skipped: new Map<string, Skip>(), keepers: new Set<string>() };
  const device = (await attempt({ unknown: new Set() }, "", () => disk.stat("")))?.device;
  const visited = new Set<NodeId>();
  const waiting: StartFolder[] = [{ id: input.rootId, path: "" }];
  for (let top = waiting.pop(); top !== undefined; top = waiting.pop()) {
    visited.add(top.id);
    found.listed.add(top.path);
    const notes = {
      ...found,
      device,
      isHidden: input.isHidden,
      slotKey: input.slotKey,
      unknown: new Set<string>(),
      denied: new Set<string>(),
      gone: new Set<string>(),
      hidden: [],
      boundaries: new Set<string>(),
    };
    const { folders, isSame } = await compare(disk, input, top, notes);
    if (!isSame) differing.push(top);
    waiting.push(...folders);
  }
  if (hasLooseRows(input.rows, visited)) return undefined;
  return { ...found, differing: differing.toSorted((one, other) => one.path.length - other.path.length) };
}

/** @returns subfolders at their old places */
async function compare(
  disk: LocalDisk,
  { rows, isHidden, missingFeatures, rootSigns, progress }: SweepInput,
  top: StartFolder,
  notes: Notes,
): Promise<{ readonly folders: StartFolder[]; readonly isSame: boolean }> {
  const names = await attempt(notes, top.path, () => disk.list(top.path));
  const isOther = await attempt(notes, top.path, () => isOtherRoot(disk, top.path, names ?? [], rootSigns));
  // The closer scan records it.
  if (isOther !== false) return { folders: [], isSame: false };
  const entries = await statEntries(disk, notes, top, names ?? []);
  const known = rows.rowsIn(top.id);
  const left = new Map(known.map(([id, row]) => [nameOnDisk(row), { id, row }]));
  const folders: StartFolder[] = [];
  let isSame = notes.unknown.size === 0 && left.size === known.length;
  for (const entry of entries) {
    if (entry === undefined) continue;
    const at = left.get(entry.name);
    if (at === undefined || !isUnchanged(at.row, entry, missingFeatures)) isSame = false;
    else {
      left.delete(entry.name);
      if (entry.kind === "folder") folders.push({ id: at.id, path: entry.path });
    }
  }
  for (const { row } of left.values())
    if (!isHidden(joinPath(top.path, nameOnDisk(row)), row.kind === "folder")) isSame = false;
  // A differing folder's files are counted by the closer scan.
  if (isSame) progress?.seen(filesIn(entries));
  return { folders, isSame };
}

function isUnchanged(row: LocalRow, { kind, stat, target }: Entry, missingFeatures: MissingFeatures): boolean {
  if (row.readState !== "known" || row.kind !== kind) return false;
  if (kind !== "symlink" && keptPrivacy({ missingFeatures }, row, stat.isPrivate) !== row.isPrivate) return false;
  const { inode, birthNs } = row.fingerprint;
  if (kind === "folder") return inode === stat.fingerprint.inode && birthNs === stat.fingerprint.birthNs;
  if (!sameFingerprint(row.fingerprint, stat.fingerprint)) return false;
  const isBitKnown = missingFeatures.has("executable bits") || row.executable === stat.executable;
  return target === undefined ? isBitKnown : row.content === linkContent(target);
}

/** True if rows are cyclic, or inside something that is no folder. */
function hasLooseRows(rows: KnownRows, visited: ReadonlySet<NodeId>): boolean {
  for (const folder of rows.folders()) if (!leadsTo(visited, rows, folder)) return true;
  return false;
}

function leadsTo(visited: ReadonlySet<NodeId>, rows: KnownRows, folder: NodeId): boolean {
  let at = folder;
  for (let depth = 0; depth <= 2 * limits.pathNamesMax; depth += 1) {
    if (visited.has(at)) return true;
    const row = rows.get(at);
    if (row?.kind !== "folder") return false;
    at = row.parent;
  }
  return false;
}
