import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalTree } from "../model/local-tree.ts";
import { samePrivacy } from "../model/privacy.ts";
import { lineOf, pathOf, type PathTable } from "../model/tree-paths.ts";
import { ownFolders } from "@holdfast/sync-ports/paths";
import type { Fingerprint, LocalDisk } from "@holdfast/sync-ports/ports";
import { type Intent, type LocalRow, nameOnDisk } from "../model/trees.ts";

/**
 * Whether something may have been done to the disk that no power cut must undo any more, and nobody knows: at the start,
 * and after a change that failed halfway.
 */
export interface Doubt {
  isOpen: boolean;
}

/** With more paths than that, one call for the whole filesystem costs less than a call for each. */
const pathsMax = 64;

/** @returns undefined: each path is to be synced */
export function syncTogether(disk: Pick<LocalDisk, "syncAll">, paths: number): (() => Promise<void>) | undefined {
  return paths > pathsMax ? disk.syncAll?.bind(disk) : undefined;
}

/** What was taken out of these folders, or into them, is so for good. */
export async function syncOwnFolders(disk: Pick<LocalDisk, "syncFolder">): Promise<void> {
  for (const folder of Object.values(ownFolders)) await disk.syncFolder(folder);
}

/** True if the folder, or one above it, could not be made durable: a power cut may take it with all that is in it. */
export function isInDoubt(table: Pick<LocalTree, "rootId" | "local">, folder: NodeId): boolean {
  return lineOf(table, folder).some((id) => table.local.get(id)?.sight === "unsettled");
}

interface Before {
  readonly local: ReadonlyMap<NodeId, LocalRow>;
  readonly intents: ReadonlyMap<NodeId, Intent>;
}

interface Seen {
  /** What a look may have found otherwise, with all that was intended; undefined: it is gone. */
  readonly seen: ReadonlyMap<NodeId, LocalRow | undefined>;
  /** The disk deals its numbers out anew, and has since what is known was seen. */
  readonly areNumbersNew?: boolean;
}

/** Where the numbers are new, which says nothing, the times at which they were made, if the disk knows them, tell two folders apart. */
export function isOtherThing(now: Fingerprint, then: Fingerprint | undefined, areNumbersNew: boolean): boolean {
  const isSameBirth = now.birthNs !== 0n && now.birthNs === then?.birthNs;
  return now.inode !== then?.inode && !(areNumbersNew && isSameBirth);
}

/**
 * What a look found to be otherwise than it was known may be the doing of a run that never came to sync it. Before it is
 * agreed on it is made durable: else a power cut could take it, and its absence would travel as a deletion. What cannot be
 * made durable now is unsettled, so that nothing of it is agreed on.
 *
 * @param table of the disk as the look saw it
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
    // A file of the engine's own was synced before it got its name; only its mode is changed in place.
    const known = before.local.get(id);
    const isModeOther = known !== undefined && (known.executable !== row.executable || !samePrivacy(known, row));
    const path = isModeOther ? pathOf(table, id) : undefined;
    const isSafe = path === undefined || (await failureOf(disk.syncFile(path))) === undefined;
    if (!isSafe || sick.has(row.parent)) rows.set(id, { ...row, sight: "unsettled" });
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
    known.sight === "unsettled" ||
    known.parent !== row.parent ||
    nameOnDisk(known) !== nameOnDisk(row) ||
    isOtherThing(row.fingerprint, known.fingerprint, areNumbersNew) ||
    known.executable !== row.executable ||
    !samePrivacy(known, row)
  );
}

async function syncFolderOf(disk: Pick<LocalDisk, "syncFolder">, table: PathTable, id: NodeId): Promise<void> {
  const path = id === table.rootId ? "" : pathOf(table, id);
  if (path !== undefined) await disk.syncFolder(path);
}

/** @returns why it could not be done */
export async function failureOf(act: Promise<void>): Promise<HoldfastError | undefined> {
  try {
    await act;
    return undefined;
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return error;
  }
}
