import type { NodeId } from "@holdfast/core/ids";
import { lineOf } from "../model/tree-paths.ts";
import { joinPath } from "@holdfast/sync-ports/paths";
import type { LocalOperation, Plan } from "../plan/plan-types.ts";
import type { Rules } from "../rules/rules.ts";
import type { SyncState } from "../state/sync-state.ts";

/**
 * What the server shows in a folder, and the rules hide where this folder was moved here, is not brought: once the server has that
 * move it is hidden there too.
 */
export function withoutHiddenArrivals(state: Pick<SyncState, "rootId" | "local">, rules: Rules, plan: Plan): Plan {
  if (rules.isPlain) return plan;
  const moving = new Set(plan.local.flatMap(({ op, id }) => (op === "move" || op === "park" ? [id] : [])));
  const leftOut = new Set<NodeId>();
  const isHidden = (operation: LocalOperation): boolean => {
    if (operation.op !== "create") return false;
    const { id, place, remote } = operation;
    const line = [...lineOf(state, place.parent)];
    // It stands elsewhere once that was done.
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
