import type { FirstCatalogue, LaterCatalogue } from "./en.ts";

/** Those of which there is a catalogue, each named as its speakers name it. */
export const languageNames = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof languageNames;

interface Parts {
  readonly first: () => Promise<FirstCatalogue>;
  readonly later: () => Promise<LaterCatalogue>;
}

const catalogues: Readonly<Record<Language, Parts>> = {
  en: {
    first: async () => (await import("./en.ts")).en,
    later: async () => (await import("./en-later.ts")).enLater,
  },
  de: {
    first: async () => (await import("./de.ts")).de,
    later: async () => (await import("./de-later.ts")).deLater,
  },
};

/** What has been loaded of a catalogue: the words of some places come with these. */
export type LoadedCatalogue = FirstCatalogue & Partial<LaterCatalogue>;

/** Only the words of one language travel. @param withLater those as well that the first list does without */
export async function loadCatalogue(language: Language, withLater: boolean): Promise<LoadedCatalogue> {
  const { first, later } = catalogues[language];
  const [early, late] = await Promise.all([first(), withLater ? later() : undefined]);
  return { ...early, ...late };
}

/** @returns the first of the preferred languages that there is a catalogue of; else English */
export function languageOf(preferred: readonly string[]): Language {
  return preferred.map(baseOf).find(isLanguage) ?? "en";
}

/** @returns how somebody writes numbers and times who reads this language: as their browser says, where it names the language */
export function localeOf(language: Language, preferred: readonly string[]): string {
  return preferred.find((tag) => baseOf(tag) === language && isTag(tag)) ?? language;
}

/** A browser may name a locale of the system that is none of the web: `en-US@posix`. */
function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

export function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(languageNames, tag);
}

const baseOf = (tag: string) => tag.split("-")[0]?.toLowerCase() ?? "";

/** @returns which way the script of a language runs */
export function directionOf(tag: string): "ltr" | "rtl" {
  return rightToLeft.has(baseOf(tag)) ? "rtl" : "ltr";
}

// Not asked of Intl.Locale: browsers differ in how they answer.
const rightToLeft: ReadonlySet<string> = new Set(["ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"]);
