import { createHash } from "node:crypto";
import type { RewindId } from "@holdfast/core/ids";
import type { Operation, OperationKind, Seen } from "../../tree/commit/operation.ts";
import { type RewindStep, sameAttributes, samePlace } from "./node-state.ts";

export interface StepScope {
  readonly rewindId: RewindId;
  readonly number: number;
  /** Revision after the rewind's last step, or at planning. */
  readonly revision: string;
  /** Changes up to this entry belong to the rewind or precede its plan. */
  readonly seenSeq: number;
}

/**
 * Atomic operations of one step. Their ids derive from the rewind's, so they can be repeated. The first requires the
 * expected revision, so that a foreign change makes it fail.
 */
export function operationsOf(step: RewindStep, { rewindId, number, revision, seenSeq }: StepScope): Operation[] {
  const kinds = kindsOf(step, seenSeq);
  const group = kinds.length > 1 ? { group: `${rewindId} ${number}` } : {};
  const requestHash = digest(JSON.stringify([rewindId, step]));
  return kinds.map((kind, index): Operation => {
    const base: Seen = index === 0 ? { baseRevision: revision } : {};
    const operationId = digest(`${rewindId} ${number} ${index}`).subarray(0, 16);
    return Object.assign({ operationId, requestHash, rewindId }, kind, base, group);
  });
}

function kindsOf(step: RewindStep, seenSeq: number): OperationKind[] {
  const { nodeId: fileId, folder, before, after } = step;
  if (!after.live) return [{ op: "delete", fileId, ...(folder ? { seen: seenSeq } : {}) }];
  const place = { parentId: after.parentId, name: after.name };
  const isPrivate = after.private === undefined ? {} : { private: after.private };
  const attributes = { modifiedAtMicros: after.modifiedAt, executable: after.executable, ...isPrivate };
  const kinds: OperationKind[] = [];
  if (!before.live) kinds.push({ op: "restore", fileId, place });
  else if (!samePlace(before, after)) kinds.push({ op: "move", fileId, place });
  if (before.version !== after.version && after.version !== null) {
    kinds.push({ op: "revert", fileId, version: after.version, ...attributes });
  } else if (!sameAttributes(before, after)) {
    kinds.push({ op: "set", fileId, ...attributes });
  }
  return kinds;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
