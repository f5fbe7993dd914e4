import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { nameProblem } from "@holdfast/core/names";
import { targetOf } from "../model/content.ts";
import type { MissingFeatures } from "../model/missing-features.ts";
import { ownFolder } from "@holdfast/sync-ports/paths";
import { isLive, type RemoteRow, type Trees } from "../model/trees.ts";

/**
 * Reason why a disk, or this one, cannot store a server node, as the end of "Kept on the server and not synced: ";
 * undefined: it can. No local path is ever made from such a name, and the engine's own folder is no node.
 */
export function unfitness(
  rootId: NodeId,
  { parent, name, kind, content }: Pick<RemoteRow, "parent" | "name" | "kind" | "content">,
  missingFeatures: MissingFeatures,
): string | undefined {
  const problem = nameProblem(name);
  if (problem !== undefined) return `the name on the server ${problem}; to sync, choose another name there`;
  if (parent === rootId && name === ownFolder)
    return `the name ${ownFolder} is reserved for Holdfast; to sync, choose another name on the server`;
  if (missingFeatures.has("all names") && unfitElsewhere.test(name)) {
    return 'this disk does not allow names that contain one of "*:<>?\\| or end with a dot or a space; to sync, choose another name on the server';
  }
  if (kind !== "symlink") return undefined;
  if (missingFeatures.has("symbolic links")) return "this disk does not support symbolic links";
  const target = targetOf(content);
  if (target === "") return "the target of a symbolic link is empty";
  if (target.includes("\0")) return "the target of a symbolic link contains a NUL character";
  if (Buffer.byteLength(target) > limits.symlinkTargetBytesMax) {
    return `the target of a symbolic link is longer than ${limits.symlinkTargetBytesMax} bytes`;
  }
  return undefined;
}

/** Names rejected by filesystems made for Windows. */
const unfitElsewhere = /["*:<>?\\|]|[. ]$/;

export function* unfitNodes(
  trees: Pick<Trees, "rootId" | "remote">,
  /** Nodes that differ; includes all unfit ones. */
  unsynced: Iterable<NodeId>,
  missingFeatures: MissingFeatures,
): Generator<readonly [NodeId, string]> {
  for (const id of unsynced) {
    const row = trees.remote.get(id);
    if (row === undefined) continue;
    const reason = unfitness(trees.rootId, row, missingFeatures);
    if (reason !== undefined && isLive(trees, id) && !isBelowUnfit(trees, row.parent, missingFeatures))
      yield [id, reason];
  }
}

function isBelowUnfit(
  { rootId, remote }: Pick<Trees, "rootId" | "remote">,
  start: NodeId,
  missingFeatures: MissingFeatures,
): boolean {
  for (let at = start; at !== rootId;) {
    const row = remote.get(at);
    if (row === undefined) return false;
    if (unfitness(rootId, row, missingFeatures) !== undefined) return true;
    at = row.parent;
  }
  return false;
}
