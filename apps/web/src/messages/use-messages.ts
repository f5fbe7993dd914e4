import { useSyncExternalStore } from "react";
import { makeListeners } from "../browser/listeners.ts";
import { preferences, watchPreferences } from "../browser/preferences.ts";
import type { LaterCatalogue } from "./en.ts";
import { directionOf, type Language, languageOf, loadCatalogue, localeOf } from "./languages.ts";
import { makeMessages, type Messages } from "./messages.ts";

let current: Messages | undefined;
/** Set once a place has needed later messages. */
let later: Promise<void> | undefined;
type OwnWords = (language: Language) => Promise<Partial<LaterCatalogue>>;
let ownWords: OwnWords | undefined;
const listeners = makeListeners();

export function useMessages(): Messages {
  return useSyncExternalStore(listeners.add, messages);
}

/** Returns the messages outside of components. Do not keep them, because the language may change. */
export function messages(): Messages {
  if (current === undefined) throw new Error("The messages are not loaded: the first page waits for startMessages()");
  return current;
}

/** Wait for it once before rendering. Loads another language when it is chosen. */
export async function startMessages(own?: OwnWords): Promise<void> {
  ownWords = own;
  // The current messages stay on failure (offline, new release) until a reload.
  watchPreferences(() => void load().catch(() => {}));
  await load();
}

/** Adds the messages in `en-later.ts`. @throws if they fail to load */
export async function withWords<Place>(place: Promise<Place>): Promise<Place> {
  later ??= load("later").catch((thrown: unknown) => {
    later = undefined;
    throw thrown;
  });
  await Promise.all([place, later]);
  return place;
}

async function load(wants: "first" | "later" = later === undefined ? "first" : "later"): Promise<void> {
  const chosen = preferences().language;
  const language = chosen ?? languageOf(navigator.languages);
  const [catalogue, own] = await Promise.all([loadCatalogue(language, wants === "later"), ownWords?.(language)]);
  // The language or the need has changed in the meantime.
  if (preferences().language !== chosen) return load(wants);
  if (wants === "first" && later !== undefined) return later;
  const { direction, hours } = preferences();
  current = makeMessages({ ...catalogue, ...own }, localeOf(language, navigator.languages), hours);
  document.documentElement.lang = language;
  document.documentElement.dir = direction ?? directionOf(language);
  listeners.call();
}
