import type { NodeId } from "@holdfast/core/ids";
import { lineOf } from "./tree-paths.ts";
import type { LocalRow, NodeState, RemoteRow, SyncedRow, Trees } from "./trees.ts";

type Privacy = Pick<NodeState, "isPrivate">;

/** A side that does not tell differs from nothing. */
export function samePrivacy(one: Privacy, other: Privacy): boolean {
  return one.isPrivate === undefined || other.isPrivate === undefined || one.isPrivate === other.isPrivate;
}

/** A side that does not tell is not known to be private. */
export function isPrivateIn(row: Privacy | undefined): boolean {
  return row?.isPrivate === true;
}

/** A folder, or one above it on the disk, is private: an item that leaves it is closed before. */
export function isInPrivate(trees: Pick<Trees, "rootId" | "local">, folder: NodeId): boolean {
  return lineOf(trees, folder).some((each) => isPrivateIn(trees.local.get(each)));
}

/**
 * Privacy of what is created on the disk. The folder of a mount is private: the modes of the folders above it on its owner's disk, which may
 * keep others out, do not reach this disk.
 */
export function createdPrivacy({ shares }: Pick<Trees, "shares">, id: NodeId, remote: Privacy): boolean | undefined {
  return shares.has(id) || remote.isPrivate;
}

/** The base once both sides are equal; until then it stays. */
export function agreedPrivacy(
  local: Pick<LocalRow, "isPrivate">,
  remote: Pick<RemoteRow, "isPrivate">,
  before: Pick<SyncedRow, "isPrivate"> | undefined,
): { readonly isPrivate?: true } {
  const isAgreed = local.isPrivate !== undefined && local.isPrivate === remote.isPrivate;
  return (isAgreed ? local.isPrivate : before?.isPrivate) === true ? { isPrivate: true } : {};
}

/** Private if either side is, unless both were and one no longer is: nothing is loosened that was not agreed on before. */
export function mergedPrivacy(
  { local, remote, synced }: { readonly [side in "local" | "remote" | "synced"]: Privacy | undefined },
  isServers: boolean,
): boolean | undefined {
  const [here, there] = [local?.isPrivate, remote?.isPrivate];
  if (here === undefined || there === undefined) return here ?? there;
  if (synced?.isPrivate !== true) return here || there;
  return isServers ? there : here && there;
}
