import { createHash } from "node:crypto";
import type { RewindId } from "@holdfast/core/ids";
import type { Operation, OperationKind, Seen } from "../metadata/commit/operation.ts";
import { type RewindStep, sameAttributes, samePlace } from "./node-state.ts";

export interface StepScope {
  readonly rewindId: RewindId;
  readonly number: number;
  /** The node's, as the rewind left it last or saw it first. */
  readonly revision: string;
  /** Changes up to this entry are known to be the rewind's own, or older than its plan. */
  readonly seenSeq: number;
}

/**
 * The operations of one step, done together or not at all. Their ids come from the rewind's, so they may be sent again; the first one
 * names the node as it was seen, so what somebody else has changed since is refused.
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
