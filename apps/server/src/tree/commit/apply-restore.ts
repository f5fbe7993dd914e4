import { HoldfastError } from "@holdfast/core/errors";
import { nameKey } from "@holdfast/core/names";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import { checkBase } from "./base.ts";
import { claimName } from "./claim-name.ts";
import type { Place } from "./operation.ts";
import type { OperationOf } from "./operation-of.ts";
import { findNode, findPlace } from "./place.ts";
import { liveFolder, liveOrStandIn, mergeStandIn, restoredName, standInOf } from "./stand-in.ts";
import type { Applied, Scope, Step, Target, Work } from "./work.ts";
import { answered, requireAct, requireDiscloser, requireMovable } from "./rights.ts";
import { checkPath } from "./reach.ts";
import { record } from "./record.ts";

/**
 * Moves a node from the trash back to its folder, or to a stand-in if the folder is in the trash too.
 * `on_conflict=rename` makes a used name `name (restored).ext`. A live node stays unchanged.
 */
export async function applyRestore(work: Work, step: Step<OperationOf<"restore">>, scope: Scope): Promise<Applied> {
  const { operation } = step;
  const { row, standing } = await findNode(work, step, scope, operation.fileId, "file_id");
  await requireAct(work, step, row, "write");
  await checkBase(work, step, row, operation);
  if (standing.state === "live") return { nodeId: row.id, created: false };
  await requireMovable(work, step, row);
  const current = { parent: async () => restoredParent(work, step, row), name: row.name };
  const target = await findPlace(work, step, scope, operation.place ?? {}, current);
  await checkCycle(work, target, row);
  await requireDiscloser(work, step, row, target.parent);
  const standIn = operation.place === undefined ? await standInOf(work, step, row, target.parent) : undefined;
  const freed = standIn?.parent_id === target.parent.id ? standIn.name : undefined;
  const name = freed ?? (await restoredOrClaimed(work, step, scope, { target, row }));
  await checkPath(work, { parent: target.parent, name }, { node: row });
  const placed = appear(work, step, row, { parent: target.parent, name });
  if (standIn !== undefined) await mergeStandIn(work, step, standIn, { folder: placed, isShown: row.shared });
  return { nodeId: placed.id, created: false, ...(await answered(work, step, target)) };
}

/** Places a trashed node that was changed elsewhere. It keeps its id and history. Missing folders are created. */
export async function placeRevived(
  work: Work,
  step: Step,
  scope: Scope,
  row: NodeRow,
  place: Place | undefined,
): Promise<{ readonly row: NodeRow } & Pick<Applied, "answeredName">> {
  const current = { parent: async () => revivedParent(work, step, row), name: row.name };
  const target = await findPlace(work, step, scope, place ?? {}, current);
  await checkCycle(work, target, row);
  await requireDiscloser(work, step, row, target.parent);
  const name = await claimName(work, step, scope, target, row);
  await checkPath(work, { parent: target.parent, name }, { node: row });
  const placed = appear(work, step, row, { parent: target.parent, name });
  return { row: placed, ...(await answered(work, step, target)) };
}

/** @throws HoldfastError cycle */
export async function checkCycle(work: Work, target: Target, row: NodeRow): Promise<void> {
  const lineage = row.kind === "folder" ? await work.tree.lineage(target.parent) : [];
  if (!lineage.some((above) => above.id === row.id)) return;
  throw new HoldfastError("cycle", "A folder cannot be moved into itself.", { field: "parent_id" });
}

function appear(work: Work, step: Step, row: NodeRow, { parent, name }: Target): NodeRow {
  const placed = { ...row, parent_id: parent.id, name, name_key: nameKey(name), trashed_at: null };
  return record(work, step, placed, { kind: "appeared", from_parent: row.parent_id });
}

function restoredOrClaimed(
  work: Work,
  step: Step<OperationOf<"restore">>,
  scope: Scope,
  { target, row }: { readonly target: Target; readonly row: NodeRow },
): Promise<string> {
  const renames = step.operation.onConflict === "rename";
  return renames ? restoredName(work, target, row) : claimName(work, step, scope, target, row);
}

async function restoredParent(work: Work, step: Step, row: NodeRow): Promise<NodeRow> {
  const parent = row.parent_id === null ? undefined : await work.tree.node(row.parent_id);
  return parent === undefined ? work.tree.root() : liveOrStandIn(work, step, parent);
}

async function revivedParent(work: Work, step: Step, row: NodeRow): Promise<NodeRow> {
  const parent = row.parent_id === null ? undefined : await work.tree.node(row.parent_id);
  return parent === undefined ? work.tree.root() : liveFolder(work, step, parent);
}
