import { foldName } from "@holdfast/core/sort-key";

interface Named {
  readonly id: string;
  readonly name: string;
}

interface TextPart<Person> {
  readonly text: string;
  /** Set if the text is `@` and this person's name. */
  readonly person?: Person;
}

/** Splits a comment at the names of mentioned people. A name counts only as a whole, not as part of a word. */
export function mentionParts<Person extends Named>(text: string, people: readonly Person[]): TextPart<Person>[] {
  const parts: TextPart<Person>[] = [];
  const used = new Set<string>();
  let end = 0;
  for (const { index } of text.matchAll(/@/g)) {
    const named = index < end ? [] : namedAt(text, index, people);
    // The first of two people with the same name is mentioned first.
    const person = named.find(({ id }) => !used.has(id)) ?? named[0];
    if (person === undefined) continue;
    used.add(person.id);
    if (index > end) parts.push({ text: text.slice(end, index) });
    end = index + 1 + person.name.length;
    parts.push({ text: text.slice(index, end), person });
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** @returns the people whose `@Name` is still in the text, each once */
export function mentionedIn<Person extends Named>(text: string, people: readonly Person[]): Person[] {
  const found = mentionParts(text, people).flatMap(({ person }) => (person === undefined ? [] : [person]));
  return [...new Set(found)];
}

/** @returns the people with the longest name that follows the `@` at this index */
export function namedAt<Person extends Named>(text: string, at: number, people: readonly Person[]): Person[] {
  if (endsWithWord(text, at)) return [];
  const named = people.filter(({ name }) => {
    const end = at + 1 + name.length;
    return name !== "" && text.startsWith(name, at + 1) && !wordStart.test(text.slice(end, end + 2));
  });
  const longest = Math.max(...named.map(({ name }) => name.length));
  return named.filter(({ name }) => name.length === longest);
}

export interface WrittenMention {
  /** Index of the `@`. */
  readonly from: number;
  readonly wanted: string;
}

/** Maximum characters between the `@` and the cursor. */
const wantedLengthMax = 100;

/** @returns the mention that is being written at the cursor: `@` and up to three words */
export function mentionAt(text: string, cursor: number): WrittenMention | undefined {
  const from = text.slice(0, cursor).lastIndexOf("@");
  const wanted = text.slice(from + 1, cursor);
  if (from < 0 || wanted.length > wantedLengthMax || endsWithWord(text, from)) return undefined;
  return /^(?:\S+(?: \S+){0,2})?$/.test(wanted) ? { from, wanted } : undefined;
}

/**
 * @param wanted beginning of a name, of a later word in it, or of an address
 * @returns matching people, each once
 */
export function suggestReaders<Person extends Named & { readonly email?: string | undefined }>(
  people: readonly Person[],
  wanted: string,
): Person[] {
  const name = ` ${foldName(wanted)}`;
  const address = wanted.toLowerCase();
  const found = new Map<string, Person>();
  for (const person of people) {
    const isMatch = ` ${foldName(person.name)}`.includes(name) || person.email?.toLowerCase().startsWith(address);
    if (isMatch === true && !found.has(person.id)) found.set(person.id, person);
  }
  return [...found.values()];
}

const wordStart = /^[\p{L}\p{M}\p{N}_]/u;
const wordEnd = /[\p{L}\p{M}\p{N}_]$/u;

/** Checks only two code units, so that a hostile text costs little. */
function endsWithWord(text: string, before: number): boolean {
  return wordEnd.test(text.slice(Math.max(0, before - 2), before));
}
