import type { SearchType } from "@holdfast/protocol/search-routes";

export interface SearchFilters {
  readonly type?: string | undefined;
  /** `me`, `others`, or the id of an account. */
  readonly owner?: string | undefined;
  /** Relative to the day of the search, so that a bookmark stays true. */
  readonly modified?: string | undefined;
  readonly in?: string | undefined;
}

export const typeWords = {
  folder: "find.typeFolder",
  file: "find.typeFile",
  image: "find.typeImage",
  document: "find.typeDocument",
  audio: "find.typeAudio",
  video: "find.typeVideo",
} as const satisfies Record<SearchType, string>;

export const timeWords = {
  today: "find.today",
  week: "find.week",
  month: "find.month",
  year: "find.year",
  "last-year": "find.lastYear",
} as const;

/** Returns the filters of an address as the API takes them. Unknown values are dropped. */
export function readFilters({ type, owner, modified, in: inside }: SearchFilters, now: Date) {
  return {
    type: isKey(typeWords, type) ? type : undefined,
    owner,
    modified: isKey(timeWords, modified) ? rangeOf(modified, now) : undefined,
    in: inside,
  };
}

export function isKey<Words extends object>(words: Words, key: string | undefined): key is string & keyof Words {
  return key !== undefined && Object.hasOwn(words, key);
}

/** In local time: a day begins at midnight of the viewer. */
function rangeOf(time: keyof typeof timeWords, now: Date): string {
  const [year, month, day] = [now.getFullYear(), now.getMonth(), now.getDate()];
  const from = {
    today: new Date(year, month, day),
    week: new Date(year, month, day - 6),
    month: new Date(year, month, 1),
    year: new Date(year, 0, 1),
    "last-year": new Date(year - 1, 0, 1),
  }[time];
  const to = time === "last-year" ? new Date(year, 0, 1).toISOString() : "";
  return `${from.toISOString()}..${to}`;
}
