import type { CommandMaker } from "./command.ts";
import { starOrUnstar } from "./star-or-unstar.ts";

export const unstarCommand: CommandMaker = starOrUnstar("unstar", "Take stars away", "unstar /report.odt");
