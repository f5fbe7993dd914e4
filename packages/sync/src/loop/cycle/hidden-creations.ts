import type { NodeId } from "@holdfast/core/ids";
import { selfAndAncestors } from "../../model/tree-paths.ts";
import { joinPath } from "@holdfast/sync-ports/paths";
import type { LocalOperation, Plan } from "../../plan/plan-types.ts";
import type { Rules } from "../../rules/rules.ts";
import type { SyncState } from "../../state/sync-state.ts";

/**
 * Omits creations that the rules hide because the folder was moved locally. The server hides them too once it has the
 * move.
 */
export function withoutHiddenCreations(state: Pick<SyncState, "rootId" | "local">, rules: Rules, plan: Plan): Plan {
  if (rules.isPlain) return plan;
  const moving = new Set(plan.local.flatMap(({ op, id }) => (op === "move" || op === "park" ? [id] : [])));
  const leftOut = new Set<NodeId>();
  const isHidden = (operation: LocalOperation): boolean => {
    if (operation.op !== "create") return false;
    const { id, place, remote } = operation;
    const line = [...selfAndAncestors(state, place.parent)];
    // It will be elsewhere after the moves.
    if (line.some((folder) => moving.has(folder))) return false;
    const names = line.toReversed().map((folder) => state.local.get(folder)?.name);
    const isKnown = line.length === 0 || names.every((name) => name !== undefined);
    const path = isKnown ? joinPath(names.join("/"), place.name) : undefined;
    const is = leftOut.has(place.parent) || (path !== undefined && rules.hides(path, remote.kind === "folder"));
    if (is) leftOut.add(id);
    return is;
  };
  const local = plan.local.filter((operation) => !isHidden(operation));
  return leftOut.size === 0 ? plan : { ...plan, local };
}
