import { foldName } from "@holdfast/core/sort-key";

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
