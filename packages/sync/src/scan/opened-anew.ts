import type { NodeId } from "@holdfast/core/ids";
import { isPrivateIn } from "../model/privacy.ts";
import { sameButCtime } from "../model/fingerprints.ts";
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
 * @param areModesNew the disk kept no modes until now: nobody has chosen those that it shows
 */
export function openedAnew(
  { local, synced, offers }: Pick<Trees, "local" | "synced" | "offers">,
  changes: ScanResult["changes"],
  continued: ReadonlyMap<NodeId, SyncedRow> = new Map(),
  areModesNew = false,
): OpenedAnew {
  const bases = new Map(continued);
  const isOpenedAnew = (id: NodeId): boolean => {
    const row = changes.get(id);
    return row?.isPrivate === false && (areModesNew || !isSameItem(local.get(id), row));
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

/** A number may be given again, and a file without one is another once its bytes or its time are. */
function isSameItem(before: LocalRow | undefined, { fingerprint: now }: LocalRow): boolean {
  if (before === undefined) return false;
  const then = before.fingerprint;
  return isNumbered(now) ? then.inode === now.inode && then.birthNs === now.birthNs : sameButCtime(then, now);
}
