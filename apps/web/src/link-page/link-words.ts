import type { LaterCatalogue } from "../messages/en.ts";
import type { Language } from "../messages/languages.ts";

/** Loads the messages that only the link page uses. */
export async function linkWords(language: Language): Promise<Partial<LaterCatalogue>> {
  if (language === "de") return (await import("../messages/de/link.ts")).link;
  return (await import("../messages/en/link.ts")).link;
}
