import { foldName } from "@holdfast/core/sort-key";

interface Named {
  readonly name: string;
  readonly kind: string;
}

/** 0: the name, with or without extension; 1: begins with the text; 2: one of its words begins with it; 3: contains it. */
function rankOf(name: string, wanted: string): number {
  const folded = foldName(name);
  if (folded === wanted || folded.slice(0, folded.lastIndexOf(".")) === wanted) return 0;
  if (folded.startsWith(wanted)) return 1;
  return folded.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(wanted)) ? 2 : 3;
}

/** Sorts by fit, then folders before files. The given order decides among equals. */
export function bestFirst<Item extends Named>(items: readonly Item[], text: string): Item[] {
  const wanted = foldName(text.trim());
  const keyOf = (item: Item) => 2 * rankOf(item.name, wanted) + (item.kind === "file" ? 1 : 0);
  return items
    .map((item) => ({ item, key: keyOf(item) }))
    .toSorted((left, right) => left.key - right.key)
    .map(({ item }) => item);
}

/** True if the name contains all words of a search, as the server finds it. */
export function hasWords(name: string, text: string): boolean {
  const folded = foldName(name);
  return foldName(text)
    .split(/\s+/)
    .every((word) => folded.includes(word));
}

export interface NamePart {
  readonly text: string;
  readonly isMatch: boolean;
}

/** Splits a name into parts that match the words of a search, and the rest. */
export function matchParts(name: string, text: string): NamePart[] {
  const characters = [...new Intl.Segmenter().segment(name)].map(({ segment }) => segment);
  // Index of the character for each unit of the folded name.
  const origins: number[] = [];
  const folded = characters
    .map((character, at) => {
      const units = foldName(character);
      origins.push(...Array.from<number>({ length: units.length }).fill(at));
      return units;
    })
    .join("");
  const marked = new Set<number>();
  for (const word of foldName(text).split(/\s+/)) {
    const from = word === "" ? -1 : folded.indexOf(word);
    if (from >= 0) for (const at of origins.slice(from, from + word.length)) marked.add(at);
  }
  const parts: { text: string; isMatch: boolean }[] = [];
  for (const [at, character] of characters.entries()) {
    const last = parts.at(-1);
    const isMatch = marked.has(at);
    if (last?.isMatch === isMatch) last.text += character;
    else parts.push({ text: character, isMatch });
  }
  return parts;
}
