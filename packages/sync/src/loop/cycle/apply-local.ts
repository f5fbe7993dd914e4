import type { HoldfastError } from "@holdfast/core/errors";
import { applyBatch } from "../../execute/apply-batch.ts";
import { localBatchesOf } from "../../execute/batch.ts";
import type { Failures } from "../../execute/failures.ts";
import type { ExecutionContext } from "../../execute/execution-context.ts";
import { unparkAll } from "../../execute/recover.ts";
import type { LocalOperation } from "../../plan/plan-types.ts";
import type { ConflictCopies } from "../delays/conflict-copies.ts";
import { endsCycle } from "../access/abortable.ts";
import { type Problem, problemOf } from "../reports/problems.ts";
import { pathOf } from "../../model/tree-paths.ts";
import { pathOfOperation, type Progress } from "../reports/progress.ts";
import type { DiskRetries } from "../delays/disk-retries.ts";
import type { DirtyPathTracker } from "../tracking/dirty-path-tracker.ts";

interface ApplyContext extends ExecutionContext {
  readonly progress: Progress;
  readonly diskRetries: DiskRetries;
  readonly conflictCopies: ConflictCopies;
  readonly dirty: Pick<DirtyPathTracker, "noteMove" | "add">;
  readonly checkStop: () => void;
}

/**
 * Operations that the disk rejects are planned again after the next scan.
 * @param isTimeUp once true, no batch after the first is started; the next plan has the rest
 */
export async function applyLocal(
  context: ApplyContext,
  operations: readonly LocalOperation[],
  isTimeUp: () => boolean = () => false,
): Promise<{ readonly done: number; readonly changed: boolean; readonly begun: readonly LocalOperation[] }> {
  const { state, progress, diskRetries, nowMs } = context;
  let done = 0;
  let changed = false;
  let begun = 0;
  for (const batch of localBatchesOf(operations)) {
    context.checkStop();
    if (begun > 0 && isTimeUp()) break;
    begun += batch.length;
    const paths = batch.map((operation) => pathOfOperation(state, operation));
    const before = batch.map((operation) => (movesFolder(operation) ? pathOf(state, operation.id) : undefined));
    for (const path of paths.slice(-1)) progress.touch(path);
    const failed = await applyBatch(context, batch);
    if (failed.size > 0) context.unrecordedChanges.arePossible = true;
    for (const [index, operation] of batch.entries()) {
      const path = paths[index] ?? "";
      const failure = failed.get(operation);
      // A parked item has not reached its destination yet.
      if (failure === undefined && operation.op !== "park") {
        done += 1;
        diskRetries.forget(operation.id);
      }
      const from = before[index];
      const to = from === undefined ? undefined : pathOf(state, operation.id);
      if (from !== undefined && to !== undefined && from !== to) context.dirty.noteMove(from, to);
      if (failure === undefined) {
        progress.noteDone(state, operation, path);
        if (operation.op === "copy_aside") context.conflictCopies.note(operation, nowMs());
      } else if (isTransientOnDisk(failure)) changed = true;
      else if (!endsCycle(failure))
        diskRetries.note(operation, problemOf(path, failure.code, failure.message), nowMs());
    }
    for (const failure of failed.values()) {
      if (endsCycle(failure)) throw failure;
    }
  }
  if (state.parked.size > 0) await unparkAll(context);
  return { done, changed, begun: operations.slice(0, begun) };
}

/** Names items that got no name back in the previous cycle. Items that have a name now had none at the last scan. */
export async function retryParked(context: ApplyContext): Promise<void> {
  const { parked } = context.state;
  const before = parked.size;
  if (before === 0) return;
  await unparkAll(context);
  if (parked.size < before) context.dirty.add("all");
}

function movesFolder(operation: LocalOperation): boolean {
  return (operation.op === "move" || operation.op === "park") && operation.local.kind === "folder";
}

export function noteFailures(context: ApplyContext, failed: Failures, failures: Problem[]): boolean {
  if (failed.size > 0) context.unrecordedChanges.arePossible = true;
  for (const [operation, failure] of failed) {
    if (!isTransientOnDisk(failure))
      failures.push(problemOf(pathOfOperation(context.state, operation), failure.code, failure.message));
  }
  return [...failed.values()].some(isTransientOnDisk);
}

function isTransientOnDisk({ code }: HoldfastError): boolean {
  return code === "conflict";
}
