import { shredAccounts } from "../shred/shred-accounts.ts";
import type { ShredWorld } from "../shred/shred-world.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";

export const shredJobName = "shred";

/** Interval to check if a waiting shred can continue. */
const everyMs = 10_000;

/** Completes requested shreds. */
export function shredJob(world: ShredWorld): PeriodicJob {
  return { name: shredJobName, everyMs, run: (signal) => shredAccounts(world, signal) };
}
