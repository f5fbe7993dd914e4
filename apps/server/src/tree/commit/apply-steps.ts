import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { applyCopy, applyRevert, type FolderCopy } from "./apply-copy.ts";
import { applyMkdir, applySymlink } from "./apply-create.ts";
import { applyApprove, applyDelete, applyPurge } from "./apply-delete.ts";
import { applyLabel } from "./apply-label.ts";
import { applyMount, applyTouch } from "./apply-mount.ts";
import { applyMove, applySet } from "./apply-move.ts";
import { applyPut } from "./apply-put.ts";
import { applyRestore } from "./apply-restore.ts";
import { nameTaken } from "./claim-name.ts";
import { shown } from "./rights.ts";
import type { OperationResult } from "./operation.ts";
import { withoutFigures } from "../weight/quota-refusal.ts";
import { missingBlocks, requireHeldContent } from "./held-content.ts";
import { type Applied, markWork, rollbackWork, type Scope, type Step, type Work } from "./work.ts";
import { freeBytes } from "./record.ts";

export type StepOutcome = OperationResult | { readonly status: "folder"; readonly folderCopy: FolderCopy };

export async function applyStep(work: Work, step: Step, failedIds: ReadonlySet<string>): Promise<StepOutcome> {
  const missing = missingBlocks(work, step);
  if (missing.length > 0) {
    const [refused] = (await refusedForRoom(work, [step], { failedIds, inGroup: false })) ?? [];
    return refused ?? { status: "missing", missingBlocks: missing };
  }
  const mark = markWork(work);
  const before = work.changes.versions.length;
  try {
    const applied = await apply(work, step, { failedIds, inGroup: false });
    const lost = lostIn(work, step, before, applied);
    if (lost.length === 0 && !("copyFolder" in applied)) return await committed(work, step, applied);
    rollbackWork(work, mark);
    if (lost.length > 0 || !("copyFolder" in applied)) return { status: "missing", missingBlocks: lost };
    return { status: "folder", folderCopy: applied };
  } catch (error) {
    rollbackWork(work, mark);
    return refusal(error, step);
  }
}

/** All or none. Names may be taken twice until the last step. */
export async function applyGroup(
  work: Work,
  steps: readonly Step[],
  failedIds: ReadonlySet<string>,
): Promise<OperationResult[]> {
  const missing = steps.map((step) => missingBlocks(work, step));
  if (missing.some((hashes) => hashes.length > 0)) {
    const refused = await refusedForRoom(work, steps, { failedIds, inGroup: true });
    return refused ?? missing.map((hashes) => resultOfMissing(hashes));
  }
  const mark = markWork(work);
  const applied: Applied[] = [];
  let current = 0;
  try {
    const lost: (readonly HashHex[])[] = [];
    for (const step of steps) {
      const before = work.changes.versions.length;
      const each = (await apply(work, step, { failedIds, inGroup: true })) as Applied;
      applied.push(each);
      lost.push(lostIn(work, step, before, each));
      current += 1;
    }
    if (lost.some((hashes) => hashes.length > 0)) {
      rollbackWork(work, mark);
      return lost.map((hashes) => resultOfMissing(hashes));
    }
    // Rejects the later of two steps that take the same name.
    for (current = steps.length - 1; current >= 0; current -= 1) {
      await requireOwnName(work, steps[current], applied[current]?.nodeId);
    }
  } catch (error) {
    rollbackWork(work, mark);
    return steps.map((step, index) => (index === current ? refusal(error, step) : dependencyResult()));
  }
  return Promise.all(
    steps.flatMap((step, index) => {
      const each = applied[index];
      return each === undefined ? [] : [committed(work, step, each)];
    }),
  );
}

export function dependencyResult(): OperationResult {
  const message = "Another operation of the same group failed, so nothing of the group was done.";
  return { status: "error", error: new HoldfastError("dependency", message) };
}

/** Errors that no operation caused fail the whole transaction. */
export function refusal(thrown: unknown, { caller }: Pick<Step, "caller">): OperationResult {
  const error = withoutFigures(caller, thrown);
  if (!(error instanceof HoldfastError) || error.code === "internal") throw error;
  const conflicts = ["conflict", "exists", "precondition"];
  return { status: conflicts.includes(error.code) ? "conflict" : "error", error };
}

