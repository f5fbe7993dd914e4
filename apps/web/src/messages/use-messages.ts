import { useSyncExternalStore } from "react";
import { preferences, watchPreferences } from "../design/preferences.ts";
import type { LaterCatalogue } from "./en.ts";
import { directionOf, type Language, languageOf, loadCatalogue, localeOf } from "./languages.ts";
import { makeMessages, type Messages } from "./messages.ts";

let current: Messages | undefined;
/** Set once a place has needed messages that the first list does not. */
let later: Promise<void> | undefined;
/** Loads messages that only one page uses. */
type OwnWords = (language: Language) => Promise<Partial<LaterCatalogue>>;
let ownWords: OwnWords | undefined;
const listeners = new Set<() => void>();

/** Messages in the user's language, for components. */
export function useMessages(): Messages {
  return useSyncExternalStore(listen, messages);
}

/** Current messages, outside of components. Do not keep them, because the user may change the language. */
export function messages(): Messages {
  if (current === undefined) throw new Error("The words are not loaded: the first page waits for startMessages()");
  return current;
}

/** Loads the messages; wait for it once before rendering. Loads another language when it is chosen. */
export async function startMessages(own?: OwnWords): Promise<void> {
  ownWords = own;
  // If a catalogue fails to load (offline, new release), the current messages stay until a reload.
  watchPreferences(() => void load().catch(() => {}));
  await load();
}

/** Loads the messages in `en-later.ts` together with a place. @throws if the messages fail to load */
export async function withWords<Place>(place: Promise<Place>): Promise<Place> {
  later ??= load("later").catch((thrown: unknown) => {
    later = undefined;
    throw thrown;
  });
  await Promise.all([place, later]);
  return place;
}

/** @param wants includes messages of later places once one has been visited */
async function load(wants: "first" | "later" = later === undefined ? "first" : "later"): Promise<void> {
  const chosen = preferences().language;
  const language = chosen ?? languageOf(navigator.languages);
  const [catalogue, own] = await Promise.all([loadCatalogue(language, wants === "later"), ownWords?.(language)]);
  // The language has changed in the meantime, or more messages are needed.
  if (preferences().language !== chosen) return load(wants);
  if (wants === "first" && later !== undefined) return later;
  const { direction, hours } = preferences();
  current = makeMessages({ ...catalogue, ...own }, localeOf(language, navigator.languages), hours);
  document.documentElement.lang = language;
  document.documentElement.dir = direction ?? directionOf(language);
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
