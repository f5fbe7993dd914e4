import { knownPathOf, type LocalTree } from "../model/local-tree.ts";
import { sameFingerprint } from "../model/fingerprints.ts";
import { isNumbered, type LocalRow } from "../model/trees.ts";
import type { NodeId } from "@holdfast/core/ids";
import type { KnownRows } from "./sweep.ts";
import type { Entry } from "./walk.ts";

/** Folders with another name of the changed file; a watcher reports only the opened name. */
export function foldersOfOtherNames(
  { tree, rows }: { readonly tree: LocalTree; readonly rows: KnownRows },
  { kind, stat: { fingerprint, links } }: Entry,
  seen: ReadonlyMap<NodeId, LocalRow>,
): string[] {
  if (kind !== "file" || links <= 1 || !isNumbered(fingerprint)) return [];
  return rows.withInode(fingerprint.inode).flatMap(([id]) => {
    // Hidden rows are not scanned, so their folder would stay dirty forever.
    const row = seen.get(id) ?? tree.local.get(id);
    const isOther = row?.kind === "file" && row.fingerprint.birthNs === fingerprint.birthNs;
    if (!isOther || sameFingerprint(row.fingerprint, fingerprint)) return [];
    return knownPathOf(tree, row.parent) ?? [];
  });
}
