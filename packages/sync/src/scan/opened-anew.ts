import type { NodeId } from "@holdfast/core/ids";
import { isPrivateIn } from "../model/privacy.ts";
import { isNumbered, type LocalRow, type Offer, type OperationId, type SyncedRow, type Trees } from "../model/trees.ts";
import type { ScanResult } from "./scan.ts";

/** Changes of the state that go with the rows of the look. */
interface OpenedAnew {
  readonly synced: ReadonlyMap<NodeId, SyncedRow>;
  readonly offers: ReadonlyMap<OperationId, Offer>;
}

/**
 * Private items in whose place a program has put new ones, which are open as its umask makes them. Nobody has opened them: without privacy in
 * their bases, and in what may become of those by an answer that is not heard yet, they are merged as private. The same file or folder with
 * another mode was opened by a person.
 * @param known before the rows of the look count
 * @param continued bases of this look that replace the known ones
 * @param terms `distrusted`: private items that a power cut may have opened; `areModesNew`: the disk kept no modes until now, and nobody has chosen those that it shows; `areNumbersNew`: it has dealt out
 *   other numbers than those that are known
 */
export function openedAnew(
  { local, synced, offers }: Pick<Trees, "local" | "synced" | "offers">,
  changes: ScanResult["changes"],
  continued: ReadonlyMap<NodeId, SyncedRow> = new Map(),
  {
    areModesNew = false,
    areNumbersNew = false,
    distrusted = new Set(),
  }: {
    readonly areModesNew?: boolean;
    readonly areNumbersNew?: boolean;
    readonly distrusted?: ReadonlySet<NodeId>;
  } = {},
): OpenedAnew {
  const bases = new Map(continued);
  const isOpenedAnew = (id: NodeId): boolean => {
    const [before, row] = [local.get(id), changes.get(id)];
    if (row?.isPrivate !== false) return false;
    if (distrusted.has(id) && isPrivateIn(before)) return true;
    return areModesNew || !(wasOpened(before) || isSameItem(before, row, areNumbersNew));
  };
  for (const id of changes.keys()) {
    const base = bases.get(id) ?? synced.get(id);
    if (base === undefined || !isPrivateIn(base) || !isOpenedAnew(id)) continue;
    const { isPrivate: _opened, ...rest } = base;
    bases.set(id, rest);
  }
  const closing = offers.filter((offer) => isPrivateIn(offer) && isOpenedAnew(offer.nodeId));
  const untold = closing.map(({ isPrivate: _opened, ...offer }) => [offer.operationId, offer] as const);
  return { synced: bases, offers: new Map(untold) };
}

/** A person did that, and the server has not taken it yet. */
function wasOpened(before: LocalRow | undefined): boolean {
  return before?.isPrivate === false && before.sight !== "unsettled";
}

/** A number may be given again, and a file without one, or without a time at which it was made, is another once its bytes or its time are. */
function isSameItem(before: LocalRow | undefined, { fingerprint: now }: LocalRow, areNumbersNew: boolean): boolean {
  if (before === undefined) return false;
  const then = before.fingerprint;
  if (!areNumbersNew && then.inode !== now.inode) return false;
  const isTold = isNumbered(now) && now.birthNs !== 0n && then.birthNs !== 0n;
  return isTold ? then.birthNs === now.birthNs : then.sizeBytes === now.sizeBytes && then.mtimeNs === now.mtimeNs;
}
