import { shredAccounts } from "../shred/shred-accounts.ts";
import type { ShredWorld } from "../shred/shred-world.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";

export const shredJobName = "shred";

/** How soon it is found that what a shredding waits for is over. */
const everyMs = 10_000;

/** Brings what was asked for to its end. */
export function shredJob(world: ShredWorld): PeriodicJob {
  return { name: shredJobName, everyMs, run: (signal) => shredAccounts(world, signal) };
}
