import type { CommandMaker } from "./command.ts";
import { starOrUnstar } from "./star-or-unstar.ts";

export const starCommand: CommandMaker = starOrUnstar(
  "star",
  "Star files and folders; only you see your stars",
  "star /photos/2026 /report.odt",
);
