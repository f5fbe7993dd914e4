import type { FirstCatalogue, LaterCatalogue } from "./en.ts";

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

export type LoadedCatalogue = FirstCatalogue & Partial<LaterCatalogue>;

/** @param withLater includes the messages of later places */
export async function loadCatalogue(language: Language, withLater: boolean): Promise<LoadedCatalogue> {
  const { first, later } = catalogues[language];
  const [early, late] = await Promise.all([first(), withLater ? later() : undefined]);
  return { ...early, ...late };
}

/** @returns first preferred language with messages, otherwise English */
export function languageOf(preferred: readonly string[]): Language {
  return preferred.map(baseOf).find(isLanguage) ?? "en";
}

/** @returns the browser's locale for this language, if it has one */
export function localeOf(language: Language, preferred: readonly string[]): string {
  return preferred.find((tag) => baseOf(tag) === language && isTag(tag)) ?? language;
}

/** Browsers may report invalid tags of the system, such as `en-US@posix`. */
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

export function directionOf(tag: string): "ltr" | "rtl" {
  return rightToLeft.has(baseOf(tag)) ? "rtl" : "ltr";
}

// Browsers differ in `Intl.Locale`.
const rightToLeft: ReadonlySet<string> = new Set(["ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"]);
