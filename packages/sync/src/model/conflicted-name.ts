import { cutToBytes, type NameParts, splitName, withSuffix } from "@holdfast/core/name-suffix";

/** The words in the brackets: what kind of conflict a name tells of. */
export type ConflictLabel = string;

/**
 * The first free name of `stem (LABEL).ext`, `stem (LABEL 2).ext` … The extension is what follows the last dot that is not
 * the first character. A name that tells of a conflict already is cut back to its original's stem, so that it never nests.
 */
export function conflictedName(name: string, label: ConflictLabel, isFree: (name: string) => boolean): string {
  return labelledName(splitName(originalName(name)), label, isFree);
}

/** The same, of a name whose stem and extension are known. */
export function labelledName(parts: NameParts, label: ConflictLabel, isFree: (name: string) => boolean): string {
  for (let number = 1; ; number += 1) {
    const suffix = ` (${label}${number === 1 ? "" : ` ${number}`})`;
    const candidate = withSuffix(parts, suffix);
    if (isFree(candidate)) return candidate;
  }
}

/**
 * @param device its name; what a name cannot hold, or would end the label early, is replaced
 * @param nowMs Unix milliseconds; the date is that of UTC
 */
export function copyLabel(device: string, nowMs: number): ConflictLabel {
  const owner = cutToBytes(device.replaceAll(/[()/\\\p{C}]/gu, "-"), deviceBytesMax);
  return `${owner}'s conflicted copy ${new Date(nowMs).toISOString().slice(0, 10)}`;
}

/** Leaves most of a name to the original's. */
const deviceBytesMax = 60;

export const unicodeLabel: ConflictLabel = "Unicode conflict";
/** Of the names that a disk gives which folds case; no server ever hears of it. */
export const caseLabel: ConflictLabel = "case conflict";

/** Whether it is the name of a conflicted copy, of whatever, as `conflictedName` gives it. */
export function isNameOfCopy(name: string): boolean {
  return labelOf(name)?.includes("'s conflicted copy ") === true;
}

const labels = / \((?:[^()]*'s conflicted copy \d{4}-\d\d-\d\d(?: \d+)?|(?:Unicode|case) conflict(?: \d+)?)\)$/u;

/** What stands between the brackets; undefined: it tells of no conflict. */
export function labelOf(name: string): ConflictLabel | undefined {
  const [label] = labels.exec(splitName(name).stem) ?? labels.exec(name) ?? [];
  return label?.slice(" (".length, -1);
}

/** What is called so on a disk that gave it an alias; undefined: that is none. */
export function nameOfAlias(alias: string): string | undefined {
  return labelOf(alias)?.startsWith(caseLabel) === true ? originalName(alias) : undefined;
}

/** At the end of the stem, or of all if there was no room for the extension. */
export function originalName(name: string): string {
  const whole = name.replace(labels, "");
  if (whole !== name) return whole === "" ? name : whole;
  const { stem, extension } = splitName(name);
  const original = stem.replace(labels, "");
  return original === "" ? name : original + extension;
}
