import type { Random } from "@holdfast/core/clock";
import { bytesToHex } from "@holdfast/core/hex";
import { bucketOf, makeId } from "@holdfast/core/ids";
import type { NodeId } from "@holdfast/core/ids";

/** Make repeated operations idempotent. */
export interface OwnIds {
  readonly operationId: string;
  readonly nodeId: string;
}

/** @param folderId the new id belongs to its space, maybe another person's */
export function newIds(folderId: string, nowMs: number, random: Random): OwnIds {
  const nodeId = makeId<NodeId>(bucketOf(folderId as NodeId), nowMs, random(8));
  return { operationId: newOperationId(random), nodeId };
}

export function newOperationId(random: Random): string {
  return bytesToHex(random(16));
}