/**
 * Rejects steps that exceed the quota before their missing blocks are sent. Applies the steps as if the blocks were
 * present, and undoes them. Other errors are reported when the blocks are present.
 */
async function refusedForRoom(
  work: Work,
  steps: readonly Step[],
  scope: Scope,
): Promise<OperationResult[] | undefined> {
  const sizeBytes = steps.reduce((sum, { content }) => sum + (content?.sizeBytes ?? 0), 0);
  if (sizeBytes <= freeBytes(work)) return undefined;
  const mark = markWork(work);
  try {
    for (const [current, step] of steps.entries()) {
      const error = await failureOf(act(work, step, scope));
      if (error === undefined) continue;
      if (!(error instanceof HoldfastError) || error.code !== "quota") return undefined;
      return steps.map((_, index) => (index === current ? refusal(error, step) : dependencyResult()));
    }
    return undefined;
  } finally {
    rollbackWork(work, mark);
  }
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * Returns the lost blocks that must be sent for a step that makes a version. Other steps need none, so a file with a
 * lost block can still be renamed or moved.
 */
function lostIn({ changes }: Work, { lost }: Step, before: number, applied: Applied | FolderCopy): readonly HashHex[] {
  return changes.versions.length > before || "copyFolder" in applied ? lost : [];
}

async function apply(work: Work, step: Step, scope: Scope): Promise<Applied | FolderCopy> {
  requireHeldContent(work, step);
  work.brakes?.assertMoves(step);
  const from = work.changes.braked.length;
  const applied = await act(work, step, scope);
  if (work.changes.braked.length > from) await work.brakes?.admit(work, step, from);
  return applied;
}

async function act(work: Work, step: Step, scope: Scope): Promise<Applied | FolderCopy> {
  if (step.refused !== undefined) throw step.refused;
  const { operation } = step;
  switch (operation.op) {
    case "mkdir":
      return applyMkdir(work, { ...step, operation }, scope);
    case "symlink":
      return applySymlink(work, { ...step, operation }, scope);
    case "put":
      return applyPut(work, { ...step, operation }, scope);
    case "move":
      return applyMove(work, { ...step, operation }, scope);
    case "copy":
      return applyCopy(work, { ...step, operation }, scope);
    case "set":
      return applySet(work, { ...step, operation }, scope);
    case "delete":
      return applyDelete(work, { ...step, operation }, scope);
    case "purge":
      return applyPurge(work, { ...step, operation }, scope);
    case "approve":
      return applyApprove(work, { ...step, operation }, scope);
    case "restore":
      return applyRestore(work, { ...step, operation }, scope);
    case "mount":
      return applyMount(work, { ...step, operation }, scope);
    case "touch":
      return applyTouch(work, { ...step, operation }, scope);
    case "revert":
      return applyRevert(work, { ...step, operation }, scope);
    case "label":
      return applyLabel(work, { ...step, operation }, scope);
    default:
      throw toHoldfastError(new Error(`There is no operation ${JSON.stringify(operation satisfies never)}.`));
  }
}

async function committed(
  work: Work,
  step: Step,
  { nodeId, created, answeredName, version }: Applied,
): Promise<OperationResult> {
  const row = nodeId === undefined ? undefined : await work.tree.node(nodeId);
  const answeredRow = row === undefined || answeredName === undefined ? row : { ...row, name: answeredName };
  const node = answeredRow === undefined ? undefined : await shown(work, step, answeredRow, "create");
  return { status: "committed", node, created, ...(version === undefined ? {} : { version }) };
}

async function requireOwnName(work: Work, step: Step | undefined, nodeId: Applied["nodeId"]): Promise<void> {
  const row = nodeId === undefined ? undefined : await work.tree.node(nodeId);
  if (step === undefined || row === undefined || row.parent_id === null || !work.tree.isContested(row)) return;
  const other = await work.tree.child(row.parent_id, row.name_key, row.id);
  if (other !== undefined) throw await nameTaken(work, step, "exists", other);
}

function resultOfMissing(hashes: readonly HashHex[]): OperationResult {
  return hashes.length > 0 ? { status: "missing", missingBlocks: hashes } : dependencyResult();
}
