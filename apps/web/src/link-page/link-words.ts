import type { LaterCatalogue } from "../messages/en.ts";
import type { Language } from "../messages/languages.ts";

/** Used by the link page only. */
export async function linkWords(language: Language): Promise<Partial<LaterCatalogue>> {
  if (language === "de") return (await import("../messages/de/link.ts")).link;
  return (await import("../messages/en/link.ts")).link;
}
