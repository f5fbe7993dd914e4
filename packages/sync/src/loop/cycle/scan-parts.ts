import type { Rules } from "../../rules/rules.ts";
import type { ScanResult } from "../../scan/scan-types.ts";
import type { StartFolder } from "../../scan/scope.ts";

/** Result of a scan without its rows, which are already in the state. */
export interface ScanSummary extends Omit<ScanResult, "changes" | "later"> {
  readonly rules: Rules;
  readonly isUnsettled: boolean;
}

export type ScanPart = ScanSummary & Pick<ScanResult, "changes" | "later">;

const startFoldersMax = 1000;

/**
 * Scans in parts until no folder is left. Finished parts are released, because the rows of a million new files would
 * take gigabytes.
 * @param scanPart undefined: every place that may have changed
 */
export async function scanInParts(
  scanPart: (startFolders: readonly StartFolder[] | undefined) => Promise<ScanPart>,
): Promise<ScanSummary> {
  const { changes: _changes, later, ...first } = await scanPart(undefined);
  const waiting = [...later];
  let summary: ScanSummary = first;
  while (waiting.length > 0) {
    const part = await scanPart(waiting.splice(-startFoldersMax));
    // Earlier parts used other rules. Items that only the new rules show would be missing.
    if (part.rules.digest !== summary.rules.digest) return scanInParts(scanPart);
    waiting.push(...part.later);
    summary = together(summary, part);
  }
  return summary;
}

function together(one: ScanSummary, other: ScanSummary): ScanSummary {
  // A closure over the results would keep all their data alive.
  const isSureOf = [one.isCertain, other.isCertain];
  return {
    rules: other.rules,
    rescan: one.rescan === "all" || other.rescan === "all" ? "all" : one.rescan.union(other.rescan),
    skipped: new Map([...one.skipped, ...other.skipped]),
    keepers: one.keepers.union(other.keepers),
    nowHidden: new Map([...one.nowHidden, ...other.nowHidden]),
    listed: one.listed.union(other.listed),
    unread: new Map([...one.unread, ...other.unread]),
    held: one.held.union(other.held),
    boundaries: one.boundaries.union(other.boundaries),
    otherRoots: one.otherRoots.union(other.otherRoots),
    isComplete: one.isComplete && other.isComplete,
    isCertain: (path) => isSureOf.every((isCertain) => isCertain(path)),
    isUnsettled: one.isUnsettled || other.isUnsettled,
  };
}
