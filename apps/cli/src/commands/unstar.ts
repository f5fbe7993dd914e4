import type { CommandMaker } from "./command.ts";
import { starOrUnstar } from "./star-or-unstar.ts";

export const unstarCommand: CommandMaker = starOrUnstar("unstar", "Remove stars", "unstar /report.odt");
