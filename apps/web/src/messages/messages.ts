import { makeFormats, type Formats } from "./formats.ts";
import type { English, MessageKey } from "./en.ts";
import type { LoadedCatalogue } from "./languages.ts";
import type { Plural, Values, Words } from "./message-types.ts";

type Entry<Key extends MessageKey> = English[Key];
type Arguments<Key extends MessageKey> = keyof Values<Entry<Key>> extends never ? [] : [values: Values<Entry<Key>>];

/** Messages without placeholders. */
export type PlainKey = {
  [Key in MessageKey]: Arguments<Key> extends [] ? Key : never;
}[MessageKey];

/** Immutable; a change of language creates a new object. */
export interface Messages extends Formats {
  /** Unknown keys and missing values do not compile. */
  readonly message: <Key extends MessageKey>(key: Key, ...values: Arguments<Key>) => string;
}

/** @param locale BCP 47 tag of the language, for numbers and times */
export function makeMessages(catalogue: LoadedCatalogue, locale: string, hourCycle?: "h12" | "h23"): Messages {
  const formats = makeFormats(locale, hourCycle);
  return {
    ...formats,
    message: (key, ...[values]) => {
      const given: Readonly<Record<string, string | number>> = values ?? {};
      const words: Words | undefined = catalogue[key];
      if (words === undefined)
        throw new Error(`The words of ${key} are not loaded: what says them waits by withWords()`);
      const text = typeof words === "string" ? words : pluralOf(words, formats, given["count"]);
      return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
        const value = given[name] ?? whole;
        return typeof value === "number" ? formats.number(value) : value;
      });
    },
  };
}

function pluralOf(words: Plural, formats: Formats, count: string | number | undefined): string {
  return formats.plural(Number(count)) === "one" ? words.one : words.other;
}
