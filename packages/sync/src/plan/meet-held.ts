import type { NodeId } from "@holdfast/core/ids";
import { claimOf, samePlace, type Trees } from "../model/trees.ts";
import { shareAt } from "../model/whereabouts.ts";
import type { MergedTree } from "./merge.ts";
import type { Rekeying } from "./plan-types.ts";
import type { Policy } from "./policy.ts";
import type { Standing } from "./standing.ts";

/**
 * A folder that stays on one side, although the other one deleted it, becomes the one that the other has under its name by now.
 * @param held whose deletion waits, with the folders above
 */
export function meetHeld(trees: Trees, tree: MergedTree, held: readonly Standing[], policy: Policy): Rekeying[] {
  const isOpen = ({ id, isReadOnly }: Standing): boolean => !isReadOnly && !trees.shares.has(id);
  const folders = held.filter((each) => isOpen(each) && (each.local ?? each.remote)?.kind === "folder");
  if (folders.length === 0) return [];
  const [onServer, onDisk] = [new Map<string, Standing>(), new Map<string, Standing>()];
  for (const { kind, place, standing } of tree.values()) {
    if (kind !== "folder" || !isOpen(standing)) continue;
    if (standing.remote !== undefined && samePlace(standing.remote, place)) onServer.set(claimOf(place), standing);
    if (standing.local?.sight === "known" && samePlace(standing.local, place)) onDisk.set(claimOf(place), standing);
  }
  const filled = filledOf(trees, held);
  return folders.flatMap(({ id, local, remote }) => {
    const there = local?.sight === "known" ? onServer.get(claimOf(local)) : undefined;
    const here = remote === undefined ? undefined : onDisk.get(claimOf(remote));
    if (there !== undefined) {
      if (there.local === undefined) return [{ from: id, to: there.id }];
      if (filled.has(id) || !isAtRest(trees, there)) return [];
      // The server's folder leaves the one that it has on the disk, and meets this one in the next plan; what is in it follows.
      const mount = shareAt(trees, trees.local, there.local.parent);
      const to = policy.makeNodeId(mount === undefined ? undefined : trees.shares.get(mount)?.target);
      return [{ from: there.id, to, isRest: true }];
    }
    if (here === undefined) return [];
    if (here.remoteRow === undefined && here.synced === undefined) return [{ from: here.id, to: id }];
    // What is in it moves on the server, where it goes once it is empty.
    return filled.has(id) ? [] : [{ from: here.id, to: id, merges: true }];
  });
}

/** Folders with something that waits for a person: the others stay for what is hidden in them alone. */
function filledOf(trees: Trees, held: readonly Standing[]): ReadonlySet<NodeId> {
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

/** Nothing that was done here in this folder is still to be sent: it would be taken for the server's doing. */
function isAtRest({ local: rows, synced }: Trees, { id, local }: Standing): boolean {
  const isIn = (child: NodeId): boolean => [rows.get(child)?.parent, synced.get(child)?.place?.parent].includes(id);
  const children = [...rows.keys(), ...synced.keys()].filter(isIn);
  return local?.sight === "known" && children.every((child) => samePlace(rows.get(child), synced.get(child)?.place));
}
