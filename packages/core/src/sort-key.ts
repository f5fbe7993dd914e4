import { nameKey } from "./names.ts";

/** Below this a name's folded part is cut: a name of 255 bytes may fold to 2,800, and an index holds no key that long. */
const foldedBytesMax = 1024;

/**
 * A name as people look for it: compatibility forms, marks and case do not count, so that `Übung` is found by `ubung` and `ｎｏｔｅ` by
 * `note`. Marks of scripts in which they are letters (Devanagari, Thai, Japanese) stay.
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

/** Diacritics of Latin, Greek and Cyrillic, and the vowel points of Hebrew and Arabic. */
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
 * The order in which people expect names: folders first, case and marks folded, numbers by value. Two keys compare as their bytes;
 * names that fold alike (`a1` and `A01`) follow each other in the order of their own bytes.
 * @returns at most 1,300 bytes: what it is (1 byte), the folded name, 0, the name
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
 * Its length before its digits: of two numbers without leading zeros the longer one is greater. The length is a letter behind `0`, so
 * that a number stays where a digit stands among other characters.
 */
function numberByValue(digits: string): string {
  const value = digits.replace(/^0+(?=.)/, "");
  return `0${String.fromCodePoint(firstLength + value.length)}${value}`;
}

/** Printable, and enough of them in a row for every length that a name can have. */
const firstLength = 0x21;
