import type { Language } from "@holdfast/protocol/account-settings";
import { english } from "./english.ts";
import { german } from "./german.ts";
import type { Words } from "./words.ts";

export const words: Readonly<Record<Language, Words>> = { en: english, de: german };
