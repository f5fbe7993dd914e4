import { executeBugs } from "./execute-bugs.ts";
import type { Bugs } from "./patch.ts";
import { planBugs } from "./plan-bugs.ts";
import { remoteBugs } from "./remote-bugs.ts";
import { scanBugs } from "./scan-bugs.ts";

/** Hunted in `look-and-act.long.test.ts`. */
export const diskBugs = { ...scanBugs, ...executeBugs } satisfies Bugs;
/** Hunted in `plan-and-send.long.test.ts`. */
export const treeBugs = { ...planBugs, ...remoteBugs } satisfies Bugs;

/** Bugs that prove the oracle's power: a test plants each one in a copy of the engine. */
export const plantedBugs = { ...diskBugs, ...treeBugs } satisfies Bugs;

export type PlantedBug = keyof typeof plantedBugs;
