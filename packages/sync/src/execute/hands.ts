import type { Random } from "@holdfast/core/clock";
import type { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { Doubt } from "./durable.ts";
import { DiskChanged } from "../model/disk-changed.ts";
import type { Lacks } from "../model/lacks.ts";
import { samePrivacy } from "../model/privacy.ts";
import { pathOf } from "../model/tree-paths.ts";
import { folderOf } from "@holdfast/sync-ports/paths";
import type { Patches } from "../model/patches.ts";
import type { Fingerprint, LocalDisk, LocalStat, NodeKind, Server } from "@holdfast/sync-ports/ports";
import { sameButCtime, sameFingerprint } from "../model/fingerprints.ts";
import type { SyncState } from "../state/sync-state.ts";
import type { LocalRow } from "../model/trees.ts";

/** Files that lie complete in the temporary folder. */
export interface Arrived {
  /** @returns undefined unless it is among them; `failure`: why it could not be brought there. Each is taken once. */
  take(id: NodeId): { readonly failure: HoldfastError | undefined } | undefined;
}

/** What every change of the disk needs. */
export interface Hands {
  readonly disk: LocalDisk;
  readonly server: Server;
  readonly state: SyncState;
  readonly random: Random;
  /** Names this device in conflicted copies. */
  readonly device: string;
  readonly nowMs: () => number;
  readonly makeNodeId: (beside?: NodeId) => NodeId;
  readonly isIdFor?: ((id: NodeId, beside: NodeId | undefined) => boolean) | undefined;
  /** What the disk cannot do. */
  readonly lacks: Lacks;
  readonly doubt: Doubt;
  readonly filesystem: Filesystem;
  /** How patches are made; undefined: as they are. The simulator's blocks are too short for that. */
  readonly patches?: Patches | undefined;
  readonly arrived?: Arrived | undefined;
  /** Throws if somebody stopped the engine meanwhile. */
  readonly checkStop?: (() => void) | undefined;
}

/** In which the root stands, as of the last time its marker was looked at. */
export interface Filesystem {
  /** Undefined: the marker was not looked at yet. */
  device: bigint | undefined;
}

type Looking = Pick<Hands, "state" | "disk" | "filesystem">;

/** Where a node is, after checking that every folder above it is the one that is known, and no link. */
export async function knownPath(hands: Looking, id: NodeId): Promise<string> {
  const path = pathOf(hands.state, id);
  if (path === undefined) throw new DiskChanged(id);
  await checkFolders(hands, hands.state.local.get(id)?.parent);
  return path;
}

export async function knownFolder(hands: Looking, id: NodeId): Promise<string> {
  const path = id === hands.state.rootId ? "" : pathOf(hands.state, id);
  if (path === undefined) throw new DiskChanged(id);
  await checkFolders(hands, id);
  return path;
}

async function checkFolders({ state, disk, filesystem }: Looking, start: NodeId | undefined): Promise<void> {
  for (let at = start; at !== undefined && at !== state.rootId; at = state.local.get(at)?.parent) {
    const row = state.local.get(at);
    const path = pathOf(state, at);
    const stat = path === undefined ? undefined : await disk.stat(path);
    if (!isKnownFolder(filesystem, stat, row)) throw new DiskChanged(path ?? at);
    // It waits aside: what its row calls its folder may even have been moved into it.
    if (state.parked.has(at)) return;
  }
}

export function isKnownFolder(filesystem: Filesystem, stat: LocalStat | undefined, row: LocalRow | undefined): boolean {
  if (stat?.kind !== "folder" || stat.fingerprint.inode !== row?.fingerprint.inode) return false;
  return isOfRoot(filesystem, stat);
}

/** Looks again at what is about to be changed. @throws DiskChanged unless it is exactly what the row says */
export async function recheck(
  { disk, filesystem }: Pick<Hands, "disk" | "filesystem">,
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
 * Whether what a rename or an exchange has taken is what was looked at right before. That renews the ctime, so a bit that was
 * flipped in between is to be seen by itself alone.
 */
export function isWhatWasSeen({ lacks }: Pick<Hands, "lacks">, taken: LocalStat, row: LocalRow): boolean {
  const isBitKnown = row.kind !== "file" || lacks.has("executable bits") || taken.executable === row.executable;
  const isAsPrivate = lacks.has("private modes") || lacks.has("open modes") || samePrivacy(taken, row);
  return isBitKnown && isAsPrivate && sameButCtime(taken.fingerprint, row.fingerprint);
}

/** A number of an inode says something within one filesystem only; that of a device only until it is mounted anew. */
function isOfRoot({ device }: Filesystem, stat: LocalStat): boolean {
  return device === undefined || stat.device === device;
}

function isSame(kind: NodeKind, seen: Fingerprint, known: Fingerprint): boolean {
  return kind === "folder" ? seen.inode === known.inode : sameFingerprint(seen, known);
}

/**
 * The fingerprint to keep after a rename of our own, which renews the ctime: what is read back, but only if all else is as it
 * was; if not, somebody wrote in between, and the old one makes the next look read it.
 */
export async function fingerprintAfter(disk: LocalDisk, path: string, before: Fingerprint): Promise<Fingerprint> {
  return fingerprintOf(await disk.stat(path), before);
}

/** @param stat what was read back */
export function fingerprintOf(stat: LocalStat | undefined, before: Fingerprint): Fingerprint {
  return stat === undefined || !sameButCtime(stat.fingerprint, before) ? before : stat.fingerprint;
}

export async function syncFolders({ disk }: Pick<Hands, "disk">, ...paths: string[]): Promise<void> {
  for (const folder of new Set(paths.map(folderOf))) await disk.syncFolder(folder);
}

export function randomName({ random }: Pick<Hands, "random">): string {
  return Buffer.from(random(12)).toString("hex");
}
