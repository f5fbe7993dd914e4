import { HoldfastError } from "@holdfast/core/errors";
import { versionFacts } from "../read/version-json.ts";
import { labelWeight } from "../weight/metadata-bytes.ts";
import { notAFile } from "./apply-put.ts";
import { checkBase } from "./base.ts";
import { findVersion } from "./find-version.ts";
import type { OperationOf } from "./operation-of.ts";
import { findNode } from "./place.ts";
import { requireLive } from "./conflict.ts";
import { requireAct } from "./rights.ts";
import type { Applied, Scope, Step, Work } from "./work.ts";
import { addWeight } from "./record.ts";

/**
 * The file keeps its revision, so no device is notified. The space lock, which pruning also holds, keeps a version from
 * being pruned while it is labeled. Without its label a version can be pruned, so an editor can only change labels that
 * they set.
 */
export async function applyLabel(work: Work, step: Step<OperationOf<"label">>, scope: Scope): Promise<Applied> {
  const { operation } = step;
  const found = await findNode(work, step, scope, operation.fileId, "file_id");
  await requireAct(work, step, found.row, "write");
  await requireLive(work, step, found);
  if (found.row.kind !== "file") throw notAFile(found.row);
  await checkBase(work, step, found.row, operation);
  const row = await findVersion(work, found.row, operation.version);
  const { label } = operation;
  const { owns, userId } = step.caller;
  const before = work.changes.labels.findLast(({ versionId }) => versionId === row.id) ?? {
    label: row.label,
    by: row.label_by,
  };
  const by = label === null ? null : userId;
  const mayChange = owns || before.label === null || before.by === userId;
  if (label !== before.label && !mayChange) throw labelOfAnother();
  if (mayChange && (label !== before.label || by !== before.by)) {
    addWeight(work, labelWeight(label) - labelWeight(before.label));
    work.changes.labels.push({ versionId: row.id, label, by });
  }
  return { nodeId: found.row.id, created: false, version: versionFacts(found.row, { ...row, label }) };
}

function labelOfAnother(): HoldfastError {
  const message =
    "Another account set the label of this version. Only that account and the owner can change or remove it.";
  return new HoldfastError("forbidden", message, { field: "label" });
}
