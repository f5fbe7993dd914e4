/** Query parameters. Unknown or malformed ones are dropped. */

export const panels = ["details", "versions", "activity", "comments", "sharing"] as const;
export type Panel = (typeof panels)[number];

export interface ListSearch {
  /** Values of the API's `sort`: `name`, `-modified`. */
  readonly sort?: string;
  /** Id shown above the list. */
  readonly open?: string;
  readonly version?: number;
  readonly panel?: Panel;
}

export interface SharedSearch extends ListSearch {
  readonly by?: "me";
}

export interface FindSearch extends ListSearch {
  readonly q?: string;
  readonly in?: string;
  readonly from?: string;
  readonly type?: string;
  readonly owner?: string;
  readonly modified?: string;
}

type Fields = Readonly<Record<string, unknown>>;

export function listSearch(fields: Fields): ListSearch {
  const version = Number(fields["version"]);
  const panel = panels.find((each) => each === fields["panel"]);
  return {
    ...text(fields, "sort"),
    ...text(fields, "open"),
    ...(Number.isSafeInteger(version) && version > 0 ? { version } : {}),
    ...(panel === undefined ? {} : { panel }),
  };
}

export function sharedSearch(fields: Fields): SharedSearch {
  return { ...listSearch(fields), ...(fields["by"] === "me" ? { by: "me" } : {}) };
}

export function findSearch(fields: Fields): FindSearch {
  const known = ["q", "in", "from", "type", "owner", "modified"] as const;
  return Object.assign(listSearch(fields), ...known.map((name) => text(fields, name))) as FindSearch;
}

export function signInSearch(fields: Fields): { readonly next?: string } {
  return text(fields, "next");
}

export function rewindSearch(fields: Fields): { readonly to?: string } {
  return text(fields, "to");
}

/** `?q=007` searches for 007, and an id of digits is no number. */
export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

export function writeSearch(fields: Fields): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string" || typeof value === "number") search.set(name, String(value));
  }
  const written = search.toString();
  return written === "" ? "" : `?${written}`;
}

function text<Name extends string>(fields: Fields, name: Name): { readonly [Key in Name]?: string } {
  const value = fields[name];
  return (typeof value === "string" && value !== "" ? { [name]: value } : {}) as { readonly [Key in Name]?: string };
}
