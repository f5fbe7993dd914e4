import type { NodeId } from "@holdfast/core/ids";
import type { Brakes } from "../../brakes/brakes.ts";
import type { Decision } from "./decision.ts";
import type { LocalOperation, Plan, RemoteOperation } from "../../plan/plan-types.ts";
import { slotOf } from "../../model/trees.ts";
import type { SyncState } from "../../state/sync-state.ts";
import { type Problem, diskFull } from "../reports/problems.ts";
import { pathOfOperation } from "../reports/progress.ts";
import type { ConflictCopies } from "../delays/conflict-copies.ts";
import type { UploadDebounce, SeenFile } from "../delays/upload-debounce.ts";
import type { DebouncedGroup } from "../delays/debounced-group.ts";
import { foldersAround, type DelayedDeletions } from "../delays/delayed-deletions.ts";
import type { DiskRetries } from "../delays/disk-retries.ts";
import type { DirtyPathTracker } from "../tracking/dirty-path-tracker.ts";
import { type DiskSpace, withinSpace } from "../delays/space.ts";
import type { Transfers } from "../transfers/transfers.ts";

const spaceAgainMs = 30_000;

interface DelayInput {
  readonly state: SyncState;
  readonly nowMs: () => number;
  readonly slotKey: (name: string) => string;
  readonly uploadDebounce: UploadDebounce;
  readonly conflictCopies: ConflictCopies;
  readonly delayedDeletions: DelayedDeletions;
  readonly restoredFiles: DebouncedGroup;
  readonly brakes: Pick<Brakes, "looksRestored">;
  readonly dirty: DirtyPathTracker;
  readonly diskRetries: DiskRetries;
  readonly transfers: Pick<Transfers, "bytesHere">;
  readonly freeSpace: (() => Promise<DiskSpace | undefined>) | undefined;
}

/**
 * Delays planned changes:
 * - files that are being written or restored
 * - deletions in a mount that may itself be removed
 * - repeated conflicts
 * - downloads to a full disk
 * - changes that the disk refused
 */
export class PlanDelays {
  /** Due times in Unix milliseconds. */
  readonly untilMs: number[] = [];
  readonly problems: Problem[] = [];
  /** A quiet period is awaited: for files, restored content, deletions in a mount, or a conflict's next copy. */
  isQuiet = false;
  readonly #input: DelayInput;

  constructor(input: DelayInput) {
    this.#input = input;
  }

  /** @returns the plan without waiting changes */
  async filter({ plan, isInPlan }: Decision): Promise<Plan> {
    const { state, uploadDebounce, diskRetries, slotKey, nowMs } = this.#input;
    const ids = new Set([...state.unsynced, ...uploadDebounce.watched, ...plan.remote.map(({ id }) => id)]);
    uploadDebounce.observe(
      [...ids].flatMap((id) => seenFile(state, id)),
      nowMs(),
    );
    const restoredFiles = this.#restoredFiles(plan.remote, isInPlan);
    const remote = plan.remote.filter((operation) => !restoredFiles.has(operation.id) && !this.#isTooFresh(operation));
    const {
      operations: local,
      leftOut,
      why,
    } = await this.#fit(
      diskRetries
        .dueAmong(plan.local, { isInPlan, slotKey, nowMs: nowMs() })
        .filter((operation) => !this.#isTooOften(operation)),
    );
    const going = new Set([...remote, ...local].map(({ id }) => id));
    const waiting = new Map(plan.waiting);
    for (const { id } of [...plan.remote, ...plan.local]) if (!going.has(id)) waiting.set(id, "waits");
    this.#noteDelayedDeletions(waiting);
    if (leftOut.length > 0) this.untilMs.push(nowMs() + spaceAgainMs);
    for (const operation of leftOut) this.problems.push(diskFull(pathOfOperation(state, operation), why));
    return { ...plan, remote, local, waiting };
  }

  #noteDelayedDeletions(waiting: Map<NodeId, string>): void {
    const { untilMs } = this.#input.delayedDeletions;
    for (const id of untilMs.keys()) waiting.set(id, "waits");
    this.#noteQuiet(untilMs);
  }

  /**
   * Delays files that return to older content, and deletions beside them. A backup may be arriving, and the brakes
   * judge its changes together.
   */
  #restoredFiles(remote: readonly RemoteOperation[], isInPlan: Decision["isInPlan"]): ReadonlyMap<NodeId, number> {
    const { state, brakes, restoredFiles, nowMs } = this.#input;
    // A file being written belongs to a later plan.
    const isSettled = (id: NodeId): boolean => isInPlan(id) && (state.local.get(id)?.readState ?? "known") === "known";
    const files = remote.filter((each) => each.group === undefined && brakes.looksRestored(each));
    const deletions = files.length === 0 ? [] : remote.filter((each) => isFreeDeletion(state, each, remote));
    const ids = [...files, ...deletions].map(({ id }) => id);
    const untilMs = restoredFiles.note(ids, nowMs(), isSettled);
    this.#noteQuiet(untilMs);
    return untilMs;
  }

  #noteQuiet(untilMs: ReadonlyMap<NodeId, number>): void {
    if (untilMs.size === 0) return;
    for (const dueMs of untilMs.values()) this.untilMs.push(dueMs);
    this.isQuiet = true;
    this.#input.dirty.add(foldersAround(this.#input.state, untilMs.keys()));
  }

  /** True for files with an earlier version on the server. New ones are sent immediately. */
  #isTooFresh(operation: RemoteOperation): boolean {
    const { uploadDebounce, nowMs } = this.#input;
    if (operation.op !== "put" || operation.group !== undefined) return false;
    const untilMs = uploadDebounce.waitsUntilMs(operation.id, nowMs());
    if (untilMs === undefined) return false;
    this.untilMs.push(untilMs);
    this.isQuiet = true;
    return true;
  }

  #isTooOften({ op, id }: LocalOperation): boolean {
    const { conflictCopies, nowMs } = this.#input;
    const untilMs = op === "copy_aside" ? conflictCopies.waitsUntilMs(id, nowMs()) : undefined;
    if (untilMs === undefined) return false;
    this.untilMs.push(untilMs);
    this.isQuiet = true;
    return true;
  }

  async #fit(local: Plan["local"]): Promise<ReturnType<typeof withinSpace>> {
    const { freeSpace, transfers } = this.#input;
    const brings = local.some(({ op }) => op === "create" || op === "replace" || op === "copy_aside");
    const space = brings && freeSpace !== undefined ? await freeSpace() : undefined;
    return withinSpace(local, space, (id) => transfers.bytesHere(id));
  }
}

function seenFile(state: SyncState, id: NodeId): SeenFile[] {
  const row = state.local.get(id);
  if (row?.kind !== "file" || row.readState === "unsettled") return [];
  const remote = state.remote.get(id);
  const { content, fingerprint } = row;
  const isSent = remote?.content === content;
  return [{ id, content, sizeBytes: fingerprint.sizeBytes, isSent, sentBytes: remote?.sizeBytes }];
}

/** True if nothing in the plan needs the name that becomes free. */
function isFreeDeletion(
  { remote }: SyncState,
  { op, id, group }: RemoteOperation,
  plan: readonly RemoteOperation[],
): boolean {
  const place = op === "delete" && group === undefined ? remote.get(id) : undefined;
  return place !== undefined && !plan.some((each) => "place" in each && slotOf(each.place) === slotOf(place));
}
