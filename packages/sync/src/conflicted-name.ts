import { limits } from "@holdfast/core/limits";

/** The words in the brackets: what kind of conflict a name tells of. */
export type ConflictLabel = string;

/**
 * The first free name of `stem (LABEL).ext`, `stem (LABEL 2).ext` … The extension is what follows the last dot that is not
 * the first character. A name that tells of a conflict already is cut back to its original's stem, so that it never nests.
 */
export function conflictedName(name: string, label: ConflictLabel, isFree: (name: string) => boolean): string {
  const { stem, extension } = splitName(originalName(name));
  for (let number = 1; ; number += 1) {
    const suffix = ` (${label}${number === 1 ? "" : ` ${number}`})`;
    const candidate = fit(stem, suffix, extension);
    if (isFree(candidate)) return candidate;
  }
}

/**
 * @param device its name; what a name cannot hold, or would end the label early, is replaced
 * @param nowMs Unix milliseconds; the date is that of UTC
 */
export function copyLabel(device: string, nowMs: number): ConflictLabel {
  const owner = cutTo(device.replaceAll(/[()/\\\p{C}]/gu, "-"), deviceBytesMax);
  return `${owner}'s conflicted copy ${new Date(nowMs).toISOString().slice(0, 10)}`;
}

/** Leaves most of a name to the original's. */
const deviceBytesMax = 60;

export const unicodeLabel: ConflictLabel = "Unicode conflict";

/** Whether `copy` is a name that `conflictedName` gives to something called `name`, which it may have had to cut. */
export function isCopyOf(copy: string, name: string): boolean {
  const [suffix] = labels.exec(splitName(copy).stem) ?? labels.exec(copy) ?? [];
  if (suffix === undefined) return false;
  const { stem, extension } = splitName(originalName(name));
  return fit(stem, suffix, extension) === copy;
}

const labels = / \((?:[^()]*'s conflicted copy \d{4}-\d\d-\d\d(?: \d+)?|Unicode conflict(?: \d+)?)\)$/u;

/** At the end of the stem, or of all if there was no room for the extension. */
export function originalName(name: string): string {
  const whole = name.replace(labels, "");
  if (whole !== name) return whole === "" ? name : whole;
  const { stem, extension } = splitName(name);
  const original = stem.replace(labels, "");
  return original === "" ? name : original + extension;
}

function splitName(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? { stem: name.slice(0, dot), extension: name.slice(dot) } : { stem: name, extension: "" };
}

/** Cuts the stem, between two characters, to what a name may have; an extension that fills the name is no extension. */
function fit(stem: string, suffix: string, extension: string): string {
  const room = limits.nameBytesMax - Buffer.byteLength(suffix);
  if (Buffer.byteLength(extension) >= room) return cutTo(stem + extension, room) + suffix;
  return cutTo(stem, room - Buffer.byteLength(extension)) + suffix + extension;
}

function cutTo(text: string, bytesMax: number): string {
  let bytes = 0;
  let cut = "";
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) break;
    cut += character;
  }
  return cut;
}
