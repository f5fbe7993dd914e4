import type { LaterCatalogue } from "../messages/en.ts";
import type { Language } from "../messages/languages.ts";

/** What only this page says. */
export async function linkWords(language: Language): Promise<Partial<LaterCatalogue>> {
  if (language === "de") return (await import("../messages/de/link.ts")).link;
  return (await import("../messages/en/link.ts")).link;
}
