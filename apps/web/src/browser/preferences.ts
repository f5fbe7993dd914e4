import type { Language } from "@holdfast/protocol/account-settings";
import { makeListeners } from "./listeners.ts";

/** Missing values follow the browser or the language. */
export interface Preferences {
  readonly language?: Language;
  readonly theme?: "light" | "dark";
  readonly direction?: "ltr" | "rtl";
  readonly hours?: "h12" | "h23";
  readonly view?: View;
  /** Choices for folders and lists, by their place, the latest last. */
  readonly views?: readonly (readonly [place: string, view: View])[];
  /** Height of the rows of lists. Default: comfortable. */
  readonly density?: "compact";
  /** Lines wider than the page. Default: wrapped. */
  readonly lines?: "wrapped" | "whole";
  /** MiB per second; undefined: no limit. */
  readonly uploadLimit?: UploadLimit;
}

export type View = (typeof viewsOffered)[number];
const viewsOffered = ["list", "tiles"] as const;
const viewsMax = 200;

export const uploadLimits = ["1", "2", "5", "10", "20"] as const;
export type UploadLimit = (typeof uploadLimits)[number];

const storageKey = "holdfast.preferences";
let current: Preferences = {};
let isKept = false;
const listeners = makeListeners();

export function preferences(): Preferences {
  return current;
}

/** Includes changes in other tabs. */
export const watchPreferences = listeners.add;

/** `undefined` restores the default. */
export function changePreferences(change: {
  readonly [Name in keyof Preferences]?: Preferences[Name] | undefined;
}): void {
  set(readPreferences(JSON.stringify({ ...current, ...change })));
  if (!isKept) return;
  try {
    localStorage.setItem(storageKey, JSON.stringify(current));
  } catch {
    // Storage is full or blocked, so the choice lasts until the page closes.
  }
}

/** Call once, before rendering. Otherwise preferences are not stored. */
export function startPreferences(): void {
  isKept = true;
  set(readPreferences(stored()));
  addEventListener("storage", ({ key, newValue }) => {
    if (key === storageKey) set(readPreferences(newValue));
  });
}

/** Another release may have written the values. */
export function readPreferences(text: string | null): Preferences {
  const fields = parseObject(text);
  const oneOf = <Choice extends string>(name: string, choices: readonly Choice[]) => {
    const choice = choices.find((each) => each === fields[name]);
    return choice === undefined ? {} : { [name]: choice };
  };
  return {
    ...oneOf("language", ["en", "de"]),
    ...oneOf("theme", ["light", "dark"]),
    ...oneOf("direction", ["ltr", "rtl"]),
    ...oneOf("hours", ["h12", "h23"]),
    ...oneOf("view", viewsOffered),
    ...viewsIn(fields["views"]),
    ...oneOf("density", ["compact"]),
    ...oneOf("lines", ["wrapped", "whole"]),
    ...oneOf("uploadLimit", uploadLimits),
  };
}

function viewsIn(value: unknown): Pick<Preferences, "views"> {
  if (!Array.isArray(value)) return {};
  const isChoice = (choice: unknown): choice is [string, View] =>
    Array.isArray(choice) && typeof choice[0] === "string" && viewsOffered.includes(choice[1] as View);
  return { views: value.filter(isChoice).slice(-viewsMax) };
}

function set(preferencesNow: Preferences): void {
  current = preferencesNow;
  const { theme } = current;
  if (theme === undefined) delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  listeners.call();
}

function stored(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

function parseObject(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
