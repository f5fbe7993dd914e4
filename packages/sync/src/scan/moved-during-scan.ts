import type { NodeId } from "@holdfast/core/ids";
import { isNumbered, type LocalRow, nameOnDisk } from "../model/trees.ts";
import type { Matches } from "./match.ts";
import { knownPathOf, type LocalTree } from "../model/local-tree.ts";
import type { KnownRows } from "./sweep.ts";
import type { Entry } from "./walk.ts";

/** Items that may have moved during the scan or from an unscanned place. */
export interface MovedDuringScan {
  readonly entries: ReadonlySet<Entry>;
  readonly folders: ReadonlySet<string>;
}

interface Known {
  readonly tree: LocalTree;
  readonly rows: KnownRows;
}

/**
 * Finds items at two places: seen before and after their move, or known in an unscanned folder. As new items, they
 * would be created again on the server, and the old nodes deleted with their history.
 */
export function findMovedDuringScan(
  { tree, rows }: Known,
  { entries, known }: { readonly entries: readonly Entry[]; readonly known: ReadonlyMap<NodeId, LocalRow> },
  { ids, fresh }: Matches,
): MovedDuringScan {
  const movedItems = new Set<Entry>();
  const folders = new Set<string>();
  const seen = new Map<bigint, Entry>();
  for (const entry of entries.filter(isOneByNumber)) {
    const other = seen.get(entry.stat.fingerprint.inode);
    if (other === undefined) seen.set(entry.stat.fingerprint.inode, entry);
    else if (isSameThing(other, entry)) for (const each of [other, entry]) if (isNew(each)) movedItems.add(each);
  }
  function isNew(entry: Entry): boolean {
    const id = ids.get(entry);
    const row = id === undefined ? undefined : known.get(id);
    return fresh.has(entry) || row === undefined || nameOnDisk(row) !== entry.name;
  }
  for (const entry of fresh) {
    if (!isOneByNumber(entry)) continue;
    for (const [id, row] of rows.withInode(entry.stat.fingerprint.inode)) {
      if (known.has(id) || row.kind !== entry.kind || !isAsOld(row, entry)) continue;
      const folder = row.parent === tree.rootId ? "" : knownPathOf(tree, row.parent);
      if (folder === undefined) continue;
      movedItems.add(entry);
      folders.add(folder);
    }
  }
  return { entries: movedItems, folders };
}

export function withoutMoved(entries: readonly Entry[], movedItems: ReadonlySet<Entry>): readonly Entry[] {
  const left = new Set<Entry>();
  for (const entry of entries) {
    const isBelow = !("id" in entry.folder) && !left.has(entry.folder);
    if (!movedItems.has(entry) && !isBelow) left.add(entry);
  }
  return [...left];
}

function isOneByNumber({ kind, stat }: Entry): boolean {
  return isNumbered(stat.fingerprint) && (kind === "folder" || stat.links <= 1);
}

function isSameThing(one: Entry, other: Entry): boolean {
  return one.kind === other.kind && one.stat.fingerprint.birthNs === other.stat.fingerprint.birthNs;
}

function isAsOld({ fingerprint }: LocalRow, { stat }: Entry): boolean {
  return fingerprint.birthNs === stat.fingerprint.birthNs;
}
