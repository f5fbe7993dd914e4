import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalTree } from "../model/local-tree.ts";
import { samePrivacy } from "../model/privacy.ts";
import { selfAndAncestors, pathOf, type PathTable } from "../model/tree-paths.ts";
import { ownFolders } from "@holdfast/sync-ports/paths";
import type { Fingerprint, LocalDisk } from "@holdfast/sync-ports/ports";
import { type Intent, type LocalRow, nameOnDisk } from "../model/trees.ts";

/**
 * Open at the start and after a change that failed halfway: the disk may hold unrecorded changes that must survive a
 * power failure.
 */
export interface UnrecordedChanges {
  arePossible: boolean;
}

/** From this number of paths, one sync of the whole filesystem is cheaper. */
const pathsMax = 64;

/** @returns undefined: sync each path separately */
export function syncTogether(disk: Pick<LocalDisk, "syncAll">, paths: number): (() => Promise<void>) | undefined {
  return paths > pathsMax ? disk.syncAll?.bind(disk) : undefined;
}

/** Makes moves into and out of these folders durable. */
export async function syncOwnFolders(disk: Pick<LocalDisk, "syncFolder">): Promise<void> {
  for (const folder of Object.values(ownFolders)) await disk.syncFolder(folder);
}

/**
 * True if the folder or one above could not be made durable. A power failure may then remove it with its content.
 */
export function isInNonDurableFolder(table: Pick<LocalTree, "rootId" | "local">, folder: NodeId): boolean {
  return selfAndAncestors(table, folder).some((id) => table.local.get(id)?.readState === "unsettled");
}

interface Before {
  readonly local: ReadonlyMap<NodeId, LocalRow>;
  readonly intents: ReadonlyMap<NodeId, Intent>;
}

interface Seen {
  /** Possible differences found by a scan, and all intents; undefined: the item is gone. */
  readonly seen: ReadonlyMap<NodeId, LocalRow | undefined>;
  /** The disk assigns inode numbers at each mount, and was mounted since. */
  readonly areNumbersNew?: boolean;
}

/** Compares inode numbers. If they are new, creation times distinguish two items, provided the disk has them. */
export function isDifferentItem(now: Fingerprint, then: Fingerprint | undefined, areNumbersNew: boolean): boolean {
  const isSameBirth = now.birthNs !== 0n && now.birthNs === then?.birthNs;
  return now.inode !== then?.inode && !(areNumbersNew && isSameBirth);
}

/**
 * Makes the differences found by a scan durable, because a stopped run may not have synced them. A power failure could
 * otherwise undo them, and their absence would be uploaded as a deletion. Items that cannot be synced become unsettled,
 * so nothing about them is agreed.
 */
export async function makeDurable(
  disk: Pick<LocalDisk, "syncFile" | "syncFolder">,
  before: Before,
  table: PathTable,
  { seen, areNumbersNew = false }: Seen,
): Promise<ReadonlyMap<NodeId, LocalRow>> {
  const rows = new Map([...seen].flatMap(([id, row]) => (row === undefined ? [] : [[id, row] as const])));
  const changed = [...rows].filter(([id, row]) => isOther(before, { id, row, areNumbersNew }));
  const sick = new Set<NodeId>();
  const gone = [...seen].flatMap(([id, row]) => (row === undefined ? (before.local.get(id)?.parent ?? []) : []));
  for (const folder of new Set([...changed.map(([, row]) => row.parent), ...gone])) {
    if ((await failureOf(syncFolderOf(disk, table, folder))) !== undefined) sick.add(folder);
  }
  for (const [id, row] of changed) {
    // The engine syncs its own files before naming them; only their mode changes in place.
    const known = before.local.get(id);
    const isModeOther = known !== undefined && (known.executable !== row.executable || !samePrivacy(known, row));
    const path = isModeOther ? pathOf(table, id) : undefined;
    const isSafe = path === undefined || (await failureOf(disk.syncFile(path))) === undefined;
    if (!isSafe || sick.has(row.parent)) rows.set(id, { ...row, readState: "unsettled" });
  }
  return rows;
}

function isOther(
  { local, intents }: Before,
  { id, row, areNumbersNew }: { readonly id: NodeId; readonly row: LocalRow; readonly areNumbersNew: boolean },
): boolean {
  const known = local.get(id);
  return (
    known === undefined ||
    intents.has(id) ||
    known.readState === "unsettled" ||
    known.parent !== row.parent ||
    nameOnDisk(known) !== nameOnDisk(row) ||
    isDifferentItem(row.fingerprint, known.fingerprint, areNumbersNew) ||
    known.executable !== row.executable ||
    !samePrivacy(known, row)
  );
}

async function syncFolderOf(disk: Pick<LocalDisk, "syncFolder">, table: PathTable, id: NodeId): Promise<void> {
  const path = id === table.rootId ? "" : pathOf(table, id);
  if (path !== undefined) await disk.syncFolder(path);
}

export async function failureOf(act: Promise<void>): Promise<HoldfastError | undefined> {
  try {
    await act;
    return undefined;
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return error;
  }
}
