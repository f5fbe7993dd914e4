import { unlikeBytes } from "@holdfast/core/format-bytes";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalOperation } from "../../plan/plan-types.ts";

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

const reserveBytesMax = 256 * 1024 * 1024;
const reserveShare = 0.01;

/** Space left for other programs: a hundredth of the disk, at most 256 MiB. */
function keptFreeBytes({ totalBytes }: Pick<DiskSpace, "totalBytes">): number {
  return Math.min(reserveBytesMax, totalBytes * reserveShare);
}

/** Negative if the disk is fuller than allowed. */
export function roomOf(space: DiskSpace): number {
  return space.freeBytes - keptFreeBytes(space);
}

/** Example: "24 MiB, but only 15.8 MiB can be used there". */
export function roomWords(sizeBytes: number, roomBytes: number): string {
  const [needed, usable] = unlikeBytes(sizeBytes, Math.max(0, Math.floor(roomBytes)));
  return `${needed}, but only ${usable} can be used there`;
}

/**
 * Omits operations that would use the reserved space (`keptFreeBytes`). Operations that need no space, and deletions,
 * stay.
 * @param bytesHere bytes of a node's new content that are already on the disk
 * @returns `why`: size of the omitted operations, and the space left by all others
 */
export function withinSpace(
  operations: readonly LocalOperation[],
  space: DiskSpace | undefined,
  bytesHere: (id: NodeId) => number = () => 0,
): {
  readonly operations: readonly LocalOperation[];
  readonly leftOut: readonly LocalOperation[];
  readonly why: string;
} {
  if (space === undefined) return { operations, leftOut: [], why: "" };
  let roomBytes = roomOf(space);
  const leftOut: LocalOperation[] = [];
  const neededBytes = (operation: LocalOperation): number =>
    Math.max(0, newBytesOf(operation) - bytesHere(operation.id));
  const fitting = operations.filter((operation) => {
    const sizeBytes = neededBytes(operation);
    const fits = sizeBytes === 0 || sizeBytes <= roomBytes;
    if (fits) roomBytes -= sizeBytes;
    else leftOut.push(operation);
    return fits;
  });
  const neededByRest = leftOut.reduce((sum, operation) => sum + neededBytes(operation), 0);
  return { operations: fitting, leftOut, why: roomWords(neededByRest, roomBytes) };
}

function newBytesOf(operation: LocalOperation): number {
  if (operation.op === "copy_aside") return operation.local.fingerprint.sizeBytes;
  const brings = operation.op === "create" || operation.op === "replace";
  return brings && operation.remote.kind === "file" ? operation.remote.sizeBytes : 0;
}
