import { nameKey } from "./names.ts";

/** Limit for the folded part. A name of 255 bytes may fold to 2,800, which is too long for an index key. */
const foldedBytesMax = 1024;

/**
 * Folds a name for search. Compatibility forms, diacritics and case are ignored, so that `ubung` finds `Übung` and
 * `note` finds `ｎｏｔｅ`. Marks that are letters of their script (Devanagari, Thai, Japanese) are kept.
 */
export function foldName(name: string): string {
  return name
    .normalize("NFKD")
    .replace(marks, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll("ς", "σ")
    .normalize("NFC");
}

/** Diacritics of Latin, Greek and Cyrillic, and vowel points of Hebrew and Arabic. */
const marks = new RegExp(
  `[${[
    [0x300, 0x36f],
    [0x483, 0x489],
    [0x591, 0x5bd],
    [0x5bf, 0x5bf],
    [0x5c1, 0x5c2],
    [0x64b, 0x65f],
    [0x670, 0x670],
    [0x1ab0, 0x1aff],
    [0x1dc0, 0x1dff],
    [0x20d0, 0x20f0],
  ]
    .map((range) => range.map((code) => String.fromCodePoint(code)).join("-"))
    .join("")}]`,
  "gu",
);

/**
 * Returns a key for the order that people expect: folders first, case and marks folded, numbers by value. Keys compare
 * as bytes. Names with equal folded forms (`a1` and `A01`) follow in the order of their bytes.
 * @returns at most 1,300 bytes: the kind (1 byte), the folded name, 0, the name
 */
export function nameSortKey(name: string, kind: "file" | "folder" | "symlink" | "mount"): Uint8Array {
  const [rank, own] = [kind === "folder" || kind === "mount" ? 0 : 1, encoder.encode(nameKey(name))];
  const folded = encoder.encode(foldName(name).replace(/[0-9]+/g, numberByValue)).subarray(0, foldedBytesMax);
  const key = new Uint8Array(1 + folded.length + 1 + own.length);
  key[0] = rank;
  key.set(folded, 1);
  key.set(own, 1 + folded.length + 1);
  return key;
}

const encoder = new TextEncoder();

/**
 * Prefixes digits with their length, because the longer of two numbers without leading zeros is greater. The length is
 * a character after `0`, so that a number sorts like a digit among other characters.
 */
function numberByValue(digits: string): string {
  const value = digits.replace(/^0+(?=.)/, "");
  return `0${String.fromCodePoint(firstLength + value.length)}${value}`;
}

/** Printable, with enough following characters for every possible length. */
const firstLength = 0x21;
