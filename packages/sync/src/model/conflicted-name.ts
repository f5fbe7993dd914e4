import { cutToBytes, type NameParts, splitName, withSuffix } from "@holdfast/core/name-suffix";

/** Text in the brackets, which states the kind of conflict. */
export type ConflictLabel = string;

/**
 * First free name of `stem (LABEL).ext`, `stem (LABEL 2).ext` … The extension follows the last dot that is not the
 * first character. An existing label is removed first: labels never nest.
 */
export function conflictedName(name: string, label: ConflictLabel, isFree: (name: string) => boolean): string {
  return labelledName(splitName(originalName(name)), label, isFree);
}

export function labelledName(parts: NameParts, label: ConflictLabel, isFree: (name: string) => boolean): string {
  for (let number = 1; ; number += 1) {
    const suffix = ` (${label}${number === 1 ? "" : ` ${number}`})`;
    const candidate = withSuffix(parts, suffix);
    if (isFree(candidate)) return candidate;
  }
}

/**
 * @param device unusable characters, and those that end a label, are replaced
 * @param nowMs Unix milliseconds; the date is in UTC
 */
export function copyLabel(device: string, nowMs: number): ConflictLabel {
  const owner = cutToBytes(device.replaceAll(/[()/\\\p{C}]/gu, "-"), deviceBytesMax);
  return `${owner}'s conflicted copy ${new Date(nowMs).toISOString().slice(0, 10)}`;
}

/** Leaves most of the name to the original. */
const deviceBytesMax = 60;

export const unicodeLabel: ConflictLabel = "Unicode conflict";
/** For local names on a case-folding disk. Never sent to a server. */
export const caseLabel: ConflictLabel = "case conflict";

export function isNameOfCopy(name: string): boolean {
  return labelOf(name)?.includes("'s conflicted copy ") === true;
}

const labels = / \((?:[^()]*'s conflicted copy \d{4}-\d\d-\d\d(?: \d+)?|(?:Unicode|case) conflict(?: \d+)?)\)$/u;

/** Returns the text in the brackets; undefined: not a conflicted name. */
export function labelOf(name: string): ConflictLabel | undefined {
  const [label] = labels.exec(splitName(name).stem) ?? labels.exec(name) ?? [];
  return label?.slice(" (".length, -1);
}

/** Returns the original name; undefined: not an alias. */
export function nameOfAlias(alias: string): string | undefined {
  return labelOf(alias)?.startsWith(caseLabel) === true ? originalName(alias) : undefined;
}

/** The label ends the stem, or the whole name if the extension did not fit. */
export function originalName(name: string): string {
  const whole = name.replace(labels, "");
  if (whole !== name) return whole === "" ? name : whole;
  const { stem, extension } = splitName(name);
  const original = stem.replace(labels, "");
  return original === "" ? name : original + extension;
}
