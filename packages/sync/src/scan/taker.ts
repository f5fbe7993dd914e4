import type { NodeId } from "@holdfast/core/ids";
import type { BlockTaker } from "@holdfast/sync-ports/ports";
import type { LocalTree } from "../model/local-tree.ts";
import type { Patches } from "../model/patches.ts";
import { folderIdOf } from "./match.ts";
import type { Entry } from "./walk.ts";

/** Who takes the blocks of a large new file while it is read, given the nearest known folder above it. */
export type TakerIn = (folder: NodeId, sizeBytes: number) => BlockTaker | undefined;

/** To read a larger file takes longer than to wait until it has to be read but once. */
export function largeBytesMin(patches: Patches | undefined): number {
  return patches === undefined ? 4 * 1024 * 1024 : patches.fileBytesMin;
}

/** Of what was known before, most is on the server already. */
export function takerOf(
  {
    tree,
    takerIn,
    patches,
  }: {
    readonly tree: LocalTree;
    readonly takerIn?: TakerIn | undefined;
    readonly patches?: Patches | undefined;
  },
  ids: ReadonlyMap<Entry, NodeId>,
  entry: Entry,
): BlockTaker | undefined {
  const { sizeBytes } = entry.stat.fingerprint;
  if (takerIn === undefined || entry.kind !== "file" || sizeBytes < largeBytesMin(patches)) return undefined;
  let nearest: NodeId | undefined;
  let { folder } = entry;
  for (; !("id" in folder); { folder } = folder) {
    const id = ids.get(folder);
    const row = id === undefined ? undefined : tree.local.get(id);
    if (row === undefined) continue;
    // It may be in another space by now, and nobody knows before the look has ended.
    if (row.parent !== folderIdOf(ids, folder)) return undefined;
    nearest ??= id;
  }
  return takerIn(nearest ?? folder.id, sizeBytes);
}
