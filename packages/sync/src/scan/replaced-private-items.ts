import type { NodeId } from "@holdfast/core/ids";
import { isPrivateIn } from "../model/privacy.ts";
import { isNumbered, type LocalRow, type Offer, type OperationId, type SyncedRow, type Trees } from "../model/trees.ts";
import type { ScanResult } from "./scan-types.ts";

interface ReplacedPrivateItems {
  readonly synced: ReadonlyMap<NodeId, SyncedRow>;
  readonly offers: ReadonlyMap<OperationId, Offer>;
}

/**
 * Finds private items replaced by new public ones through a program's umask. Nobody made them public, so they merge as
 * private. The same item with another mode was made public by a person.
 * @param known state before the scan's rows
 * @param continued bases of this scan that replace known ones
 * @param options `unverifiedModes`: private items that a power failure may have made public; `areModesNew`: the disk had
 * no modes until now, so nobody chose them; `areNumbersNew`: the disk has assigned new inode numbers
 */
export function replacedPrivateItems(
  { local, synced, offers }: Pick<Trees, "local" | "synced" | "offers">,
  changes: ScanResult["changes"],
  continued: ReadonlyMap<NodeId, SyncedRow> = new Map(),
  {
    areModesNew = false,
    areNumbersNew = false,
    unverifiedModes = new Set(),
  }: {
    readonly areModesNew?: boolean;
    readonly areNumbersNew?: boolean;
    readonly unverifiedModes?: ReadonlySet<NodeId>;
  } = {},
): ReplacedPrivateItems {
  const bases = new Map(continued);
  const isNewlyPublic = (id: NodeId): boolean => {
    const [before, row] = [local.get(id), changes.get(id)];
    if (row?.isPrivate !== false) return false;
    if (unverifiedModes.has(id) && isPrivateIn(before)) return true;
    return areModesNew || !(wasOpened(before) || isSameItem(before, row, areNumbersNew));
  };
  for (const id of changes.keys()) {
    const base = bases.get(id) ?? synced.get(id);
    if (base === undefined || !isPrivateIn(base) || !isNewlyPublic(id)) continue;
    const { isPrivate: _opened, ...rest } = base;
    bases.set(id, rest);
  }
  const closing = offers.filter((offer) => isPrivateIn(offer) && isNewlyPublic(offer.nodeId));
  const unreported = closing.map(({ isPrivate: _opened, ...offer }) => [offer.operationId, offer] as const);
  return { synced: bases, offers: new Map(unreported) };
}

/** True if a person made the item public, and the server has not accepted that yet. */
function wasOpened(before: LocalRow | undefined): boolean {
  return before?.isPrivate === false && before.readState !== "unsettled";
}

/** Inode numbers may be reused. Without number or creation time, another content or time makes another file. */
function isSameItem(before: LocalRow | undefined, { fingerprint: now }: LocalRow, areNumbersNew: boolean): boolean {
  if (before === undefined) return false;
  const then = before.fingerprint;
  if (!areNumbersNew && then.inode !== now.inode) return false;
  const hasBirthTimes = isNumbered(now) && now.birthNs !== 0n && then.birthNs !== 0n;
  return hasBirthTimes
    ? then.birthNs === now.birthNs
    : then.sizeBytes === now.sizeBytes && then.mtimeNs === now.mtimeNs;
}
