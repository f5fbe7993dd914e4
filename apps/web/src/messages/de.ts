import { design } from "./de/design.ts";
import { files } from "./de/files.ts";
import { problem } from "./de/problem.ts";
import { progress } from "./de/progress.ts";
import { session } from "./de/session.ts";
import { shell } from "./de/shell.ts";
import type { FirstCatalogue } from "./en.ts";

/** Addresses people as "du". */
export const de: FirstCatalogue = {
  ...design,
  ...files,
  ...problem,
  ...progress,
  ...session,
  ...shell,
};
