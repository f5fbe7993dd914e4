import { HoldfastError } from "@holdfast/core/errors";
import { nameKey } from "@holdfast/core/names";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import { checkCycle, placeRevived } from "./apply-restore.ts";
import { checkBase } from "./base.ts";
import { claimName } from "./claim-name.ts";
import { attributesOf, sameAttributes } from "./new-node.ts";
import type { OperationOf } from "./operation-of.ts";
import { findNode, findPlace } from "./place.ts";
import { requireLive } from "./conflict.ts";
import { answered, requireAct, requireDiscloser, requireMovable } from "./rights.ts";
import { checkPath } from "./reach.ts";
import type { Applied, Scope, Step, Work } from "./work.ts";
import { record } from "./record.ts";

export async function applyMove(work: Work, step: Step<OperationOf<"move">>, scope: Scope): Promise<Applied> {
  const { operation } = step;
  const found = await findNode(work, step, scope, operation.fileId, "file_id");
  const { row } = found;
  requireNotRoot(work, row, "moved");
  await requireMovable(work, step, row);
  const revived = found.standing.state === "trashed" && operation.revive === true;
  if (!revived) await requireLive(work, step, found);
  await checkBase(work, step, row, operation);
  if (revived) {
    const { row: placed, ...answer } = await placeRevived(work, step, scope, row, operation.place);
    return { nodeId: setAttributes(work, step, placed).id, created: false, ...answer };
  }
  const current = { parent: async () => parentOf(work, row), name: row.name };
  const target = await findPlace(work, step, scope, operation.place, current);
  await checkCycle(work, target, row);
  await requireDiscloser(work, step, row, target.parent);
  const name = await claimName(work, step, scope, target, row);
  await checkPath(work, { parent: target.parent, name }, { node: row });
  const attributes = attributesOf(operation.attributes ?? {}, row);
  if (operation.attributes?.editorsCanShare !== undefined) await requireAct(work, step, row, "own");
  const next = { ...row, ...attributes, parent_id: target.parent.id, name, name_key: nameKey(name) };
  const moved = next.parent_id !== row.parent_id || next.name !== row.name;
  if (moved) record(work, step, next, { kind: "changed", from_parent: row.parent_id });
  else if (!sameAttributes(row, next)) record(work, step, next);
  return { nodeId: row.id, created: false, ...(await answered(work, step, target)) };
}

export async function applySet(work: Work, step: Step<OperationOf<"set">>, scope: Scope): Promise<Applied> {
  const { operation } = step;
  const found = await findNode(work, step, scope, operation.fileId, "file_id");
  await requireAct(work, step, found.row, operation.editorsCanShare === undefined ? "write" : "own");
  await requireLive(work, step, found);
  await checkBase(work, step, found.row, operation);
  const next = { ...found.row, ...attributesOf(operation, found.row) };
  if (!sameAttributes(found.row, next)) record(work, step, next);
  return { nodeId: found.row.id, created: false };
}

export function requireNotRoot(work: Work, row: NodeRow, verb: string): void {
  if (row.id !== work.tree.rootId) return;
  throw new HoldfastError("forbidden", `The root folder cannot be ${verb}.`, { field: "file_id" });
}

async function parentOf(work: Work, row: NodeRow): Promise<NodeRow> {
  const parent = row.parent_id === null ? undefined : await work.tree.node(row.parent_id);
  return parent ?? (await work.tree.root());
}

function setAttributes(work: Work, step: Step<OperationOf<"move">>, row: NodeRow): NodeRow {
  const next = { ...row, ...attributesOf(step.operation.attributes ?? {}, row) };
  return sameAttributes(row, next) ? row : record(work, step, next);
}
