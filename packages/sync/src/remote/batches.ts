import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { RemoteOperation } from "../plan/plan-types.ts";
import { OperationDependencies } from "./operation-dependencies.ts";

/** Blocks of files up to this size travel with the operations; larger ones are sent ahead. */
export const smallFileBytesMax = limits.blockBytesMin;

/**
 * Limits of one request. Its data is prepared while the previous one is pending, and repeated if the response is lost.
 * A cycle may end between requests, so sending ahead must not take long on a slow connection.
 */
const batchMax = {
  operations: limits.batchOperationsMax,
  inlineBytes: 8 * 1024 * 1024,
  aheadBytes: 16 * 1024 * 1024,
  fileBytes: 2 ** 35,
} as const;

export interface Batch {
  readonly operations: readonly RemoteOperation[];
  readonly ids: ReadonlySet<NodeId>;
  /** The order of freeing and taking names matters. */
  readonly isOrdered: boolean;
}

/**
 * Splits operations into requests, in order. A group is never split. A folder is deleted only after the response to
 * moves out of it.
 */
export function* batchesOf(
  operations: readonly RemoteOperation[],
  dependencies: Pick<OperationDependencies, "movesOutOf"> = new OperationDependencies(new Map(), operations),
): Generator<Batch> {
  let batch: RemoteOperation[] = [];
  let inlineBytes = 0;
  let aheadBytes = 0;
  let fileBytes = 0;
  for (const unit of unitsOf(operations)) {
    const sizes = unit.map((operation) => ("local" in operation ? operation.local.fingerprint.sizeBytes : 0));
    const inline = sumOf(sizes.filter((size) => size <= smallFileBytesMax));
    const ahead = sumOf(sizes) - inline;
    const isFull =
      batch.length + unit.length > batchMax.operations ||
      inlineBytes + inline > batchMax.inlineBytes ||
      aheadBytes + ahead > batchMax.aheadBytes ||
      // Limits the length of block lists; the bytes are sent ahead.
      fileBytes + sumOf(sizes) > batchMax.fileBytes;
    const movesOut = unit.flatMap((operation) => [...dependencies.movesOutOf(operation)]);
    const rests = movesOut.length > 0 && batch.some(({ id }) => movesOut.includes(id));
    if ((isFull || rests) && batch.length > 0) {
      yield toBatch(batch);
      [batch, inlineBytes, aheadBytes, fileBytes] = [[], 0, 0, 0];
    }
    batch.push(...unit);
    inlineBytes += inline;
    aheadBytes += ahead;
    fileBytes += sumOf(sizes);
  }
  if (batch.length > 0) yield toBatch(batch);
}

export function mustWait(earlier: Batch, later: Batch): boolean {
  if (earlier.isOrdered || later.isOrdered) return true;
  return later.operations.some((operation) => {
    const parent = parentOf(operation);
    return earlier.ids.has(operation.id) || (parent !== undefined && earlier.ids.has(parent));
  });
}

export function parentOf(operation: RemoteOperation): NodeId | undefined {
  if (operation.op === "put") return operation.revive?.parent;
  return "place" in operation ? operation.place.parent : undefined;
}

export function* unitsOf(operations: readonly RemoteOperation[]): Generator<readonly RemoteOperation[]> {
  for (let start = 0; start < operations.length;) {
    const group = operations[start]?.group;
    const end = group === undefined ? start + 1 : endOfGroup(operations, start, group);
    yield operations.slice(start, end);
    start = end;
  }
}

function endOfGroup(operations: readonly RemoteOperation[], start: number, group: string): number {
  let end = start + 1;
  while (operations[end]?.group === group) end += 1;
  return end;
}

function toBatch(operations: readonly RemoteOperation[]): Batch {
  const isOrdered = operations.some(
    ({ op, group, ...rest }) =>
      op === "move" || op === "delete" || group !== undefined || ("revive" in rest && rest.revive !== undefined),
  );
  return { operations, ids: new Set(operations.map(({ id }) => id)), isOrdered };
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
