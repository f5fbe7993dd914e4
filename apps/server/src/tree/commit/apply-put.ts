import { HoldfastError } from "@holdfast/core/errors";
import type { UploadId, VersionId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import type { NodeRow, VersionRow } from "../../base/db/shard-tables.ts";
import { requireExisting } from "./apply-create.ts";
import { placeRevived } from "./apply-restore.ts";
import { checkBase } from "./base.ts";
import { claimName, nameTaken } from "./claim-name.ts";
import type { VersionContent } from "../content/content.ts";
import { attributesOf, newNode, sameAttributes } from "./new-node.ts";
import type { Attributes } from "./operation.ts";
import type { OperationOf } from "./operation-of.ts";
import { findNode, findPlace } from "./place.ts";
import type { Applied, Scope, Step, Target, Work } from "./work.ts";
import { answered, isBlind, requireAct, requireMovable, requireReader, requireRuleWriter } from "./rights.ts";
import { checkPath } from "./reach.ts";
import { addVersion, record, useBytes } from "./record.ts";
import { conflictWith, requireLive } from "./conflict.ts";

type PutStep = Step<OperationOf<"put">>;

export async function applyPut(work: Work, step: PutStep, scope: Scope): Promise<Applied> {
  const { fileId, place, uploadId } = step.operation;
  const applied =
    fileId === undefined ? await putAtPlace(work, step, scope, place ?? {}) : await putInto(work, step, scope, fileId);
  if (uploadId !== undefined && applied.nodeId !== undefined) {
    work.changes.uploads.push({ uploadId: uploadId as UploadId, nodeId: applied.nodeId });
  }
  return applied;
}

/** Adds a version to a file given by its id. A file in the trash requires `revive`. */
async function putInto(work: Work, step: PutStep, scope: Scope, fileId: string): Promise<Applied> {
  const found = await findNode(work, step, scope, fileId, "file_id");
  await requireAct(work, step, found.row, "write");
  await requireRuleWriter(work, step, found.row, found.row.name);
  if (found.row.kind !== "file") throw notAFile(found.row);
  const revived = found.standing.state === "trashed" && step.operation.revive === true;
  if (!revived) await requireLive(work, step, found);
  if (step.operation.ifNoneMatch === true) throw await nameTaken(work, step, "precondition", found.row);
  await checkBase(work, step, found.row, step.operation);
  if (revived) await requireMovable(work, step, found.row);
  const { row, ...answer } = revived
    ? await placeRevived(work, step, scope, found.row, step.operation.place)
    : { row: found.row };
  return { nodeId: (await putVersion(work, step, row)).id, created: false, ...answer };
}

async function putAtPlace(
  work: Work,
  step: PutStep,
  scope: Scope,
  place: NonNullable<PutStep["operation"]["place"]>,
): Promise<Applied> {
  const { operation } = step;
  const target = await findPlace(work, step, scope, place);
  if (await isBlind(work, step, target.parent)) {
    // The base of the splices is a file elsewhere, so the caller must be able to read it.
    if (operation.content.splices !== undefined) requireReader(step.caller);
    return putNew(work, step, scope, target);
  }
  const existing = await work.tree.child(target.parent.id, nameKey(target.name));
  if (existing !== undefined && operation.ifNoneMatch === true)
    throw await nameTaken(work, step, "precondition", existing);
  const { baseVersion, baseRevision, ifMatch } = operation;
  const hasBase = baseVersion !== undefined || baseRevision !== undefined || ifMatch !== undefined;
  if (existing !== undefined && hasBase) await checkBase(work, step, existing, operation);
  if (existing?.kind === "file" && (hasBase || operation.onConflict === "replace")) {
    await requireAct(work, step, existing, "write");
    return { nodeId: (await putVersion(work, step, existing)).id, created: false };
  }
  // If-Match with a folder's revision does not permit replacing it by a file; `on_conflict` is required.
  if (existing !== undefined && hasBase && operation.onConflict === undefined) {
    throw await nameTaken(work, step, "exists", existing);
  }
  if (existing === undefined) requireNoBase(operation);
  return putNew(work, step, scope, target);
}

async function putNew(work: Work, step: PutStep, scope: Scope, target: Target): Promise<Applied> {
  const { operation } = step;
  const content = contentOfStep(step);
  const name = await claimName(work, step, scope, target, { kind: "file" });
  await checkPath(work, { parent: target.parent, name });
  const node = { id: operation.id, parent: target.parent, name, kind: "file" as const, attributes: operation };
  const row = await newNode(work, step, node);
  useBytes(work, content.sizeBytes);
  const made = setHead(work, step, row, content, operation);
  return { nodeId: made.id, created: true, ...(await answered(work, step, target)) };
}

/** Equal content makes no version. If the attributes are equal too, nothing changes. */
async function putVersion(work: Work, step: PutStep, row: NodeRow): Promise<NodeRow> {
  if (step.content === undefined) {
    throw await conflictWith(work, step, {
      code: "conflict",
      message: "The base version of the splices is not the newest one.",
      row,
    });
  }
  return putContent(work, step, row, step.content, step.operation);
}

export function putContent(
  work: Work,
  step: Step,
  row: NodeRow,
  content: VersionContent,
  attributes: Attributes,
): NodeRow {
  if (row.content_id?.equals(content.contentId) === true) {
    const same = { ...row, ...attributesOf(attributes, row) };
    return sameAttributes(row, same) ? row : record(work, step, same);
  }
  useBytes(work, content.sizeBytes - row.size);
  return setHead(work, step, row, content, { modifiedAtMicros: work.nowMicros, ...definedOf(attributes) });
}

export function setHead(
  work: Work,
  step: Step,
  row: NodeRow,
  content: VersionContent,
  attributes: Attributes,
): NodeRow {
  const version = addVersion(work, step, content, { nodeId: row.id, number: (row.version_number ?? 0) + 1 });
  if (row.head_version !== null) {
    work.changes.replaced.push({ versionId: row.head_version, modifiedAtMicros: row.modified_at });
  }
  return record(work, step, { ...row, ...headOf(version), ...attributesOf(attributes, row) });
}

function headOf(version: VersionRow): Partial<NodeRow> & { head_version: VersionId } {
  return {
    head_version: version.id,
    version_number: version.number,
    content_id: version.content_id,
    size: version.size,
    device_id: version.device_id,
    operation_id: version.operation_id,
  };
}

function contentOfStep(step: PutStep): VersionContent {
  if (step.content !== undefined) return step.content;
  throw new HoldfastError("not_found", "There is no such base version for the splices.", { field: "base_version" });
}

function requireNoBase(operation: PutStep["operation"]): void {
  requireExisting(operation);
  const { baseVersion, baseRevision } = operation;
  if (baseVersion === undefined && baseRevision === undefined) return;
  const field = baseVersion === undefined ? "base_revision" : "base_version";
  throw new HoldfastError("conflict", "The file that you changed no longer exists.", { field });
}

export function notAFile(row: NodeRow): HoldfastError {
  return new HoldfastError("invalid_field", `${JSON.stringify(row.name)} is not a file.`, { field: "file_id" });
}

/** Undefined members would hide the defaults. */
export function definedOf(attributes: Attributes): Attributes {
  const { modifiedAtMicros, executable, metadata } = attributes;
  return {
    ...(modifiedAtMicros === undefined ? {} : { modifiedAtMicros }),
    ...(executable === undefined ? {} : { executable }),
    ...(attributes.private === undefined ? {} : { private: attributes.private }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}
