import type { NodeId } from "@holdfast/core/ids";
import { slotOf, type LocalRow, type RemoteRow, samePlace, type Trees } from "../model/trees.ts";
import { shareAt } from "../model/enclosing-share.ts";
import type { MergedTree } from "./merge.ts";
import type { IdChange } from "./plan-types.ts";
import type { Policy } from "./policy.ts";
import type { NodeDiff } from "./node-diff.ts";

/**
 * Joins nodes that one side kept and the other deleted with the other side's nodes of the same name: folders, and files
 * recreated here while their server deletion is held.
 * @param held nodes whose deletion is held, with the folders above
 */
export function joinHeldNodes(trees: Trees, tree: MergedTree, held: readonly NodeDiff[], policy: Policy): IdChange[] {
  const isOpen = ({ id, isReadOnly }: NodeDiff): boolean => !isReadOnly && !trees.shares.has(id);
  const open = held.filter(isOpen);
  if (open.length === 0) return [];
  const [onServer, onDisk] = [new Map<string, NodeDiff>(), new Map<string, NodeDiff>()];
  for (const { kind, place, diff } of tree.values()) {
    const { remote, local } = diff;
    if (!isOpen(diff)) continue;
    if (kind === "folder" && remote !== undefined && samePlace(remote, place)) onServer.set(slotOf(place), diff);
    if (local?.readState === "known" && samePlace(local, place)) onDisk.set(slotOf(place), diff);
  }
  const filled = filledOf(trees, held);
  return open.flatMap((each) => {
    const { id, local, remote } = each;
    const isFolder = (local ?? remote)?.kind === "folder";
    const there = isFolder && local?.readState === "known" ? onServer.get(slotOf(local)) : undefined;
    if (there !== undefined) return joinOnServer(trees, each, there, { isFilled: filled.has(id), policy });
    const here = remote === undefined ? undefined : onDisk.get(slotOf(remote));
    if (here?.local === undefined || remote === undefined || !isOneKind(here.local, remote)) return [];
    if (here.remoteRow === undefined && here.synced === undefined) return [{ from: here.id, to: id }];
    // Its content moves on the server, where the emptied folder is then deleted.
    return isFolder && !filled.has(id) ? [{ from: here.id, to: id, merges: true }] : [];
  });
}

function joinOnServer(
  trees: Trees,
  { id }: NodeDiff,
  there: NodeDiff,
  { isFilled, policy }: { readonly isFilled: boolean; readonly policy: Policy },
): IdChange[] {
  if (there.local === undefined) return [{ from: id, to: there.id }];
  if (isFilled || !isAtRest(trees, there)) return [];
  // The next plan joins the server's folder with this one. Its content follows.
  const mount = shareAt(trees, trees.local, there.local.parent);
  const to = policy.makeNodeId(mount === undefined ? undefined : trees.shares.get(mount)?.target);
  return [{ from: there.id, to, isRemainder: true }];
}

/** Another link target, or another Unicode form, means another file. */
function isOneKind(local: LocalRow, remote: RemoteRow): boolean {
  if (local.kind !== remote.kind) return false;
  return local.content === remote.content || (local.kind === "file" && local.name === remote.name);
}

/** Content of these folders waits for a person. Other folders stay for hidden content only. */
function filledOf(trees: Trees, held: readonly NodeDiff[]): ReadonlySet<NodeId> {
  const filled = new Set<NodeId>();
  for (const { local, remote } of held) {
    if ((local ?? remote)?.kind === "folder") continue;
    for (let at = (local ?? remote)?.parent; at !== undefined && !filled.has(at);) {
      filled.add(at);
      at = (trees.local.get(at) ?? trees.remote.get(at))?.parent;
    }
  }
  return filled;
}

/** True if no local change in the folder is unsent. Otherwise it would count as the server's. */
function isAtRest({ local: rows, synced }: Trees, { id, local }: NodeDiff): boolean {
  const isIn = (child: NodeId): boolean => [rows.get(child)?.parent, synced.get(child)?.place?.parent].includes(id);
  const children = [...rows.keys(), ...synced.keys()].filter(isIn);
  return (
    local?.readState === "known" && children.every((child) => samePlace(rows.get(child), synced.get(child)?.place))
  );
}
