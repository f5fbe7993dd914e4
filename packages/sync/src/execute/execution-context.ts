import type { Random } from "@holdfast/core/clock";
import type { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { UnrecordedChanges } from "./durable.ts";
import { DiskChanged } from "../model/disk-changed.ts";
import type { MissingFeatures } from "../model/missing-features.ts";
import { samePrivacy } from "../model/privacy.ts";
import { pathOf } from "../model/tree-paths.ts";
import { folderOf } from "@holdfast/sync-ports/paths";
import type { Patches } from "../model/patches.ts";
import type { Fingerprint, LocalDisk, LocalStat, NodeKind, Server } from "@holdfast/sync-ports/ports";
import { sameButCtime, sameFingerprint } from "../model/fingerprints.ts";
import type { SyncState } from "../state/sync-state.ts";
import type { LocalRow } from "../model/trees.ts";

export interface FinishedDownloads {
  /** @returns each result once; undefined: the file is not there; `failure`: the download failed */
  take(id: NodeId): { readonly failure: HoldfastError | undefined } | undefined;
}

export interface ExecutionContext {
  readonly disk: LocalDisk;
  readonly server: Server;
  readonly state: SyncState;
  readonly random: Random;
  /** Used in the names of conflicted copies. */
  readonly device: string;
  readonly nowMs: () => number;
  readonly makeNodeId: (beside?: NodeId) => NodeId;
  readonly isIdFor?: ((id: NodeId, beside: NodeId | undefined) => boolean) | undefined;
  readonly missingFeatures: MissingFeatures;
  readonly unrecordedChanges: UnrecordedChanges;
  readonly filesystem: Filesystem;
  /** undefined: the real settings. The simulator's blocks are too short for those. */
  readonly patches?: Patches | undefined;
  readonly finishedDownloads?: FinishedDownloads | undefined;
  /** Throws if the engine was stopped. */
  readonly checkStop?: (() => void) | undefined;
}

export interface Filesystem {
  /** Filesystem of the root at its marker's last check; undefined: not checked yet */
  device: bigint | undefined;
}

type PathContext = Pick<ExecutionContext, "state" | "disk" | "filesystem">;

/** Returns the path after checking that every folder above is the known one and no link. */
export async function knownPath(context: PathContext, id: NodeId): Promise<string> {
  const path = pathOf(context.state, id);
  if (path === undefined) throw new DiskChanged(id);
  await checkFolders(context, context.state.local.get(id)?.parent);
  return path;
}

export async function knownFolder(context: PathContext, id: NodeId): Promise<string> {
  const path = id === context.state.rootId ? "" : pathOf(context.state, id);
  if (path === undefined) throw new DiskChanged(id);
  await checkFolders(context, id);
  return path;
}

async function checkFolders({ state, disk, filesystem }: PathContext, start: NodeId | undefined): Promise<void> {
  for (let at = start; at !== undefined && at !== state.rootId; at = state.local.get(at)?.parent) {
    const row = state.local.get(at);
    const path = pathOf(state, at);
    const stat = path === undefined ? undefined : await disk.stat(path);
    if (!isKnownFolder(filesystem, stat, row)) throw new DiskChanged(path ?? at);
    // A parked item's recorded folder may have been moved into it.
    if (state.parked.has(at)) return;
  }
}

export function isKnownFolder(filesystem: Filesystem, stat: LocalStat | undefined, row: LocalRow | undefined): boolean {
  if (stat?.kind !== "folder" || stat.fingerprint.inode !== row?.fingerprint.inode) return false;
  return isOfRoot(filesystem, stat);
}

/** Called immediately before a change. @throws DiskChanged unless the item matches the row exactly */
export async function recheck(
  { disk, filesystem }: Pick<ExecutionContext, "disk" | "filesystem">,
  path: string,
  row: LocalRow,
): Promise<LocalStat> {
  const stat = await disk.stat(path);
  if (stat === undefined || stat.kind !== row.kind || !isSame(row.kind, stat.fingerprint, row.fingerprint)) {
    throw new DiskChanged(path);
  }
  if (!isOfRoot(filesystem, stat)) throw new DiskChanged(path);
  return stat;
}

/**
 * True for the item that was checked before. A rename or exchange renews the ctime, so the mode bits are compared
 * separately.
 */
export function isUnchangedItem(
  { missingFeatures }: Pick<ExecutionContext, "missingFeatures">,
  taken: LocalStat,
  row: LocalRow,
): boolean {
  const isBitKnown =
    row.kind !== "file" || missingFeatures.has("executable bits") || taken.executable === row.executable;
  const isAsPrivate =
    missingFeatures.has("private modes") || missingFeatures.has("open modes") || samePrivacy(taken, row);
  return isBitKnown && isAsPrivate && sameButCtime(taken.fingerprint, row.fingerprint);
}

/** Inode numbers are valid within one filesystem, and device numbers only until the next mount. */
function isOfRoot({ device }: Filesystem, stat: LocalStat): boolean {
  return device === undefined || stat.device === device;
}

function isSame(kind: NodeKind, seen: Fingerprint, known: Fingerprint): boolean {
  return kind === "folder" ? seen.inode === known.inode : sameFingerprint(seen, known);
}

/**
 * Fingerprint after the engine's own rename, which renews the ctime. If anything else differs, somebody wrote
 * meanwhile; the old fingerprint makes the next scan read the file.
 */
export async function fingerprintAfter(disk: LocalDisk, path: string, before: Fingerprint): Promise<Fingerprint> {
  return fingerprintOf(await disk.stat(path), before);
}

export function fingerprintOf(stat: LocalStat | undefined, before: Fingerprint): Fingerprint {
  return stat === undefined || !sameButCtime(stat.fingerprint, before) ? before : stat.fingerprint;
}

export async function syncFolders({ disk }: Pick<ExecutionContext, "disk">, ...paths: string[]): Promise<void> {
  for (const folder of new Set(paths.map(folderOf))) await disk.syncFolder(folder);
}

export function randomName({ random }: Pick<ExecutionContext, "random">): string {
  return Buffer.from(random(12)).toString("hex");
}
