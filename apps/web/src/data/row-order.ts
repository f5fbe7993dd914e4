import { nameSortKey } from "@holdfast/core/sort-key";
import type { Row } from "./row.ts";

/** Orders that server and client implement equally, so the client can place a row. */
export const sortOrders = ["natural", "-natural", "modified_at", "-modified_at", "size", "-size"] as const;
export type SortOrder = (typeof sortOrders)[number];

/** Negative if `left` comes first. Zero only for a row and itself. */
export type CompareRows = (left: Row, right: Row) => number;

export function compareBy(order: SortOrder): CompareRows {
  const sign = order.startsWith("-") ? -1 : 1;
  const compareValues = comparisons[order.replace("-", "") as keyof typeof comparisons];
  // The server breaks ties by id, in the same direction.
  return (left, right) => sign * (compareValues(left, right) || compareText(left.id, right.id));
}

export function reverseOf(order: SortOrder): SortOrder {
  return (order.startsWith("-") ? order.slice(1) : `-${order}`) as SortOrder;
}

const comparisons = {
  natural: (left: Row, right: Row) => compareBytes(keyOf(left), keyOf(right)),
  modified_at: (left: Row, right: Row) => left.modifiedMs - right.modifiedMs,
  size: (left: Row, right: Row) => left.sizeBytes - right.sizeBytes,
};

/** Keys of compared rows only, as pages arrive sorted. Keys for all rows would double the memory. */
const keys = new WeakMap<Row, Uint8Array>();

function keyOf(row: Row): Uint8Array {
  let key = keys.get(row);
  if (key === undefined) keys.set(row, (key = nameSortKey(row.name, row.kind)));
  return key;
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
