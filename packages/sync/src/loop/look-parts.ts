import type { Rules } from "../rules/rules.ts";
import type { ScanResult } from "../scan/scan.ts";
import type { Top } from "../scan/scope.ts";

/** What a look at the disk found, but for the rows, which the state has by then. */
export interface Looked extends Omit<ScanResult, "changes" | "later"> {
  readonly rules: Rules;
  readonly isUnsettled: boolean;
}

export type Part = Looked & Pick<ScanResult, "changes" | "later">;

/** Of the folders that were left to a later look, so many are handed to the next one. */
const topsMax = 1000;

/**
 * Looks at what a look left to a later one, until nothing is left. No part is held once it is over: the rows of a million new
 * files would take gigabytes.
 * @param lookAt undefined: where something may have changed; else only in these folders
 */
export async function inParts(lookAt: (tops: readonly Top[] | undefined) => Promise<Part>): Promise<Looked> {
  const { changes: _changes, later, ...first } = await lookAt(undefined);
  const waiting = [...later];
  let looked: Looked = first;
  while (waiting.length > 0) {
    const part = await lookAt(waiting.splice(-topsMax));
    // The parts before were looked at under other rules: what these show is known only from before it was hidden.
    if (part.rules.digest !== looked.rules.digest) return inParts(lookAt);
    waiting.push(...part.later);
    looked = together(looked, part);
  }
  return looked;
}

function together(one: Looked, other: Looked): Looked {
  // A function that named the two would hold all that they hold.
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
