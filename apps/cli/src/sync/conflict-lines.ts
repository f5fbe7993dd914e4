import { formatNumber } from "../output/text.ts";

const conflictsMax = 3;

/**
 * @param fresh conflicts of this run
 * @param found earlier conflicted copies
 */
export function conflictLines(fresh: readonly string[], found: readonly string[]): string[] {
  const lists = "'holdfast conflicts ls' lists them";
  const ends = "('holdfast conflicts ls' shows how to resolve it)";
  return [
    ...(fresh.length > conflictsMax
      ? [`${formatNumber(fresh.length)} conflicts; both versions of each file are kept: ${lists}`]
      : fresh.map((path) => `conflict; both versions are kept: ${path} ${ends}`)),
    ...(found.length > conflictsMax
      ? [`${formatNumber(found.length)} earlier conflicted copies: ${lists}`]
      : found.map((path) => `earlier conflicted copy: ${path} ${ends}`)),
  ];
}
