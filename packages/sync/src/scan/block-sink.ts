import type { NodeId } from "@holdfast/core/ids";
import type { BlockSink } from "@holdfast/sync-ports/ports";
import type { LocalTree } from "../model/local-tree.ts";
import type { Patches } from "../model/patches.ts";
import { folderIdOf } from "./match.ts";
import type { Entry } from "./walk.ts";

/** Receives a large new file's blocks while it is read. Given the nearest known folder above. */
export type SinkFor = (folder: NodeId, sizeBytes: number) => BlockSink | undefined;

/** Reading a larger file takes longer than waiting until one read suffices. */
export function largeBytesMin(patches: Patches | undefined): number {
  return patches === undefined ? 4 * 1024 * 1024 : patches.fileBytesMin;
}

/** For new files only; most known content is already on the server. */
export function sinkOf(
  {
    tree,
    sinkFor,
    patches,
  }: {
    readonly tree: LocalTree;
    readonly sinkFor?: SinkFor | undefined;
    readonly patches?: Patches | undefined;
  },
  ids: ReadonlyMap<Entry, NodeId>,
  entry: Entry,
): BlockSink | undefined {
  const { sizeBytes } = entry.stat.fingerprint;
  if (sinkFor === undefined || entry.kind !== "file" || sizeBytes < largeBytesMin(patches)) return undefined;
  let nearest: NodeId | undefined;
  let { folder } = entry;
  for (; !("id" in folder); { folder } = folder) {
    const id = ids.get(folder);
    const row = id === undefined ? undefined : tree.local.get(id);
    if (row === undefined) continue;
    // The file may be in another space, unknown until the scan ends.
    if (row.parent !== folderIdOf(ids, folder)) return undefined;
    nearest ??= id;
  }
  return sinkFor(nearest ?? folder.id, sizeBytes);
}
