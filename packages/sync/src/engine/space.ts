import type { LocalOperation } from "../planner/plan-types.ts";

/** Of the filesystem in which the root stands; bytes. */
export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

const reserveBytesMax = 256 * 1024 * 1024;
const reserveShare = 0.01;

/**
 * Leaves out what would take the last space of the disk: a hundredth of it, at most 256 MiB, is kept for everybody else.
 * What needs no space, and what goes, stands.
 */
export function withinSpace(
  operations: readonly LocalOperation[],
  space: DiskSpace | undefined,
): { readonly operations: readonly LocalOperation[]; readonly leftOut: number } {
  if (space === undefined) return { operations, leftOut: 0 };
  let roomBytes = space.freeBytes - Math.min(reserveBytesMax, space.totalBytes * reserveShare);
  const fitting = operations.filter((operation) => {
    const sizeBytes = neededBytes(operation);
    if (sizeBytes === 0) return true;
    if (sizeBytes > roomBytes) return false;
    roomBytes -= sizeBytes;
    return true;
  });
  return { operations: fitting, leftOut: operations.length - fitting.length };
}

function neededBytes(operation: LocalOperation): number {
  if (operation.op === "copy_aside") return operation.local.fingerprint.sizeBytes;
  const brings = operation.op === "create" || operation.op === "replace";
  return brings && operation.remote.kind === "file" ? operation.remote.sizeBytes : 0;
}
