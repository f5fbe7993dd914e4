import { useSyncExternalStore } from "react";
import { preferences, watchPreferences } from "../design/preferences.ts";
import type { LaterCatalogue } from "./en.ts";
import { directionOf, type Language, languageOf, loadCatalogue, localeOf } from "./languages.ts";
import { makeMessages, type Messages } from "./messages.ts";

let current: Messages | undefined;
/** Once somebody has gone to a place whose words the first list does without. */
let later: Promise<void> | undefined;
/** Words that one page alone says, of a language. */
type OwnWords = (language: Language) => Promise<Partial<LaterCatalogue>>;
let ownWords: OwnWords | undefined;
const listeners = new Set<() => void>();

/** The words of the user's language, in a component. */
export function useMessages(): Messages {
  return useSyncExternalStore(listen, messages);
}

/** The same outside of one, at this moment. Keep no copy: the user may choose another language. */
export function messages(): Messages {
  if (current === undefined) throw new Error("The words are not loaded: the first page waits for startMessages()");
  return current;
}

/** To be waited for once, before anything is shown. Loads another language as soon as it is chosen. */
export async function startMessages(own?: OwnWords): Promise<void> {
  ownWords = own;
  // A catalogue that does not come (offline, a new release) leaves the words that are there; a reload asks again.
  watchPreferences(() => void load().catch(() => {}));
  await load();
}

/** Of a place, or a part of one, that says what is in `en-later.ts`. @throws where the words do not come */
export async function withWords<Place>(place: Promise<Place>): Promise<Place> {
  later ??= load("later").catch((thrown: unknown) => {
    later = undefined;
    throw thrown;
  });
  await Promise.all([place, later]);
  return place;
}

/** @param wants words of later places too, once somebody has gone to one */
async function load(wants: "first" | "later" = later === undefined ? "first" : "later"): Promise<void> {
  const chosen = preferences().language;
  const language = chosen ?? languageOf(navigator.languages);
  const [catalogue, own] = await Promise.all([loadCatalogue(language, wants === "later"), ownWords?.(language)]);
  // Another one was chosen meanwhile, or more words are wanted.
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
