/** Words, or one form for each plural category that the language has; `{count}` decides which. */
export type Words = string | Plural;

export interface Plural {
  readonly one: string;
  readonly other: string;
}

type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** The names that stand in braces, in any form of the words. */
export type Placeholders<Entry extends Words> =
  | (Entry extends string ? NamesIn<Entry> : never)
  | (Entry extends Plural ? "count" | NamesIn<Entry["one"]> | NamesIn<Entry["other"]> : never);

/** A number is written as the user's locale writes it; `count` must be one. */
export type Values<Entry extends Words> = { readonly [Name in Placeholders<Entry>]: Value<Name> };
type Value<Name extends string> = Name extends "count" ? number : string | number;
