import type { Rules } from "../../rules/rules.ts";
import type { ScanResult } from "../../scan/scan.ts";
import type { Top } from "../../scan/scope.ts";

/** Result of a scan without its rows, which are already in the state. */
export interface Looked extends Omit<ScanResult, "changes" | "later"> {
  readonly rules: Rules;
  readonly isUnsettled: boolean;
}

export type Part = Looked & Pick<ScanResult, "changes" | "later">;

const topsMax = 1000;

/**
 * Scans in parts until no folder is left. Finished parts are released, because the rows of a million new files would
 * take gigabytes.
 * @param lookAt undefined: every place that may have changed
 */
export async function inParts(lookAt: (tops: readonly Top[] | undefined) => Promise<Part>): Promise<Looked> {
  const { changes: _changes, later, ...first } = await lookAt(undefined);
  const waiting = [...later];
  let looked: Looked = first;
  while (waiting.length > 0) {
    const part = await lookAt(waiting.splice(-topsMax));
    // Earlier parts used other rules. Items that only the new rules show would be missing.
    if (part.rules.digest !== looked.rules.digest) return inParts(lookAt);
    waiting.push(...part.later);
    looked = together(looked, part);
  }
  return looked;
}

function together(one: Looked, other: Looked): Looked {
  // A closure over the results would keep all their data alive.
  const isSureOf = [one.isSure, other.isSure];
  return {
    rules: other.rules,
    again: one.again === "all" || other.again === "all" ? "all" : one.again.union(other.again),
    skipped: new Map([...one.skipped, ...other.skipped]),
    keepers: one.keepers.union(other.keepers),
    nowHidden: new Map([...one.nowHidden, ...other.nowHidden]),
    listed: one.listed.union(other.listed),
    unread: new Map([...one.unread, ...other.unread]),
    held: one.held.union(other.held),
    boundaries: one.boundaries.union(other.boundaries),
    otherRoots: one.otherRoots.union(other.otherRoots),
    isComplete: one.isComplete && other.isComplete,
    isSure: (path) => isSureOf.every((isSure) => isSure(path)),
    isUnsettled: one.isUnsettled || other.isUnsettled,
  };
}
