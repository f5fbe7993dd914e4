import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { RemoteOperation } from "../plan/plan-types.ts";
import { slotOf, type Place } from "../model/trees.ts";

/** Dependencies on earlier operations of the plan, except for parent folders. */
export class OperationDependencies {
  readonly #movesOut = new Map<NodeId, Set<NodeId>>();
  readonly #freedNames = new Map<string, NodeId>();

  constructor(remote: Pick<ReadonlyMap<NodeId, Place>, "get">, operations: readonly RemoteOperation[]) {
    const groups = new Map(operations.flatMap(({ op, id, group }) => (op === "delete" ? [[id, group] as const] : [])));
    for (const each of operations) {
      const leaves = each.op === "delete" || (each.op === "move" && !each.revive);
      if (leaves) this.#freedNames.set(slotOf(each.base), each.id);
      if (each.op !== "move" || !leaves || groups.size === 0) continue;
      const folder = foldersFrom(remote, each.base.parent).find((id) => groups.has(id));
      // A group is accepted or refused as a whole.
      if (folder === undefined || (each.group !== undefined && each.group === groups.get(folder))) continue;
      this.#movesOut.set(folder, (this.#movesOut.get(folder) ?? new Set()).add(each.id));
    }
  }

  /** Nodes that move out would otherwise be deleted with the folder. */
  movesOutOf({ op, id }: RemoteOperation): ReadonlySet<NodeId> {
    return (op === "delete" ? this.#movesOut.get(id) : undefined) ?? noNodes;
  }

  /** The operation of this node frees the needed name. */
  nameFreedBy(operation: RemoteOperation): NodeId | undefined {
    const holder = "place" in operation ? this.#freedNames.get(slotOf(operation.place)) : undefined;
    return holder === operation.id ? undefined : holder;
  }
}

const noNodes: ReadonlySet<NodeId> = new Set();

function* foldersFrom(remote: Pick<ReadonlyMap<NodeId, Place>, "get">, start: NodeId): Generator<NodeId, void> {
  let at: NodeId | undefined = start;
  for (let depth = 0; at !== undefined && depth <= 2 * limits.pathNamesMax; depth += 1) {
    yield at;
    at = remote.get(at)?.parent;
  }
}
