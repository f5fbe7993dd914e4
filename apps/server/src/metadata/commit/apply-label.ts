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
 * A label is for people: the file stays what it is, down to its revision, so the journal says nothing and no device wakes. It is set
 * under the lock of the space, as versions are pruned: what has its label was there then, and stays.
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
  const before = (work.changes.labels.findLast(({ versionId }) => versionId === row.id) ?? row).label;
  if (label !== before) {
    addWeight(work, labelWeight(label) - labelWeight(before));
    work.changes.labels.push({ versionId: row.id, label });
  }
  return { nodeId: found.row.id, created: false, version: versionFacts(found.row, { ...row, label }) };
}
