import { design } from "./en/design.ts";
import { files } from "./en/files.ts";
import { problem } from "./en/problem.ts";
import { progress } from "./en/progress.ts";
import { session } from "./en/session.ts";
import { shell } from "./en/shell.ts";
import type { enLater } from "./en-later.ts";
import type { Words } from "./message-types.ts";

/** Needed from the first list on. `de.ts` must have the same keys to compile. */
export const en = {
  ...design,
  ...files,
  ...problem,
  ...progress,
  ...session,
  ...shell,
} as const satisfies Record<string, Words>;

export type English = typeof en & typeof enLater;
export type MessageKey = keyof English;

/** Text where English has text, plural forms where English has them. */
type Translated<Part> = {
  readonly [Key in keyof Part]: Part[Key] extends string ? string : { readonly one: string; readonly other: string };
};
export type FirstCatalogue = Translated<typeof en>;
export type LaterCatalogue = Translated<typeof enLater>;
export type Catalogue = Translated<English>;
