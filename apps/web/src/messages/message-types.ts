/** Text, or one form per plural category, selected by `{count}`. */
export type Words = string | Plural;

export interface Plural {
  readonly one: string;
  readonly other: string;
}

type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

export type Placeholders<Entry extends Words> =
  | (Entry extends string ? NamesIn<Entry> : never)
  | (Entry extends Plural ? "count" | NamesIn<Entry["one"]> | NamesIn<Entry["other"]> : never);

/** Numbers are formatted for the locale. */
export type Values<Entry extends Words> = { readonly [Name in Placeholders<Entry>]: Value<Name> };
type Value<Name extends string> = Name extends "count" ? number : string | number;
