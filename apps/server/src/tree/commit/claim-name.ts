import { nameKey } from "@holdfast/core/names";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import { freeName } from "./free-name.ts";
import { isBlind, placed, requireMovable, requireAllMovableBelow } from "./rights.ts";
import type { Scope, Step, Target, Work } from "./work.ts";
import { record } from "./record.ts";
import { conflictWith } from "./conflict.ts";

/**
 * Checks that a node may have a name, according to `on_conflict` and If-None-Match.
 * @returns the name, or a free name instead
 * @throws HoldfastError exists or precondition, with the node that has the name
 */
export async function claimName(
  work: Work,
  step: Step,
  scope: Scope,
  target: Target,
  claimer: Pick<NodeRow, "kind"> & Partial<Pick<NodeRow, "id">>,
): Promise<string> {
  const taken = await work.tree.child(target.parent.id, nameKey(target.name), claimer.id);
  if (taken === undefined) return target.name;
  const { ifNoneMatch, onConflict } = step.operation;
  if (await isBlind(work, step, target.parent)) return freeName(work, target.parent, target.name, claimer.kind);
  if (ifNoneMatch === true) throw await nameTaken(work, step, "precondition", taken);
  if (onConflict === "rename") return freeName(work, target.parent, target.name, claimer.kind);
  if (onConflict === "replace") {
    await requireMovable(work, step, taken);
    await requireAllMovableBelow(work, step, taken);
    trash(work, step, taken);
    return target.name;
  }
  if (scope.inGroup) return target.name;
  throw await nameTaken(work, step, "exists", taken);
}

export async function nameTaken(
  work: Work,
  step: Step,
  code: "exists" | "precondition",
  taken: NodeRow,
): Promise<Error> {
  const isSeen = (await placed(work, step, taken)) !== undefined;
  const message = isSeen
    ? `There is already a ${taken.kind} ${JSON.stringify(taken.name)} here.`
    : "This name is taken.";
  return conflictWith(work, step, { code, message, row: taken });
}

export function trash(work: Work, step: Step, row: NodeRow): NodeRow {
  return record(work, step, { ...row, trashed_at: work.nowMicros }, { kind: "gone", from_parent: row.parent_id });
}
