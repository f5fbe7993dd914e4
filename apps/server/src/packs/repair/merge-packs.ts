import type { ScrubFinding, ScrubRow } from "../format/pack-check.ts";

export interface CheckedCopy {
  readonly bytes: Uint8Array;
  readonly finding: ScrubFinding;
}

/** @returns undefined if neither copy has a record that the other lacks */
export function mergePacks(one: CheckedCopy, other: CheckedCopy, rows: readonly ScrubRow[]): Uint8Array | undefined {
  const [base, from] = canBeBase(one, other) ? [one, other] : [other, one];
  const wanted = rows.filter((_, index) => hasFault(base, index) && !hasFault(from, index));
  if (wanted.length === 0) return undefined;
  const merged = Uint8Array.from(base.bytes);
  for (const { start, storedSize } of wanted) {
    if (start + storedSize <= merged.length) merged.set(from.bytes.subarray(start, start + storedSize), start);
  }
  return merged;
}

/** @returns the left one unless the right one has fewer faults */
export function betterOf(left: CheckedCopy, right: CheckedCopy): CheckedCopy {
  const difference = faultCount(left) - faultCount(right);
  if (difference !== 0) return difference < 0 ? left : right;
  return left.finding.footer !== undefined && right.finding.footer === undefined ? right : left;
}

/** Prefers intact header and footer, then length. */
function canBeBase(one: CheckedCopy, other: CheckedCopy): boolean {
  if ((one.finding.footer === undefined) !== (other.finding.footer === undefined))
    return one.finding.footer === undefined;
  return one.bytes.length >= other.bytes.length;
}

function hasFault({ finding }: CheckedCopy, index: number): boolean {
  return finding.faults[index] !== undefined;
}

function faultCount({ finding }: CheckedCopy): number {
  return finding.faults.filter((fault) => fault !== undefined).length;
}
