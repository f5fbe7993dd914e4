import type { NodeId } from "@holdfast/core/ids";
import { selfAndAncestors } from "./tree-paths.ts";
import type { LocalRow, NodeState, RemoteRow, SyncedRow, Trees } from "./trees.ts";

type Privacy = Pick<NodeState, "isPrivate">;

/** An unknown value equals any. */
export function samePrivacy(one: Privacy, other: Privacy): boolean {
  return one.isPrivate === undefined || other.isPrivate === undefined || one.isPrivate === other.isPrivate;
}

export function isPrivateIn(row: Privacy | undefined): boolean {
  return row?.isPrivate === true;
}

/** True if the folder or one above is private. An item that leaves it is made private first. */
export function isInPrivate(trees: Pick<Trees, "rootId" | "local">, folder: NodeId): boolean {
  return selfAndAncestors(trees, folder).some((each) => isPrivateIn(trees.local.get(each)));
}

/**
 * A mount's folder is private: the owner's parent folders may keep others out, and their modes do not reach this disk.
 */
export function createdPrivacy({ shares }: Pick<Trees, "shares">, id: NodeId, remote: Privacy): boolean | undefined {
  return shares.has(id) || remote.isPrivate;
}

/** New base if both sides are equal, otherwise the old one. */
export function nextBasePrivacy(
  local: Pick<LocalRow, "isPrivate">,
  remote: Pick<RemoteRow, "isPrivate">,
  before: Pick<SyncedRow, "isPrivate"> | undefined,
): { readonly isPrivate?: true } {
  const isAgreed = local.isPrivate !== undefined && local.isPrivate === remote.isPrivate;
  return (isAgreed ? local.isPrivate : before?.isPrivate) === true ? { isPrivate: true } : {};
}

/** Private if either side is, unless both were and one no longer is. Only an agreed privacy is ever removed. */
export function mergedPrivacy(
  { local, remote, synced }: { readonly [side in "local" | "remote" | "synced"]: Privacy | undefined },
  isServers: boolean,
): boolean | undefined {
  const [here, there] = [local?.isPrivate, remote?.isPrivate];
  if (here === undefined || there === undefined) return here ?? there;
  if (synced?.isPrivate !== true) return here || there;
  return isServers ? there : here && there;
}
